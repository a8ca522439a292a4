//! The trade bill (交易账单) as a file: rows for reconciliation, checked against the bill's own summary (domain/payments.md §1.15).
//!
//! Every data cell begins with a back-tick and nothing is quoted, so a line is cut at comma + back-tick: names may hold either
//! of the two. Columns are found by their titles, because ALL, SUCCESS, REFUND and older files have different ones. What was
//! downloaded is verified by its hash before it is read.

use std::borrow::Cow;

use menjie::error::Code;
use menjie::money::{Net, UnitPrice};
use menjie::reconcile::{Direction, Part, Row, RowStatus};
use menjie::{Error, Money, Result, Timestamp};

/// What the bill says of itself in its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillTotals {
    /// Rows (总交易单数).
    pub rows: u64,
    /// Payments (订单总金额; in older files 应结订单总金额 or 总交易额), in fen.
    pub paid: Net,
    /// Refunds (申请退款总金额; in older files 退款总金额).
    pub refunded: Net,
    /// Fees (手续费总金额) × 10^6 yuan.
    pub fee_e6: i64,
}

/// One row of the bill, its texts where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillRow<'a> {
    /// 商户订单号.
    pub out_trade_no: &'a str,
    /// 商户退款单号; empty on a payment.
    pub out_refund_no: &'a str,
    /// 微信订单号, or 微信退款单号 on a refund.
    pub trade_no: &'a str,
    /// Payment or refund.
    pub direction: Direction,
    /// What the payer was charged or gets back, vouchers included.
    pub amount_fen: Money,
    /// How it ended.
    pub status: RowStatus,
    /// 手续费; negative when a refund gives it back.
    pub fee: UnitPrice,
    /// 交易时间, or 退款成功时间 where the file has it.
    pub at: Timestamp,
}

impl BillRow<'_> {
    /// The row as reconciliation takes it.
    pub fn to_row(&self) -> Row {
        Row {
            order_no: self.out_trade_no.to_owned(),
            refund_no: self.out_refund_no.to_owned(),
            trade_no: self.trade_no.to_owned(),
            direction: self.direction,
            part: Part::Cash,
            amount_fen: self.amount_fen,
            status: self.status,
            fee: Some(self.fee),
            at: self.at,
        }
    }
}

/// Does this error of the bill API mean a day without trades? Then the day is reconciled against an empty bill.
pub fn is_empty_day(code: &str) -> bool {
    matches!(code, "NO_STATEMENT_EXIST" | "No Bill Exist")
}

/// All rows of a bill, as reconciliation takes them.
pub fn rows(bill: &[u8], merchant: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    read(bill, merchant, |row| rows.push(row.to_row()))?;
    Ok(rows)
}

