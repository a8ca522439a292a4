//! B4: seeded records of first visits, as JSON: fourteen fields, people made up.

use menjie::patient::upgrade_15;
use serde_json::{Value, json};

use crate::Fallible;
use crate::lines::Rng;

const SURNAMES: [&str; 8] = ["陈", "林", "黄", "张", "郑", "蔡", "欧阳", "买买提·"];
const GIVEN: [&str; 8] = ["测安", "测平", "测明", "测芳", "测", "测宁", "测和", "测远"];

/// A record without a fault.
pub fn valid(rng: &mut Rng) -> Fallible<Value> {
    let pick = |list: &[&str; 8], at: u64| list.get(at as usize % 8).copied().unwrap_or_default().to_owned();
    let (year, month, day, serial) = (50 + rng.below(40), 1 + rng.below(12), 1 + rng.below(28), rng.below(1_000));
    let id_no = upgrade_15(&format!("440507{year}{month:02}{day:02}{serial:03}")).ok_or("fifteen digits")?;
    let male = serial % 2 == 1;
    Ok(json!({
        "name": pick(&SURNAMES, rng.below(8)) + &pick(&GIVEN, rng.below(8)),
        "sex": if male { "1" } else { "2" },
        "birth_date": format!("19{year}-{month:02}-{day:02}"),
        "nationality": "CHN",
        "marital": "20",
        "ethnic": "01",
        "id_type": "01",
        "id_no": id_no,
        "address": format!("广东省汕头市龙湖区测试路{}号{}房", 1 + rng.below(200), 101 + rng.below(900)),
        "phone": format!("139{:08}", rng.below(100_000_000)),
        "contact_name": "许".to_owned() + &pick(&GIVEN, rng.below(8)),
        "contact_relation": if male { "12" } else { "11" },
        "contact_phone": format!("138{:08}", rng.below(100_000_000)),
        "pay_method": "7",
    }))
}

/// The same with three errors that a schema sees too.
pub fn wrong(mut record: Value) -> Value {
    if let Some(fields) = record.as_object_mut() {
        fields.insert("sex".to_owned(), "男".into());
        fields.insert("marital".to_owned(), "2".into());
        fields.insert("phone".to_owned(), "1390000000".into());
    }
    record
}
