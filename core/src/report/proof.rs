//! What must hold of every report: merging is addition, totals are sums, refunds are negative on their own day, people are counted once.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::money::Net;
use crate::{BizDate, Money};

fn request(value: Value) -> RunRequest {
    serde_json::from_value(value).unwrap()
}

fn asked(report: &str, more: Value) -> Value {
    let mut query = json!({"report": report, "from": "2026-01-01", "to": "2026-03-31"});
    query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    query
}

/// A table as JSON, one object a row.
fn rows(table: &Table) -> Vec<Value> {
    let row = |row: &TableRow| {
        let cells = table.columns.iter().zip(&row.cells).map(|(column, cell)| (column.key.clone(), json!(cell)));
        Value::Object(cells.chain([("level".to_owned(), json!(row.level))]).collect())
    };
    assert!(table.rows.iter().all(|row| row.cells.len() == table.columns.len()), "{table:?}");
    table.rows.iter().map(row).collect()
}

fn told(value: Value) -> Vec<Value> {
    rows(&request(value).run().unwrap().tables[0])
}

fn has(row: &Value, wanted: Value) {
    wanted.as_object().unwrap().iter().for_each(|(key, value)| assert_eq!(row[key], *value, "{key} of {row}"));
}

/// domain/hospital.md §6.3.
#[test]
fn the_sample_of_receipts() {
    let paid = |cash: i64, fund: i64, account: i64| json!({"at": "2026-01-05T10:00:00+08:00", "channel": "微信", "business": "outpatient", "cash_fen": cash, "fund_fen": fund, "account_fen": account, "fee": "0.10"});
    let mut back = paid(8987, 0, 0);
    back["event"] = "refund".into();
    back["fee"] = "-0.05".into();
    let movements = json!([paid(2132, 6000, 4000), paid(8987, 0, 0), paid(14500, 0, 0), back, {"at": "2026-01-05T10:00:00+08:00", "channel": "微信", "business": "outpatient", "event": "issue"}]);
    let rows = told(json!({"movements": movements, "queries": [asked("receipts", json!({}))]}));
    let wanted = json!({"payments": 3, "paid_fen": 35619, "refunds": 1, "refunded_fen": 8987, "net_fen": 26632, "fund_fen": 6000, "account_fen": 4000, "other_fen": 0, "cash_fen": 16632,
        "fee": "0.25", "due": "166.07", "issued": 1, "red": 0, "pending": 0});
    has(&rows[0], json!({"day": "2026-01-05", "channel": "微信", "business": "门诊", "level": "detail"}));
    rows.iter().for_each(|row| has(row, wanted.clone()));
    assert_eq!(rows.iter().map(|row| row["level"].as_str().unwrap()).collect::<Vec<_>>(), ["detail", "subtotal", "subtotal", "total"]);
    has(&rows[3], json!({"day": "合计", "channel": null, "business": null}));
}

#[test]
fn a_refund_is_negative_on_its_own_day_and_a_fee_that_is_not_told_is_blank() {
    let row = |event: &str, at: &str, fee: Value| json!({"at": at, "event": event, "cash_fen": 500, "fee": fee});
    // 00:30 in UTC+8 is the day before in UTC.
    let movements = json!([
        row("pay", "2026-01-31T23:59:59.999+08:00", "0.01".into()),
        row("refund", "2026-02-01T00:30:00+08:00", Value::Null),
        row("pending", "2026-02-01T01:00:00+08:00", Value::Null)
    ]);
    let rows = told(json!({"movements": movements, "queries": [asked("receipts", json!({"by": ["month"]}))]}));
    has(&rows[0], json!({"month": "2026-01", "net_fen": 500, "cash_fen": 500, "fee": "0.01", "due": "4.99"}));
    has(&rows[1], json!({"month": "2026-02", "payments": 0, "refunds": 1, "refunded_fen": 500, "net_fen": -500, "cash_fen": -500, "fee": null, "due": null, "pending": 1}));
    has(&rows[2], json!({"net_fen": 0, "fee": null}));
}