/// Reads a bill row by row. A file that is torn, is another merchant's, has another currency, or does not add up to its own
/// summary is an error, whatever its rows said: nothing of it may be used then.
pub fn read<'a>(bill: &'a [u8], merchant: &str, mut each: impl FnMut(BillRow<'a>)) -> Result<BillTotals> {
    let text = std::str::from_utf8(bill).map_err(|_| bad(0, "is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1u32..).zip(text.split('\n')).map(|(at, line)| (at, line.strip_suffix('\r').unwrap_or(line))).filter(|(_, line)| !line.is_empty());
    let (_, titles) = lines.next().ok_or_else(|| bad(1, "has no titles"))?;
    let columns = Columns::of(titles)?;
    let mut sums = BillTotals { rows: 0, paid: Net::ZERO, refunded: Net::ZERO, fee_e6: 0 };
    let mut cells = Vec::with_capacity(columns.count);
    let mut summary_titles = None;
    for (at, line) in lines.by_ref() {
        let Some(data) = line.strip_prefix('`') else {
            summary_titles = Some(line);
            break;
        };
        cells.clear();
        cells.extend(data.split(",`"));
        let row = columns.row(&cells, at, merchant)?;
        sums.rows += 1;
        match row.direction {
            Direction::Pay => sums.paid += row.amount_fen,
            Direction::Refund => sums.refunded += row.amount_fen,
        }
        sums.fee_e6 += row.fee.scaled();
        each(row);
    }
    let titles = summary_titles.ok_or_else(|| bad(0, "ends before its summary"))?;
    let (at, values) = lines.next().ok_or_else(|| bad(0, "ends before its summary"))?;
    let told = summary(titles, values, at)?;
    if lines.next().is_some() {
        return Err(bad(at + 1, "goes on after its summary"));
    }
    let fee_apart = told.fee_e6.abs_diff(sums.fee_e6);
    // Fees have five decimals in the rows and two in the summary.
    if (told.rows, told.paid, told.refunded) != (sums.rows, sums.paid, sums.refunded) || fee_apart > 10_000 {
        return Err(bad(at, "does not add up to its summary"));
    }
    Ok(BillTotals { fee_e6: sums.fee_e6, ..told })
}

/// An error of the file: where, and what is wrong. Cells are never repeated.
fn bad(line: u32, what: &'static str) -> Error {
    Error::new(Code::ChannelAnswer).with("field", format!("line {line}")).with("problem", what)
}

fn bad_cell(line: u32, column: &'static str) -> Error {
    Error::new(Code::ChannelAnswer).with("field", format!("line {line}, {column}")).with("problem", "is missing or not understood")
}

/// Titles with half-width brackets and without blanks.
fn title(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|c: char| c == '`' || c.is_whitespace());
    if text.contains(['（', '）']) { Cow::Owned(text.replace('（', "(").replace('）', ")")) } else { Cow::Borrowed(text) }
}

/// A column that must be there: its title and its place.
#[derive(Clone, Copy)]
struct Column {
    title: &'static str,
    at: usize,
}

/// The first of these titles that the file has.
fn find(titles: &[Cow<'_, str>], wanted: &[&'static str]) -> Option<Column> {
    wanted.iter().find_map(|want| titles.iter().position(|title| title == want).map(|at| Column { title: want, at }))
}

struct Columns {
    count: usize,
    at: Column,
    refunded_at: Option<Column>,
    merchant: Column,
    trade_no: Column,
    out_trade_no: Column,
    state: Column,
    currency: Column,
    paid: Column,
    refund: Option<Refunds>,
    fee: Column,
}

struct Refunds {
    refund_no: Column,
    out_refund_no: Column,
    amount: Column,
    state: Column,
}

impl Columns {
    fn of(line: &str) -> Result<Columns> {
        let titles: Vec<_> = line.split(',').map(title).collect();
        let must = |wanted: &[&'static str]| find(&titles, wanted).ok_or_else(|| bad_cell(1, wanted.first().copied().unwrap_or_default()));
        // SUCCESS has no refunds; when one of their columns is there, all must be.
        let refund = match find(&titles, &["商户退款单号"]) {
            Some(out_refund_no) => {
                Some(Refunds { out_refund_no, refund_no: must(&["微信退款单号"])?, amount: must(&["申请退款金额", "退款金额"])?, state: must(&["退款状态"])? })
            }
            None => None,
        };
        Ok(Columns {
            count: titles.len(),
            at: must(&["交易时间"])?,
            refunded_at: find(&titles, &["退款成功时间"]),
            merchant: must(&["商户号"])?,
            trade_no: must(&["微信订单号"])?,
            out_trade_no: must(&["商户订单号"])?,
            state: must(&["交易状态"])?,
            currency: must(&["货币种类"])?,
            paid: must(&["订单金额", "应结订单金额", "总金额"])?,
            refund,
            fee: must(&["手续费"])?,
        })
    }

    fn row<'a>(&self, cells: &[&'a str], line: u32, merchant: &str) -> Result<BillRow<'a>> {
        if cells.len() != self.count {
            return Err(bad(line, "has another number of cells than titles"));
        }
        let cell = |column: Column| cells.get(column.at).copied().unwrap_or_default();
        let money = |column: Column| Money::from_yuan(cell(column), "amount").ok().filter(|m| !m.is_negative()).ok_or_else(|| bad_cell(line, column.title));
        if cell(self.merchant) != merchant {
            return Err(bad(line, "is another merchant's"));
        }
        if cell(self.currency) != "CNY" {
            return Err(bad(line, "is not in CNY"));
        }
        let given = |column: Column| Some(cell(column)).filter(|text| !text.is_empty() && *text != "0");
        let out_trade_no = given(self.out_trade_no).ok_or_else(|| bad_cell(line, self.out_trade_no.title))?;
        let fee = UnitPrice::parse(cell(self.fee)).map_err(|_| bad_cell(line, self.fee.title))?;
        // Refund rows repeat the order's numbers; a payment has `0` there.
        let refund = self.refund.as_ref().and_then(|refund| Some((refund, given(refund.out_refund_no).or(given(refund.refund_no))?)));
        let Some((refund, _)) = refund else {
            let status = if cell(self.state) == "SUCCESS" { RowStatus::Done } else { RowStatus::Pending };
            let (trade_no, at) = (cell(self.trade_no), time(cell(self.at)).ok_or_else(|| bad_cell(line, self.at.title))?);
            return Ok(BillRow { out_trade_no, out_refund_no: "", trade_no, direction: Direction::Pay, amount_fen: money(self.paid)?, status, fee, at });
        };
        let status = match cell(refund.state) {
            "SUCCESS" => RowStatus::Done,
            "FAIL" | "CHANGE" => RowStatus::Failed,
            // PROCESSING, and whatever nobody has explained: not proven to have moved.
            _ => RowStatus::Pending,
        };
        let at = self.refunded_at.filter(|column| given(*column).is_some()).unwrap_or(self.at);
        Ok(BillRow {
            out_trade_no,
            out_refund_no: given(refund.out_refund_no).unwrap_or_default(),
            trade_no: given(refund.refund_no).unwrap_or_default(),
            direction: Direction::Refund,
            amount_fen: money(refund.amount)?,
            status,
            fee,
            at: time(cell(at)).ok_or_else(|| bad_cell(line, at.title))?,
        })
    }
}

