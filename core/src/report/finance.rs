//! Reports of movements: receipts (A), insurance (D), closing (E). By the day of the settlement or refund; refunds are negative on their own day.

use std::collections::BTreeMap;

use super::cube::{Filling, Movements, Sums, slot};
use super::group::{Axes, Shown, rows};
use super::names::Dimension;
use super::partial::Partial;
use super::query::{Axis, Query};
use super::table::{Cell, Holds, Level, Table};
use crate::error::Result;
use crate::money::Net;

/// What moved, and the cash of each channel by its number.
type OfGroup = (Movements, BTreeMap<u16, Net>);

const BASE: &str = "按结算日期统计（北京时间），退款计入退款当日";

/// How a column is made of the sums.
type Make = fn(&Movements) -> Cell;

fn net(sums: &Movements) -> Net {
    sums.paid_fen - sums.refunded_fen
}

/// Fees are told whole or not at all: what one payment does not tell is not estimated.
fn fee(sums: &Movements) -> Option<i128> {
    (sums.fee_missing == 0).then_some(sums.fee_e6)
}

fn yuan(e6: Option<i128>) -> Cell {
    e6.map_or(Cell::Blank, |e6| Cell::decimal(e6, 6, 2))
}

const PAYMENTS: (&str, &str, Holds, Make) = ("payments", "收款笔数", Holds::Count, |s| Cell::count(s.payments));
const PAID: (&str, &str, Holds, Make) = ("paid_fen", "收款金额", Holds::Fen, |s| Cell::fen(s.paid_fen));
const REFUNDS: (&str, &str, Holds, Make) = ("refunds", "退款笔数", Holds::Count, |s| Cell::count(s.refunds));
const REFUNDED: (&str, &str, Holds, Make) = ("refunded_fen", "退款金额", Holds::Fen, |s| Cell::fen(s.refunded_fen));
const NET: (&str, &str, Holds, Make) = ("net_fen", "净收金额", Holds::Fen, |s| Cell::fen(net(s)));
const FUND: (&str, &str, Holds, Make) = ("fund_fen", "其中统筹", Holds::Fen, |s| Cell::fen(s.fund_fen));
const ACCOUNT: (&str, &str, Holds, Make) = ("account_fen", "其中个账", Holds::Fen, |s| Cell::fen(s.account_fen));
const OTHER: (&str, &str, Holds, Make) = ("other_fen", "其中其他基金", Holds::Fen, |s| Cell::fen(s.other_fen));
const CASH: (&str, &str, Holds, Make) = ("cash_fen", "其中个人现金", Holds::Fen, |s| Cell::fen(s.cash_fen));
const ISSUED: (&str, &str, Holds, Make) = ("issued", "开票张数", Holds::Count, |s| Cell::count(s.issued));
const RED: (&str, &str, Holds, Make) = ("red", "冲红张数", Holds::Count, |s| Cell::count(s.red));
const PENDING: (&str, &str, Holds, Make) = ("pending", "结果未知笔数", Holds::Count, |s| Cell::count(s.pending));

pub(super) fn receipts(partial: &Partial, query: &Query) -> Result<Table> {
    let columns: [(&str, &str, Holds, Make); 14] = [
        PAYMENTS,
        PAID,
        REFUNDS,
        REFUNDED,
        NET,
        FUND,
        ACCOUNT,
        OTHER,
        CASH,
        ("fee", "手续费", Holds::Yuan, |s| yuan(fee(s))),
        ("due", "应到账", Holds::Yuan, |s| yuan(fee(s).map(|fee| s.cash_fen.yuan_e6() - fee))),
        ISSUED,
        RED,
        PENDING,
    ];
    Ok(table(partial, query, &columns, false))
}