#[test]
fn patients_are_counted_once_and_check_ups_are_no_visits() {
    let visit = |day: &str, dept: &str, patient: Value, kind: &str| json!({"at": format!("{day}T09:00:00+08:00"), "state": "seen", "kind": kind, "dept": dept, "patient": patient, "course": "return", "insurance": "employee"});
    let visits = json!([
        visit("2026-01-05", "D1", "P1".into(), "outpatient"), visit("2026-01-05", "D2", "P1".into(), "outpatient"), visit("2026-01-06", "D1", "P1".into(), "emergency"),
        visit("2026-01-06", "D1", Value::Null, "outpatient"), visit("2026-01-06", "D1", "P9".into(), "check_up"),
        {"at": "2026-01-06T09:00:00+08:00", "state": "cancelled", "dept": "D1", "appointment": true}, {"at": "2026-01-06T09:00:00+08:00", "state": "no_show", "dept": "D1", "appointment": true}
    ]);
    let charge =
        |day: &str, event: &str, class: &str, fen: i64| json!({"at": format!("{day}T09:00:00+08:00"), "event": event, "order_dept": "D1", "fee_class": class, "amount_fen": fen});
    let charges = json!([charge("2026-01-06", "pay", "09", 1000), charge("2026-01-06", "pay", "04", 601), charge("2026-01-06", "refund", "09", 100)]);
    let rows = told(json!({"visits": visits, "charges": charges, "queries": [asked("volume", json!({"by": ["day", "dept"]}))]}));
    has(&rows[0], json!({"day": "2026-01-05", "dept": "D1", "visits": 1, "patients": 1, "income_fen": 0, "per_visit_fen": 0, "drug_share": null, "period_on_period": null}));
    has(
        &rows[2],
        json!({"day": "2026-01-06", "dept": "D1", "registered": 4, "cancelled": 1, "kept": 3, "appointments": 1, "missed": 1, "visits": 2, "emergencies": 1, "returns": 2, "patients": 2,
        "insured": 2, "self_pay": 0, "income_fen": 1501, "drug_fen": 900, "per_visit_fen": 751, "drug_share": "59.96", "appointment_share": "33.33", "period_on_period": "100.00", "year_on_year": null}),
    );
    has(rows.last().unwrap(), json!({"level": "total", "visits": 4, "patients": 2, "kept": 5}));
}

#[test]
fn ages_change_on_birthdays_and_what_is_not_known_is_a_row() {
    let visit = |birth: Value| json!({"at": "2026-03-01T00:10:00+08:00", "state": "seen", "birth_date": birth, "sex": "male", "insurance": "self_pay"});
    // Five on the day itself; a birthday of 29 February comes on 1 March; born after the visit is not known.
    let visits = json!([visit("2021-03-01".into()), visit("2021-03-02".into()), visit("2024-02-29".into()), visit("2026-03-02".into()), visit(Value::Null)]);
    let query = asked("ages", json!({"min_cell": 0, "bands": [0, 2, 5]}));
    let rows = told(json!({"visits": visits, "queries": [query]}));
    let shown: Vec<(String, i64)> = rows.iter().map(|row| (row["band"].as_str().unwrap().to_owned(), row["male_self_pay"].as_i64().unwrap())).collect();
    assert_eq!(shown, [("0–1".to_owned(), 0), ("2–4".to_owned(), 2), ("≥5".to_owned(), 1), ("未知".to_owned(), 2), ("合计".to_owned(), 5)]);
}