/// `2019-02-19 05:01:46`, Beijing time.
fn time(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once(' ')?;
    Timestamp::parse(&format!("{date}T{clock}+08:00")).ok()
}

fn summary(titles: &str, values: &str, line: u32) -> Result<BillTotals> {
    let titles: Vec<_> = titles.split(',').map(title).collect();
    let values: Vec<&str> = values.strip_prefix('`').unwrap_or(values).split(",`").collect();
    if titles.len() != values.len() {
        return Err(bad(line, "has another number of cells than titles"));
    }
    let number = |wanted: &[&'static str]| {
        let column = find(&titles, wanted).ok_or_else(|| bad_cell(line, wanted.first().copied().unwrap_or_default()))?;
        let text = values.get(column.at).copied().unwrap_or_default();
        UnitPrice::parse(text).map(UnitPrice::scaled).map_err(|_| bad_cell(line, column.title))
    };
    let fen = |e6: i64| if e6 % 10_000 == 0 { Ok(Net::of_fen(e6 / 10_000)) } else { Err(bad(line, "has an amount below a fen")) };
    let rows = number(&["总交易单数"])?;
    Ok(BillTotals {
        rows: u64::try_from(rows / 1_000_000).ok().filter(|_| rows % 1_000_000 == 0).ok_or_else(|| bad_cell(line, "总交易单数"))?,
        paid: fen(number(&["订单总金额", "应结订单总金额", "总交易额"])?)?,
        refunded: fen(number(&["申请退款总金额", "退款总金额", "总退款金额"])?)?,
        fee_e6: number(&["手续费总金额"])?,
    })
}
