//! 收入分类 (F): fee class × insurance class, every cell filled.

use std::collections::BTreeMap;

use super::cube::slot;
use super::fact::{InsuranceClass, Word};
use super::names::{Dimension, Names};
use super::partial::Partial;
use super::query::Query;
use super::table::{Cell, Holds, Level, Table};
use crate::error::Result;
use crate::money::Net;

/// med_chrgitm_type (domain/hospital.md §2.2).
static CLASSES: [(&str, &str); 14] = [
    ("01", "床位费"),
    ("02", "诊察费"),
    ("03", "检查费"),
    ("04", "化验费"),
    ("05", "治疗费"),
    ("06", "手术费"),
    ("07", "护理费"),
    ("08", "卫生材料费"),
    ("09", "西药费"),
    ("10", "中药饮片"),
    ("11", "中成药费"),
    ("12", "一般诊疗费"),
    ("13", "挂号费"),
    ("14", "其他门诊收费"),
];

/// Is it a fee class of drugs (西药, 中药饮片, 中成药)?
pub(super) fn is_drug(names: &Names, fee: u16) -> bool {
    matches!(names.name(Dimension::Fee, fee), Some("09" | "10" | "11"))
}

pub(super) fn income(partial: &Partial, query: &Query) -> Result<Table> {
    let (names, days, insured) = (&partial.names, query.days(), query.insured());
    let mut table = Table::of(query, partial.until_ms, "按结算日期统计（北京时间），退款计入退款当日");
    table.column("fee_class", "收费类别", Holds::Text);
    table.column("fee_name", "名称", Holds::Text);
    for class in InsuranceClass::ALL {
        let key = serde_json::to_value(class).ok().and_then(|word| word.as_str().map(|word| format!("{word}_fen"))).unwrap_or_default();
        table.column(key, class.label(), Holds::Fen);
    }
    table.column("total_fen", "合计", Holds::Fen);
    let mut matrix: BTreeMap<u16, [Net; InsuranceClass::ALL.len()]> = BTreeMap::new();
    let mut totals = [Net::ZERO; InsuranceClass::ALL.len()];
    for (key, sums) in partial.charges.cells().iter().filter(|(key, _)| days.contains(&u32::from(slot(key, 0))) && insured(slot(key, 5))) {
        let class = usize::from(slot(key, 5));
        let row = matrix.entry(slot(key, 4)).or_default();
        for place in [row.get_mut(class), totals.get_mut(class)].into_iter().flatten() {
            *place += sums.net_fen;
        }
    }
    let row = |labels: [Cell; 2], nets: &[Net]| labels.into_iter().chain(nets.iter().copied().map(Cell::fen)).chain([Cell::fen(nets.iter().copied().sum())]).collect();
    for (fee, nets) in &matrix {
        let code = names.name(Dimension::Fee, *fee).unwrap_or("未知");
        let name = CLASSES.iter().find(|(known, _)| *known == code).map_or(Cell::Blank, |(_, name)| Cell::text(*name));
        table.row(Level::Detail, row([Cell::text(code), name], nets));
    }
    table.row(Level::Total, row([Cell::text("合计"), Cell::Blank], &totals));
    Ok(table)
}