#[test]
fn diseases_are_ranked_merged_and_hidden() {
    let mut visits = Vec::new();
    for (code, people) in [("F20.900", 9), ("F32.1", 7), ("F99", 2), ("G47.0", 6), ("不详", 8)] {
        for person in 0..people {
            let sex = if person % 2 == 0 { "male" } else { "female" };
            visits
                .push(json!({"at": "2026-01-05T09:00:00+08:00", "state": "seen", "diagnosis": code, "patient": format!("{code}{person}"), "sex": sex, "birth_date": "2000-01-01"}));
        }
    }
    let open = told(json!({"visits": visits, "queries": [asked("diseases", json!({"min_cell": 1}))]}));
    let names: Vec<&str> = open.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["精神分裂症", "抑郁发作", "睡眠障碍", "", "未编码", "合计"]);
    has(&open[0], json!({"rank": 1, "code": "F20", "visits": 9, "patients": 9, "share": "28.13", "male": 5, "female": 4, "unknown": 0, "mean_age": "26.0"}));
    has(&open[5], json!({"visits": 32, "patients": 32, "share": "100.00"}));

    // The two of F99 are among the rest, with the next ones until they are enough or hidden.
    let closed = told(json!({"visits": visits, "queries": [asked("diseases", json!({"top": 2}))]}));
    assert_eq!(closed.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(), ["精神分裂症", "抑郁发作", "其他", "未编码", "合计"]);
    has(&closed[2], json!({"visits": 8}));
    for row in &closed {
        for sex in ["male", "female", "unknown"] {
            assert!(!matches!(row[sex].as_i64(), Some(1..5)), "{row}");
        }
    }
    let blocks = told(json!({"visits": visits, "queries": [asked("diseases", json!({"level": "block", "min_cell": 0}))]}));
    has(&blocks[0], json!({"code": "F20–F29"}));
    let chapters = told(json!({"visits": visits, "queries": [asked("diseases", json!({"level": "chapter", "min_cell": 0}))]}));
    has(&chapters[0], json!({"code": "V", "visits": 18}));
}

#[test]
fn refund_requests_and_the_income_matrix() {
    let asked_for = |reason: &str, outcome: &str, doctor: Value| json!({"at": "2026-01-05T09:00:00+08:00", "dept": "D1", "reason": reason, "outcome": outcome, "amount_fen": 100, "doctor_minutes": doctor});
    let refunds = json!([asked_for("多开", "done", 30.into()), asked_for("多开", "cross_month", 61.into()), asked_for("多开", "refused", Value::Null)]);
    let rows = told(json!({"refunds": refunds, "queries": [asked("refunds", json!({}))]}));
    has(
        &rows[0],
        json!({"dept": "D1", "reason": "多开", "requests": 3, "amount_fen": 300, "done": 1, "done_fen": 100, "refused": 1, "cross_month": 1, "doctor_hours": "0.76", "unconfirm_hours": null}),
    );
    let charges = json!([{"at": "2026-01-05T09:00:00+08:00", "fee_class": "09", "insurance": "employee", "amount_fen": 7}, {"at": "2026-01-05T09:00:00+08:00", "amount_fen": 5}]);
    let rows = told(json!({"charges": charges, "queries": [asked("income", json!({}))]}));
    has(&rows[0], json!({"fee_class": "未知", "unknown_fen": 5, "employee_fen": 0, "total_fen": 5}));
    has(&rows[1], json!({"fee_class": "09", "fee_name": "西药费", "employee_fen": 7, "total_fen": 7}));
    has(&rows[2], json!({"fee_class": "合计", "total_fen": 12}));
}

