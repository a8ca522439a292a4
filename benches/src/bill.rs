//! What menjie's patients pay, as pay requests to a peer that has no quote: the first payable bill of each patient, grouped by
//! menjie's own rule, with what its invoice says.

use menjie::bill::{Bill, GroupInput, group};
use menjie::calendar::completed_years;
use menjie::charge::{ChargeLine, Visit};
use menjie::money::Totalling;
use menjie::policy::Grouping;
use menjie_sim::day::{Day, DayPatient};
use serde_json::{Value, json};

use crate::Fallible;

/// One request a visit, in the order of the day's visits; every patient has one visit.
pub fn requests(day: &Day) -> Fallible<Vec<Value>> {
    let mut requests = Vec::with_capacity(day.visits.len());
    let mut rest = day.lines.as_slice();
    for (patient, visit) in day.patients.iter().zip(day.visits.iter().map(|v| &v.visit)) {
        // The day writes its lines visit by visit.
        let (lines, others) = rest.split_at(rest.iter().take_while(|line| line.visit_id == visit.visit_id).count());
        rest = others;
        let grouped = group(&GroupInput { visits: std::slice::from_ref(visit), lines }, &Grouping::default(), Totalling::default())?;
        let bill = grouped.bills.iter().find(|bill| !bill.credit).ok_or("a visit has nothing to pay")?;
        requests.push(request(day, patient, visit, bill));
    }
    Ok(requests)
}

fn request(day: &Day, patient: &DayPatient, visit: &Visit, bill: &Bill) -> Value {
    let reference = |line: &ChargeLine| json!({ "line_id": line.line_id, "version": line.version, "amount": line.amount_fen.to_yuan() });
    let sex = match patient.sex_code.as_str() {
        "1" => "男",
        "2" => "女",
        _ => "未知",
    };
    let age = completed_years(patient.birth_date, day.date).unwrap_or(0);
    json!({
        "key": bill.bill_id,
        "bill": {
            "patient_id": bill.patient_id, "visit_id": bill.visit_id, "dept_code": bill.dept_code,
            "lines": bill.all_lines().map(reference).collect::<Vec<_>>(), "total": bill.total_fen.to_yuan(),
        },
        "payer": filled([
            ("name", Some(patient.name.reveal())), ("sex", Some(sex)), ("age", Some(&format!("{age}岁"))),
            ("id_no", patient.id_no.as_ref().map(|id| id.reveal())), ("phone", patient.phone.as_ref().map(|phone| phone.reveal())),
        ]),
        "visit": { "date": visit.date, "dept_name": visit.dept_name },
        "items": bill.lines.iter().map(item).collect::<Vec<_>>(),
    })
}

fn item(line: &ChargeLine) -> Value {
    let mut item = filled([
        ("line_id", Some(line.line_id.as_str())),
        ("order_no", line.order_no.as_deref()),
        ("fee_class", Some(&line.fee_class.0)),
        ("item_code", Some(&line.item_code)),
        ("item_name", Some(&line.item_name)),
        ("spec", line.spec.as_deref()),
        ("unit", line.unit.as_deref()),
        ("price", Some(&line.price.to_string())),
        ("quantity", Some(&line.quantity.to_string())),
        ("amount", Some(&line.amount_fen.to_yuan())),
    ]);
    if let Value::Object(fields) = &mut item {
        fields.insert("doses".to_owned(), line.doses.into());
    }
    item
}

/// An object of the fields that have a value.
fn filled<const N: usize>(fields: [(&str, Option<&str>); N]) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie_sim::day::{DayPlan, generate};

    #[test]
    fn every_patient_pays_one_bill_that_adds_up() {
        let plan = DayPlan { visits: 60, again_per_mille: 0, insured_per_mille: 0, cancelled_per_mille: 0, free_per_mille: 0, missing_dept_per_mille: 0, ..DayPlan::default() };
        let day = generate(7, &plan).unwrap();
        let requests = requests(&day).unwrap();
        assert_eq!(requests.len(), 60);
        let fen = |value: &Value| value.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
        for (request, patient) in requests.iter().zip(&day.patients) {
            let bill = &request["bill"];
            assert_eq!(bill["patient_id"], json!(patient.patient_id));
            for lines in [&bill["lines"], &request["items"]] {
                let sum: i64 = lines.as_array().unwrap().iter().map(|line| fen(&line["amount"])).sum();
                assert!(sum > 0 && sum == fen(&bill["total"]), "{request}");
            }
        }
    }
}
