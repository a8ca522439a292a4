//! How a step is shown: what was typed comes back in clear only where it has to be corrected, everything else masked
//! (ADR 0016).

use menjie::access::{mask_id_no, mask_name, mask_phone};
use menjie::code::{country, find_code_table};
use menjie::patient::{Field, Record, RecordRow};
use menjie::validate::ValidateResponse;

use super::step::{Ask, By, Step, is_locked};
use crate::pages::texts::Texts;

/// A choice.
pub(super) struct Choice {
    /// The code.
    pub(super) code: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// It is the one.
    pub(super) on: bool,
}

/// A field on the page.
pub(super) struct Shown {
    /// Its name in the form.
    pub(super) name: &'static str,
    /// For labels and messages: the name without dots.
    pub(super) id: String,
    /// What it is called.
    pub(super) label: &'static str,
    /// How it is asked for.
    pub(super) by: By,
    /// So many characters at most.
    pub(super) most: u32,
    /// What stands in it, in clear: empty unless it must be corrected.
    pub(super) value: String,
    /// What is known already, masked.
    pub(super) kept: Option<String>,
    /// What helps to fill it in.
    pub(super) hint: Option<String>,
    /// What may be chosen.
    pub(super) options: Vec<Choice>,
    /// The document says it.
    pub(super) locked: bool,
    /// What is wrong.
    pub(super) problem: Option<String>,
    /// It is the first one that is wrong.
    pub(super) first: bool,
}

impl Shown {
    /// Is it typed with large keys?
    pub(super) fn has_keys(&self) -> bool {
        !self.locked && matches!(self.by, By::Digits | By::Number)
    }

    /// Digits alone?
    pub(super) fn is_digits(&self) -> bool {
        self.by == By::Digits
    }

    /// Chosen from a list?
    pub(super) fn is_list(&self) -> bool {
        self.by == By::List
    }

    /// Does anything stand below it?
    pub(super) fn is_described(&self) -> bool {
        self.problem.is_some() || (self.is_typed() && (self.kept.is_some() || self.hint.is_some()))
    }

    /// The ids of what stands below it.
    pub(super) fn described(&self) -> String {
        let problem = self.problem.is_some().then(|| format!("problem-{}", self.id));
        let hint = (self.is_typed() && (self.kept.is_some() || self.hint.is_some())).then(|| format!("hint-{}", self.id));
        problem.into_iter().chain(hint).collect::<Vec<_>>().join(" ")
    }

    /// Typed?
    pub(super) fn is_typed(&self) -> bool {
        !matches!(self.by, By::Buttons | By::List)
    }
}

/// The fields of a step. `blanks`: say of empty ones that they are; a page that nobody has sent yet does not.
pub(super) fn fields(t: &Texts, step: Step, record: &Record, found: &ValidateResponse, blanks: bool) -> Vec<Shown> {
    let mut first = true;
    let show = |ask: &Ask| {
        let (value, locked) = (ask.value(record), is_locked(found, ask.field));
        let wrong: Vec<&str> = found.errors.iter().filter(|issue| ask.is_meant_by(issue)).map(|issue| issue.text.as_str()).collect();
        let problem = (!wrong.is_empty() && (blanks || !value.is_empty())).then(|| wrong.join("；"));
        let typed = !matches!(ask.by, By::Buttons | By::List);
        // Whoever corrects a number must see it; what is right needs not be seen again.
        let clear = typed && problem.is_some();
        let kept = ((typed && !clear) || locked).then(|| masked(ask.field, &value)).filter(|text| !text.is_empty());
        // Nearly everybody has an identity card; whoever has none says so.
        let usual = matches!(ask.field, Field::IdType | Field::GuardianIdType) && value.is_empty() && !blanks;
        let options = ask.options().into_iter().map(|(code, name)| Choice { code, name, on: code == value || (usual && code == "resident_id") }).collect();
        Shown {
            name: ask.field.path(),
            id: ask.field.path().replace('.', "-"),
            label: ask.field.label(),
            by: ask.by,
            most: ask.most,
            value: if clear { value } else { String::new() },
            kept,
            hint: hint(t, ask.field),
            options,
            locked,
            first: problem.is_some() && std::mem::take(&mut first),
            problem,
        }
    };
    step.asks().iter().map(show).collect()
}

fn hint(t: &Texts, field: Field) -> Option<String> {
    let text = match field {
        Field::Name => &t.first_hint_name,
        Field::BirthDate => &t.first_hint_birth,
        Field::Address => &t.first_hint_address,
        Field::ContactName => &t.first_hint_contact,
        _ => return None,
    };
    Some(text.to_string())
}

/// What the review says of a step: label and masked value.
pub(super) fn rows(step: Step, record: &Record, found: &ValidateResponse) -> Vec<(&'static str, String)> {
    let mut rows: Vec<(&'static str, String)> = step.asks().iter().map(|ask| (ask.field.label(), masked(ask.field, &ask.value(record)))).collect();
    if let (Step::Person, Some(age)) = (step, &found.derived.age) {
        rows.insert(2, ("年龄", age.clone()));
    }
    rows
}

/// A value as others may see it: names of codes, masked names, numbers, phones and addresses; of a birth date the year, because
/// the rest would complete a masked number.
fn masked(field: Field, value: &str) -> String {
    let value = value.trim();
    let name = |table: &str| find_code_table(table).and_then(|table| table.name(value)).unwrap_or(value).to_owned();
    match field {
        _ if value.is_empty() => String::new(),
        Field::Sex => name("sex"),
        Field::Marital => name("marital"),
        Field::Ethnic => name("ethnic"),
        Field::Nationality => country(value).map_or_else(|| value.to_owned(), |country| country.name.to_owned()),
        Field::IdType | Field::GuardianIdType => name("document"),
        Field::PayMethod => name("pay_method"),
        Field::ContactRelation | Field::GuardianRelation => name("relation_group"),
        Field::Name | Field::ContactName | Field::GuardianName => mask_name(value),
        Field::IdNo | Field::GuardianIdNo => mask_id_no(value),
        Field::Phone | Field::GuardianPhone | Field::ContactPhone => mask_phone(value),
        Field::BirthDate => format!("{}年**月**日", value.get(..4).unwrap_or("****")),
        _ => {
            // The place, not the door.
            let seen = (value.chars().count() / 2).min(6);
            value.chars().take(seen).chain("***".chars()).collect()
        }
    }
}

/// The masked name, for the head of the form.
pub(super) fn who(record: &Record) -> Option<String> {
    let name = RecordRow::text(record, Field::Name).trim();
    (!name.is_empty()).then(|| mask_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_in_clear() {
        for (field, value, wanted) in [
            (Field::Name, "张三丰", "张*丰"),
            (Field::IdNo, "440599199003070058", "440***********0058"),
            (Field::Phone, "13800005678", "138****5678"),
            (Field::BirthDate, "1990-03-07", "1990年**月**日"),
            (Field::BirthDate, "昨天", "****年**月**日"),
            (Field::Address, "广东省汕头市龙湖区一号楼101", "广东省汕头市***"),
            (Field::Address, "汕头", "汕***"),
            (Field::Sex, "1", "男"),
            (Field::Nationality, "CHN", "中国"),
            (Field::IdType, "resident_id", "居民身份证"),
            (Field::ContactRelation, "5", "父母"),
            (Field::Phone, " ", ""),
        ] {
            assert_eq!(masked(field, value), wanted);
        }
    }
}
