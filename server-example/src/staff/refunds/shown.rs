//! A refund as its page shows it: texts and amounts, nothing in clear.

use menjie::Timestamp;
use menjie::access::Private;
use menjie::payment::Amounts;
use menjie::refund::ReasonShown;
use menjie::service::{CaseLine, CaseMoney, CaseMonth, LineState, RefundCase, RefundEntry, RefundStep, StepState};

use super::ago;
use super::words::{channel, hangs, invoice, line, why};
use crate::pages::shown::yuan;

/// A refund.
pub struct Shown {
    /// Its number.
    pub number: String,
    /// How it stands, and what comes next.
    pub text: String,
    /// What comes next.
    pub next: String,
    /// The patient, masked.
    pub patient: String,
    /// Day of the visit.
    pub visit_date: String,
    /// Its department.
    pub visit_dept: String,
    /// When it was asked for, and how long ago.
    pub asked: String,
    /// Why.
    pub why: &'static str,
    /// What the patient wrote.
    pub note: Option<Private>,
    /// What the patient is asked and has not answered, and since when.
    pub question: Option<(String, Private)>,
    /// All of the settlement, or a part.
    pub whole: bool,
    /// What goes back.
    pub amount: String,
    /// The items.
    pub lines: Vec<Line>,
    /// HIS answered just now.
    pub live: bool,
    /// Nothing has moved yet, so how everything stands still matters.
    pub before: bool,
    /// Departments that must take back: name, and how far.
    pub departments: Vec<(String, &'static str)>,
    /// What the rule says against it.
    pub findings: Vec<ReasonShown>,
    /// Nothing was found although everything was asked.
    pub clean: bool,
    /// The month of the insurer's settlement.
    pub month: Option<Month>,
    /// The parts of the money.
    pub parts: Vec<Part>,
    /// The payment it belongs to.
    pub payment: Vec<(&'static str, String)>,
    /// The invoice: ours, and as the platform tells it.
    pub invoice: String,
    /// Its number.
    pub bill_no: Option<String>,
    /// The plan.
    pub steps: Vec<(String, &'static str)>,
    /// What happened.
    pub timeline: Vec<Happened>,
    /// Why it was refused.
    pub reasons: Vec<ReasonShown>,
    /// It needs a person, and since when.
    pub hangs: Option<(String, String)>,
    /// The prescriptions that went back.
    pub old_orders: Vec<String>,
    /// The prescriptions written anew.
    pub new_orders: Vec<(String, String)>,
}

/// An item.
pub struct Line {
    /// Name and specification.
    pub name: String,
    /// How much of it goes back.
    pub back: String,
    /// Its amount.
    pub amount: String,
    /// Who carries it out.
    pub dept: String,
    /// How far its work is.
    pub state: &'static str,
    /// It stands in the way.
    pub bad: bool,
    /// Why.
    pub reason: Option<ReasonShown>,
    /// Of one's own department.
    pub own: bool,
}

/// The check of the month.
pub struct Month {
    /// When the insurer settled.
    pub settled: String,
    /// The last day.
    pub last_day: String,
    /// The verdict.
    pub text: &'static str,
    /// Over.
    pub over: bool,
}

/// A part of the money.
pub struct Part {
    /// Whose.
    pub name: String,
    /// Its code.
    pub code: &'static str,
    /// What was paid.
    pub paid: String,
    /// What goes back.
    pub back: String,
    /// How.
    pub way: &'static str,
    /// Whether it has.
    pub state: String,
}

/// An entry of the timeline.
pub struct Happened {
    /// When.
    pub at: String,
    /// Who.
    pub role: String,
    /// What.
    pub text: String,
    /// Why, or what was asked or answered.
    pub remark: Option<Private>,
}

impl Shown {
    /// As it stands at `now`.
    pub fn of(case: &RefundCase, now: Timestamp) -> Shown {
        let view = &case.view;
        let department = |done: bool, own: bool| match (done, own) {
            (true, _) => "已反确认",
            (false, true) => "待本科室办理",
            (false, false) => "待其他科室办理",
        };
        Shown {
            number: view.refund_id.to_string(),
            text: view.text.clone(),
            next: view.next.clone(),
            patient: case.patient.clone(),
            visit_date: case.visit_date.map(|date| date.to_string()).unwrap_or_default(),
            visit_dept: case.visit_dept.clone(),
            asked: format!("{}（{}）", case.asked_at.plain(), ago(case.asked_at, now)),
            why: why(view.cause, view.why),
            note: view.note.clone(),
            question: view.question.as_ref().map(|question| (question.at.plain(), question.text.clone())),
            whole: view.whole,
            amount: yuan(view.refund_fen),
            lines: case.lines.iter().map(Line::of).collect(),
            live: case.live,
            before: matches!(view.st.as_str(), "doctor" | "unconfirm" | "finance" | "checking"),
            departments: case.departments.iter().map(|dept| (dept.name.clone(), department(dept.done, dept.own))).collect(),
            findings: case.findings.clone(),
            clean: case.live && case.findings.is_empty(),
            month: case.month.map(Month::of),
            parts: parts(&case.money, &view.amounts),
            payment: payment(&case.money),
            invoice: match &case.invoice {
                Some(ours) if case.live => format!("{}；平台：{}", ours.text, invoice(case.invoice_now)),
                Some(ours) => ours.text.clone(),
                None => "无电子票据".to_owned(),
            },
            bill_no: case.invoice.as_ref().and_then(|invoice| invoice.bill_no.clone()),
            steps: view.steps.iter().map(step).collect(),
            timeline: view.timeline.iter().map(happened).collect(),
            reasons: view.reasons.clone(),
            hangs: case.hangs.as_ref().map(|hang| (hangs(&hang.reason), hang.since.plain())),
            old_orders: case.old_orders.clone(),
            new_orders: case.new_orders.iter().map(|(no, at)| (no.clone(), at.plain())).collect(),
        }
    }
}

impl Line {
    fn of(of: &CaseLine) -> Line {
        let back = if of.back == of.quantity { of.quantity.to_string() } else { format!("{} / {}", of.back, of.quantity) };
        Line {
            name: of.spec.as_ref().map_or_else(|| of.name.clone(), |spec| format!("{} {spec}", of.name)),
            back,
            amount: yuan(of.amount_fen),
            dept: if of.dept.is_empty() { "未注明".to_owned() } else { of.dept.clone() },
            state: line(of.state),
            bad: matches!(of.state, LineState::Irreversible | LineState::Reversible),
            reason: of.reason.clone(),
            own: of.own,
        }
    }
}

impl Month {
    fn of(month: CaseMonth) -> Month {
        Month {
            settled: month.settled_at.plain(),
            last_day: month.last_day.map_or_else(|| "不限".to_owned(), |day| day.to_string()),
            text: if month.open { "未跨月，可以退费" } else { "已跨月，按规定不能退费" },
            over: !month.open,
        }
    }
}

/// What was paid with what, and what of it goes back how. Parts nobody paid are left out.
fn parts(money: &CaseMoney, back: &Amounts) -> Vec<Part> {
    let reclaimed = money.reclaimed.as_ref().map_or_else(|| "未退回".to_owned(), |proof| format!("已退回 {}", proof.at.plain()));
    let returned = money.returned.as_ref().map_or_else(|| "未退回".to_owned(), |proof| format!("已退回 {}，渠道退款单号 {}", proof.at.plain(), proof.refund_no));
    let centre = money.channel_fen.is_zero() && back.cash_fen.is_positive();
    let all = [
        ("fund", "统筹基金".to_owned(), money.paid.fund_fen, back.fund_fen, true),
        ("account", "个人账户".to_owned(), money.paid.account_fen, back.account_fen, true),
        ("other", "其他基金".to_owned(), money.paid.other_fen, back.other_fen, true),
        ("cash", format!("个人现金（{}）", channel(money.channel.as_str())), money.paid.cash_fen, back.cash_fen, centre),
    ];
    let paid = all.into_iter().filter(|(_, _, paid, back, _)| paid.is_positive() || back.is_positive());
    paid.map(|(code, name, paid, back, insurer)| Part {
        name,
        code,
        paid: yuan(paid),
        back: yuan(back),
        way: if insurer { "医保中心退回" } else { "原路退回" },
        state: if back.is_zero() {
            "不退".to_owned()
        } else if insurer {
            reclaimed.clone()
        } else {
            returned.clone()
        },
    })
    .collect()
}

fn payment(money: &CaseMoney) -> Vec<(&'static str, String)> {
    let told = [
        ("支付渠道", Some(channel(money.channel.as_str()).to_owned())),
        ("支付时间", money.paid_at.map(menjie::Timestamp::plain)),
        ("渠道支付金额", Some(format!("¥{}", yuan(money.payment_fen)))),
        ("商户订单号", Some(money.out_trade_no.to_string())),
        ("渠道交易号", money.trade_no.clone()),
        ("HIS收据号", money.receipt_no.clone()),
        ("商户退款单号", Some(money.out_refund_no.to_string())),
    ];
    told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn step(step: &RefundStep) -> (String, &'static str) {
    let state = match step.state {
        StepState::Done => "已完成",
        StepState::Current => "办理中",
        StepState::Coming => "未开始",
        StepState::Dropped => "不再办理",
    };
    (step.text.clone(), state)
}

fn happened(entry: &RefundEntry) -> Happened {
    Happened { at: entry.at.plain(), role: entry.role.clone(), text: entry.text.clone(), remark: entry.remark.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::money::{Money, Quantity};

    /// HIS does not tell of every item who carries it out.
    #[test]
    fn an_item_without_a_department_says_so() {
        let one = Quantity::parse("1").unwrap();
        let line = |dept: &str| CaseLine {
            name: "血常规".into(),
            spec: None,
            quantity: one,
            back: one,
            amount_fen: Money::from_fen(2_000).unwrap(),
            order_no: None,
            dept: dept.into(),
            own: false,
            state: LineState::NotDone,
            reason: None,
        };
        assert_eq!((Line::of(&line("检验科")).dept, Line::of(&line("")).dept), ("检验科".to_owned(), "未注明".to_owned()));
    }
}