#[test]
fn closing_shows_each_channel_and_what_was_charged() {
    let row = |channel: &str, cash: i64, more: Value| {
        let mut row = json!({"at": "2026-01-05T09:00:00+08:00", "channel": channel, "terminal": "T1", "cash_fen": cash});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let movements =
        json!([row("微信", 1000, json!({"discount_fen": 50, "rounding_fen": -8})), row("现金", 12130, json!({"rounding_fen": 2})), row("微信", 800, json!({"event": "refund"}))]);
    let rows = told(json!({"movements": movements, "queries": [asked("closing", json!({}))]}));
    has(&rows[0], json!({"terminal": "T1", "total_fen": 12374, "received_fen": 12330, "discount_fen": 50, "rounding_fen": -6, "channel:微信": 200, "channel:现金": 12130}));
}

#[test]
fn a_partial_is_kept_under_a_key_only_and_merged_under_the_same() {
    let visits = json!([{"at": "2026-01-05T09:00:00+08:00", "state": "seen", "patient": "P1"}]);
    let keep = |key: Value, partials: Value| request(json!({"visits": visits, "patient_key": key, "keep": true, "partials": partials})).run();
    let field = |error: crate::Error| error.context().find(|(key, _)| *key == "field").unwrap().1.to_owned();
    assert_eq!(field(keep(Value::Null, json!([])).unwrap_err()), "patient_key");
    assert_eq!(field(keep("00".into(), json!([])).unwrap_err()), "patient_key");
    let (one, two) = ("11".repeat(16), "22".repeat(16));
    let partial = keep(one.clone().into(), json!([])).unwrap().partial.unwrap();
    let text = serde_json::to_string(&partial).unwrap();
    assert!(!text.contains("P1"), "{text}");
    assert_eq!(field(keep(two.into(), json!([partial])).unwrap_err()), "partials[0].key_check");
    let both = keep(one.into(), json!([partial])).unwrap().partial.unwrap();
    // Without facts of its own a request needs no key.
    let query = Query::new(ReportName::Volume, BizDate::parse("2026-01-01").unwrap(), BizDate::parse("2026-01-31").unwrap());
    let total = request(json!({"partials": [both], "queries": [query]})).run().unwrap();
    has(rows(&total.tables[0]).last().unwrap(), json!({"visits": 2, "patients": 1}));
    for broken in [text.replace("\"version\":1", "\"version\":2"), text.replace("\"names\":[", "\"names\":[[\"b\",\"a\"],"), text.replace("\"until_ms\"", "\"x\"")] {
        assert!(serde_json::from_str::<Partial>(&broken).is_err(), "{broken}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let field = |value: Value| request(value).run().unwrap_err().context().find(|(key, _)| *key == "field").unwrap().1.to_owned();
    let at = "2026-01-05T09:00:00+08:00";
    assert_eq!(field(json!({"movements": [{"at": at}, {"at": at, "fund_fen": -1}]})), "movements[1].fund_fen");
    assert_eq!(field(json!({"movements": [{"at": at, "event": "red", "cash_fen": 1}]})), "movements[0].event");
    assert_eq!(field(json!({"charges": [{"at": at, "event": "issue"}]})), "charges[0].event");
    assert_eq!(field(json!({"visits": [{"at": "2199-01-01T00:00:00+08:00"}]})), "visits[0].at");
    for (query, wrong) in [
        (asked("receipts", json!({"by": ["dept"]})), "by"),
        (asked("receipts", json!({"by": ["day", "month"]})), "by"),
        (asked("ages", json!({"bands": [5]})), "bands"),
        (asked("diseases", json!({"top": 0})), "top"),
        (json!({"report": "income", "from": "2026-01-02", "to": "2026-01-01"}), "to"),
    ] {
        assert_eq!(field(json!({"queries": [query]})), format!("queries[0].{wrong}"));
    }
    let facts = Facts { movements: MovementColumns { at: vec![0, 1].into(), cash_fen: vec![1].into(), ..MovementColumns::default() }, ..Facts::default() };
    assert!(fold(&facts, &PatientKey::none().unwrap()).is_err());
}

/// Facts of every kind, with holes.
fn any_facts() -> impl Strategy<Value = RunRequest> {
    let words = |words: &'static [&'static str]| prop::sample::select(words);
    let optional = |words: &'static [&'static str]| prop::option::of(prop::sample::select(words));
    let at = || (0..70i64, 0..86_400i64).prop_map(|(day, second)| crate::Timestamp::from_millis(1_767_196_800_000 + day * 86_400_000 + second * 1000));
    let movement = (
        at(),
        words(&["pay", "pay", "refund", "issue", "red", "pending"]),
        optional(&["微信", "支付宝", "银联"]),
        optional(&["D1", "D2", ""]),
        0..900i64,
        words(&["unknown", "employee", "self_pay"]),
        any::<bool>(),
    );
    let movement = movement.prop_map(|(at, event, channel, dept, fen, insurance, fee)| {
        let paper = ["issue", "red"].contains(&event);
        let fen = if paper { 0 } else { fen };
        json!({"at": at, "event": event, "channel": channel, "exec_dept": dept, "order_dept": channel.map(|_| "D2"), "terminal": dept, "cash_fen": fen, "fund_fen": fen / 3, "insurance": insurance,
            "business": if fee { "registration" } else { "outpatient" }, "fee": (fee && !paper).then_some("0.01")})
    });
    let visit = (
        at(),
        words(&["seen", "seen", "seen", "registered", "cancelled", "no_show"]),
        optional(&["D1", "D2"]),
        prop::option::of(0..6u32),
        optional(&["F20.9", "F32", "G47", "x"]),
        words(&["male", "female", "unknown"]),
        any::<bool>(),
    );
    let visit = visit.prop_map(|(at, state, dept, patient, diagnosis, sex, flag)| {
        json!({"at": at, "state": state, "dept": dept, "doctor": flag.then_some("医生"), "patient": patient.map(|patient| format!("P{patient}")), "diagnosis": diagnosis, "sex": sex,
            "birth_date": patient.map(|patient| format!("20{:02}-02-28", patient * 5)), "course": if flag { "first" } else { "unknown" }, "insurance": if flag { "resident" } else { "self_pay" }, "appointment": flag})
    });
    let charge = (at(), words(&["pay", "pay", "refund"]), optional(&["D1", "D2"]), optional(&["09", "04", "自定"]), 0..900i64);
    let charge = charge.prop_map(|(at, event, dept, class, fen)| json!({"at": at, "event": event, "order_dept": dept, "exec_dept": dept, "fee_class": class, "amount_fen": fen}));
    let refund = (at(), optional(&["D1", "D3"]), optional(&["多开", "过敏"]), words(&["open", "done", "refused", "cross_month"]), prop::option::of(0..5000u32));
    let refund =
        refund.prop_map(|(at, dept, reason, outcome, minutes)| json!({"at": at, "dept": dept, "reason": reason, "outcome": outcome, "amount_fen": 7, "finance_minutes": minutes}));
    let many = |of: BoxedStrategy<Value>| prop::collection::vec(of, 0..14);
    (many(movement.boxed()), many(visit.boxed()), many(charge.boxed()), many(refund.boxed())).prop_map(|(movements, visits, charges, refunds)| {
        request(json!({"movements": movements, "visits": visits, "charges": charges, "refunds": refunds, "patient_key": "ab".repeat(16), "keep": true}))
    })
}

fn queries() -> Vec<Query> {
    let by = |report, axes: &[Axis]| Query { by: axes.to_vec(), ..Query::new(report, BizDate::parse("2026-01-03").unwrap(), BizDate::parse("2026-03-05").unwrap()) };
    use Axis::{Channel, Day, Dept, ExecDept, Insurance, Month, Terminal, Week};
    let mut queries = vec![
        by(ReportName::Receipts, &[]),
        by(ReportName::Receipts, &[Month]),
        by(ReportName::Receipts, &[ExecDept, Channel]),
        by(ReportName::Insurance, &[]),
        by(ReportName::Insurance, &[Week, Insurance]),
        by(ReportName::Closing, &[]),
        by(ReportName::Closing, &[Day, Terminal]),
        by(ReportName::Volume, &[]),
        by(ReportName::Volume, &[Month, Dept]),
        by(ReportName::Income, &[]),
        by(ReportName::Refunds, &[]),
        by(ReportName::Ages, &[]),
        by(ReportName::Diseases, &[]),
    ];
    queries.push(Query { min_cell: 0, ..by(ReportName::Ages, &[]) });
    queries.push(Query { min_cell: 0, top: 1, level: DiseaseLevel::Block, ..by(ReportName::Diseases, &[]) });
    queries
}

/// Columns that are added up over the details.
fn adds_up(report: ReportName, column: &Column) -> bool {
    let whole = matches!(column.holds, Holds::Count | Holds::Fen);
    whole && !["patients", "per_visit_fen", "rank"].contains(&column.key.as_str()) && !(report == ReportName::Diseases && column.key == "code")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any split, any order: the same partial, and it survives being written.
    #[test]
    fn merging_is_addition(facts in any_facts(), place in prop::collection::vec(0..3usize, 56)) {
        let whole = facts.run().unwrap().partial.unwrap();
        let part = |wanted: usize| {
            let mut next = place.iter().cycle();
            let mut mine = || next.next() == Some(&wanted);
            let mut part = facts.clone();
            part.movements.retain(|_| mine());
            part.visits.retain(|_| mine());
            part.charges.retain(|_| mine());
            part.refunds.retain(|_| mine());
            part.movements.reverse();
            part.visits.reverse();
            part.run().unwrap().partial.unwrap()
        };
        let [a, b, c] = [part(0), part(1), part(2)];
        let left = a.merge(&b).unwrap().merge(&c).unwrap();
        let right = c.merge(&b).unwrap();
        prop_assert_eq!(&left, &whole);
        prop_assert_eq!(&a.merge(&right).unwrap(), &whole);
        let written = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Partial>(&written).unwrap(), &whole);
        prop_assert_eq!(serde_json::to_string(&left).unwrap(), written);
    }

    /// The rows add up to the total, whatever is not known; hidden numbers are the only exception, and with them nothing small is told.
    #[test]
    fn totals_are_the_sums_of_the_rows(facts in any_facts()) {
        let partial = facts.run().unwrap().partial.unwrap();
        for query in queries() {
            let table = finish(&partial, &query).unwrap();
            for (at, column) in table.columns.iter().enumerate().filter(|(_, column)| adds_up(query.report, column)) {
                let number = |row: &TableRow| match &row.cells[at] { Cell::Number(number) => Some(*number), _ => None };
                let details: Option<Vec<i64>> = table.rows.iter().filter(|row| row.level == Level::Detail).map(number).collect();
                if let (Some(details), Some(total)) = (details, table.rows.last().and_then(number)) {
                    prop_assert_eq!(details.iter().sum::<i64>(), total, "{} of {:?}", column.key, table.title);
                } else {
                    prop_assert!(query.min_cell > 1);
                }
                if query.min_cell > 1 && matches!(query.report, ReportName::Ages | ReportName::Diseases) && column.key != "rank" {
                    prop_assert!(table.rows.iter().filter_map(number).all(|number| !(1..5).contains(&number)), "{:?}", table);
                }
            }
        }
        let moved = |row: &MovementFact| match row.event {
            Event::Pay | Event::Refund => [row.cash_fen, row.fund_fen].map(|part| part.signed(row.event == Event::Refund)),
            Event::Issue | Event::Red | Event::Pending => [Money::ZERO; 2],
        };
        let net: Net = facts.movements.iter().flat_map(moved).sum();
        let mut query = Query::new(ReportName::Receipts, BizDate::parse("2025-12-01").unwrap(), BizDate::parse("2026-12-31").unwrap());
        query.by = vec![Axis::Channel];
        let table = finish(&partial, &query).unwrap();
        has(rows(&table).last().unwrap(), json!({"net_fen": net}));
        prop_assert_eq!(table.pending, Some(facts.movements.iter().filter(|row| row.event == Event::Pending).count() as u64));
    }
}