pub(super) fn insurance(partial: &Partial, query: &Query) -> Result<Table> {
    let columns: [(&str, &str, Holds, Make); 9] = [
        ("payments", "结算笔数", Holds::Count, |s| Cell::count(s.payments)),
        ("total_fen", "总金额", Holds::Fen, |s| Cell::fen(net(s) + s.hospital_fen)),
        ("fund_fen", "统筹", Holds::Fen, |s| Cell::fen(s.fund_fen)),
        ("other_fen", "其他基金（大病、公务员、救助）", Holds::Fen, |s| Cell::fen(s.other_fen)),
        ("account_fen", "个账", Holds::Fen, |s| Cell::fen(s.account_fen)),
        ("cash_fen", "现金", Holds::Fen, |s| Cell::fen(s.cash_fen)),
        ("hospital_fen", "医院承担", Holds::Fen, |s| Cell::fen(s.hospital_fen)),
        ("refunded_fen", "退费", Holds::Fen, |s| Cell::fen(s.refunded_fen)),
        PENDING,
    ];
    Ok(table(partial, query, &columns, false))
}

pub(super) fn closing(partial: &Partial, query: &Query) -> Result<Table> {
    let columns: [(&str, &str, Holds, Make); 15] = [
        ("total_fen", "应收合计", Holds::Fen, |s| Cell::fen(net(s) + s.hospital_fen + s.discount_fen + s.rounding_fen)),
        PAYMENTS,
        PAID,
        REFUNDS,
        REFUNDED,
        ("discount_fen", "优惠", Holds::Fen, |s| Cell::fen(s.discount_fen)),
        ("rounding_fen", "分币误差", Holds::Fen, |s| Cell::fen(s.rounding_fen)),
        ("hospital_fen", "医院承担", Holds::Fen, |s| Cell::fen(s.hospital_fen)),
        ("received_fen", "实收合计", Holds::Fen, |s| Cell::fen(net(s))),
        ("fund_fen", "统筹", Holds::Fen, |s| Cell::fen(s.fund_fen)),
        ("account_fen", "个账", Holds::Fen, |s| Cell::fen(s.account_fen)),
        ("other_fen", "其他基金", Holds::Fen, |s| Cell::fen(s.other_fen)),
        ISSUED,
        RED,
        PENDING,
    ];
    Ok(table(partial, query, &columns, true))
}

/// The rows of a query; with `pivot`, the cash of each channel in a column of its own (支付方式统计).
fn table(partial: &Partial, query: &Query, columns: &[(&str, &str, Holds, Make)], pivot: bool) -> Table {
    let names = &partial.names;
    let axes = Axes::of(query.axes(), |axis| match axis {
        Axis::Channel => 1,
        Axis::Business => 2,
        Axis::Insurance => 3,
        Axis::ExecDept => 4,
        Axis::OrderDept => 5,
        Axis::Terminal => 6,
        _ => 0,
    });
    let mut table = Table::of(query, partial.until_ms, BASE);
    axes.columns(&mut table);
    columns.iter().for_each(|(key, title, holds, _)| table.column(*key, *title, *holds));
    let wanted = query.movements(names);
    let mut groups: Filling<OfGroup> = Filling::new();
    for (key, sums) in partial.movements.cells().iter().filter(|(key, _)| wanted(key)) {
        groups.add(axes.group(key), |(all, channels)| {
            all.add(sums);
            if pivot {
                *channels.entry(slot(key, 1)).or_default() += sums.cash_fen;
            }
        });
    }
    let channels: std::collections::BTreeSet<u16> = groups.cells().iter().flat_map(|(_, (_, channels))| channels.keys().copied()).collect();
    for channel in &channels {
        let name = names.name(Dimension::Channel, *channel).unwrap_or("未知");
        table.column(format!("channel:{name}"), format!("现金（{name}）"), Holds::Fen);
    }
    let rows: Vec<(Level, Shown, OfGroup)> = rows(&axes, &groups, |into, more| {
        into.0.add(&more.0);
        more.1.iter().for_each(|(channel, cash)| *into.1.entry(*channel).or_default() += *cash);
    });
    for (level, shown, (sums, cash)) in rows {
        let mut cells = axes.labels(&shown, level, names);
        cells.extend(columns.iter().map(|(_, _, _, make)| make(&sums)));
        cells.extend(channels.iter().map(|channel| Cell::fen(cash.get(channel).copied().unwrap_or_default())));
        table.row(level, cells);
        if level == Level::Total {
            table.pending = Some(sums.pending);
        }
    }
    table
}
