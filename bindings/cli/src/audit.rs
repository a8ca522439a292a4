//! `menjie audit`: the invariants that are visible at rest, over any store.

use std::path::PathBuf;

use clap::ArgMatches;
use menjie::Money;
use menjie::ident::HospitalId;
use menjie::service::{AuditReport, Violation, audit_store};
use menjie_bridge::build;
use menjie_bridge::config::StoreConfig;

use crate::exit::{Exit, Stop};
use crate::output::line;
use crate::words::Words;

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let path = |name: &str| given.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    let hospital = HospitalId::new(given.get_one::<String>("hospital").map_or("", String::as_str)).map_err(|e| Stop::usage(e.to_string()))?;
    let config = StoreConfig { path: path("db"), keys: path("keys"), readers: 1 };
    if !config.path.is_file() {
        return Err(Stop::usage(format!("{} is not a file", config.path.display())));
    }
    let store = build::open_store(&config).map_err(|problem| Stop::failure(problem.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| Stop::failure(format!("no runtime: {}", e.kind())))?;
    let failed = |e: menjie::port::StoreError| Stop::failure(e.to_string());
    let mut report = runtime.block_on(audit_store(store.as_ref(), &hospital)).map_err(failed)?;
    let damage = runtime.block_on(store.check()).map_err(failed)?;
    report.violations.extend(damage.into_iter().map(|what| Violation { invariant: "store".to_owned(), at: "file".to_owned(), what }));
    if given.get_flag("json") {
        line(&serde_json::to_string(&report).map_err(|_| Stop::failure("the report cannot be written"))?)?;
    } else {
        table(&report, words).iter().try_for_each(|row| line(row))?;
    }
    Ok(if report.violations.is_empty() { Exit::Done } else { Exit::Refused })
}

fn table(report: &AuditReport, words: Words) -> Vec<String> {
    let t = |english, chinese| words.pick(english, chinese);
    let yuan = |fen: i64| Money::from_fen(fen).map_or_else(|_| format!("{fen} fen"), Money::to_yuan);
    let mut rows: Vec<String> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(format!("{value:>16}  {name}"));
    row(t("machines", "单据"), report.machines.to_string());
    row(t("journals", "凭证"), report.journals.to_string());
    row(t("payments under way", "进行中的支付单"), report.under_way.to_string());
    row(t("machines that need a person", "待人工处理"), report.attention.to_string());
    report.states.iter().for_each(|(state, count)| row(state, count.to_string()));
    let figures = report.figures;
    row(t("settlements booked in HIS", "HIS 已入账结算单"), figures.settlements.to_string());
    row(t("HIS, yuan", "HIS 金额（元）"), yuan(figures.his_fen));
    row(t("channel, yuan", "渠道金额（元）"), yuan(figures.channel_fen));
    row(t("insurer, yuan", "医保金额（元）"), yuan(figures.insurer_fen));
    row(t("invoices, yuan", "票据金额（元）"), yuan(figures.invoices_fen));
    row(t("ledger, yuan", "账簿金额（元）"), yuan(figures.ledger_fen));
    row(t("violations", "违规"), report.violations.len().to_string());
    rows.extend(report.violations.iter().map(|v| format!("  {} {}: {}", v.invariant, v.at, v.what)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_stand_at_the_end_of_the_table() {
        let mut report = AuditReport { machines: 3, ..AuditReport::default() };
        report.figures.his_fen = 12_345;
        report.violations.push(Violation { invariant: "I2".to_owned(), at: "P0001".to_owned(), what: "suspense is not zero".to_owned() });
        let rows = table(&report, Words::English);
        assert!(rows.iter().any(|row| row.ends_with("123.45  HIS, yuan")), "{rows:?}");
        assert_eq!(rows.last().unwrap(), "  I2 P0001: suspense is not zero");
        assert!(table(&report, Words::Chinese).iter().any(|row| row.ends_with("1  违规")));
    }
}
