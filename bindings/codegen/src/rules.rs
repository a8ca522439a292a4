//! docs/rules.md and docs/codes.md: what validation may find, and which code tables and mappings there are.

use menjie::code::{CodeMap, code_maps, code_tables};
use menjie::validate::{Reason, Rule, Severity};

const AREAS: [(&str, &str, &str); 3] = [
    ("REG", "First-visit records", "[patient.validate](contract/patient.validate.md), [patient.validate_batch](contract/patient.validate_batch.md); domain/hospital.md §1.12"),
    ("CHG", "Charge lines", "[charge.validate](contract/charge.validate.md); domain/hospital.md §2"),
    ("INS", "Insurance uploads", "[insurance.validate](contract/insurance.validate.md); domain/medins.md §2.1, §8"),
];

pub(crate) fn rules() -> String {
    let mut text = String::from(
        "# Rules of validation\n\nAn issue is `{\"path\", \"rule\", \"code\", \"severity\", \"text\"}`. Rules and numbers are stable and never reused; an issue is data, not an error. Every rule is \
         looked at, errors and warnings come apart, and the text holds an offending value masked only. A circle (○) marks a warning.\n",
    );
    for (area, title, source) in AREAS {
        text.push_str(&format!("\n## {title}\n\n{source}\n\n| rule | code | told (after the field's label) |\n|---|---:|---|\n"));
        for rule in Rule::ALL.iter().filter(|rule| rule.name().starts_with(area)) {
            let told: Vec<String> = Reason::ALL.iter().filter(|reason| reason.rule() == *rule).map(|reason| told(*reason)).collect();
            text.push_str(&format!("| {} | {} | {} |\n", rule.name(), rule.number(), told.join("<br>")));
        }
    }
    text
}

fn told(reason: Reason) -> String {
    format!("{}{}", if reason.severity() == Severity::Warning { "○ " } else { "" }, reason.text())
}

pub(crate) fn codes() -> String {
    let mut text = String::from(
        "# Code tables\n\nAsked for with [code.list](contract/code.list.md), [code.lookup](contract/code.lookup.md) and [code.map](contract/code.map.md). Each is a file below \
         `core/src/code/data` with its source in its head. An open set may hold codes that the table does not have; they are kept as they are.\n\n\
         | table | 名称 | entries | open |\n|---|---|---:|---|\n",
    );
    for table in code_tables() {
        text.push_str(&format!("| `{}` | {} | {} | {} |\n", table.key(), table.title(), table.iter().count(), if table.is_open() { "yes" } else { "" }));
    }
    text.push_str(
        "\n## Mappings\n\nWhat other systems write. Every code of ours is mapped, or refused with a reason. *Lossless*: every code comes back as itself.\n\n\
         | mapping | 名称 | of table | lossless |\n|---|---|---|---|\n",
    );
    for map in code_maps() {
        let table = map.table().map_or_else(String::new, |table| format!("`{}`", table.key()));
        text.push_str(&format!("| `{}` | {} | {table} | {} |\n", map.key(), map.title(), lossless(map)));
    }
    text
}

fn lossless(map: &CodeMap) -> &'static str {
    if map.is_lossless() { "yes" } else { "" }
}
