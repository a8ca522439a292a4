//! What hosts show: bills, payments, settlements, invoices. Patient words are Chinese and neutral.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::access::Private;
use crate::bill::Bill;
use crate::calendar::{BizDate, Timestamp};
use crate::charge::ChargeLine;
use crate::ident::{BillId, ChannelCode, DeptCode, InvoiceId, LineKey, PaymentId, RefundId, SettlementId, VisitId};
use crate::insurance::{Notice, notice};
use crate::money::{Money, Quantity, UnitPrice};
use crate::payment::{Amounts, Handover};
use crate::refund::Window;
use crate::workflow::{Invoice, InvoiceSt, Payment, PaymentSt, Refusal, Settlement, SettlementSt};

/// One line as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineView {
    /// Its key in HIS.
    pub line_id: LineKey,
    /// Item name.
    pub name: String,
    /// Specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
    /// Unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Unit price in yuan.
    pub price: UnitPrice,
    /// Quantity.
    pub quantity: Quantity,
    /// Doses of a herb prescription.
    pub doses: u32,
    /// Amount.
    pub amount_fen: Money,
    /// Fee class as printed on the ticket.
    pub fee_class: String,
    /// The patient pays it himself, whatever he is insured for (自费项目).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_paid_item: bool,
    /// When it was ordered, if HIS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<Timestamp>,
}

impl LineView {
    pub(crate) fn of(line: &ChargeLine) -> LineView {
        LineView {
            line_id: line.line_id.clone(),
            name: line.item_name.clone(),
            spec: line.spec.clone(),
            unit: line.unit.clone(),
            price: line.price,
            quantity: line.quantity,
            doses: line.doses,
            amount_fen: line.amount_fen,
            fee_class: line.fee_class.name().to_owned(),
            self_paid_item: line.self_paid_item,
            ordered_at: line.ordered_at,
        }
    }
}

/// One bill as shown before paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BillView {
    /// Its id; changes when its lines change.
    pub bill_id: BillId,
    /// Of which visit.
    pub visit_id: VisitId,
    /// Executing department, code.
    pub dept_code: DeptCode,
    /// Executing department, name.
    pub dept_name: String,
    /// What is to be paid.
    pub total_fen: Money,
    /// 货币误差 contained in the total.
    pub rounding_fen: Money,
    /// Nothing to pay (无需缴费).
    pub zero: bool,
    /// May it be paid here and now?
    pub payable: bool,
    /// Why not, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// It may be paid with insurance now, once the patient authorises it; in the list of what is unpaid only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insured: bool,
    /// Why it may not, though its visit is insured: its turn has not come, or nothing on it is covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured_refusal: Option<Refusal>,
    /// The payment that is under way for it, so that a page can go on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
    /// The lines.
    pub lines: Vec<LineView>,
}

impl BillView {
    pub(crate) fn of(bill: &Bill) -> BillView {
        let refusal = bill.credit.then(|| Refusal::new("credit", "该单据应退费，不能在线支付", "请到收费窗口办理"));
        BillView {
            bill_id: bill.bill_id.clone(),
            visit_id: bill.visit_id.clone(),
            dept_code: bill.dept_code.clone(),
            dept_name: bill.dept_name.clone(),
            total_fen: bill.total_fen,
            rounding_fen: bill.rounding_fen,
            zero: bill.zero,
            payable: refusal.is_none(),
            refusal,
            insured: false,
            insured_refusal: None,
            payment_id: None,
            lines: bill.lines.iter().map(LineView::of).collect(),
        }
    }
}

/// How far something is, in the patient's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The bills are being locked, the order is being opened.
    Preparing,
    /// The insurer has quoted: the patient looks at the split and agrees.
    AwaitingConsent,
    /// The patient may pay now.
    AwaitingPayment,
    /// It is being found out whether the money came.
    Confirming,
    /// Paid; HIS is being told.
    Booking,
    /// Paid and booked.
    Done,
    /// Money is on its way back.
    Refunding,
    /// Money is back.
    Refunded,
    /// Closed without money.
    Closed,
    /// A person at the window looks after it.
    AtWindow,
}

impl Progress {
    /// What the patient reads.
    pub const fn text(self) -> &'static str {
        match self {
            Progress::Preparing => "正在准备，请稍候",
            Progress::AwaitingConsent => "请核对医保结算金额并确认",
            Progress::AwaitingPayment => "请在有效时间内完成支付",
            Progress::Confirming => "正在确认支付结果，请勿重复支付",
            Progress::Booking => "已收款，正在入账",
            Progress::Done => "缴费成功",
            Progress::Refunding => "款项正在原路退回",
            Progress::Refunded => "款项已原路退回",
            Progress::Closed => "订单已关闭，未收款",
            Progress::AtWindow => "请到收费窗口核对处理",
        }
    }
}

/// An invoice as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoiceView {
    /// State code.
    pub st: String,
    /// 票据代码.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_code: Option<String>,
    /// 票据号码.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill_no: Option<String>,
    /// 校验码.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_code: Option<String>,
    /// Where the patient can look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Private>,
    /// What the patient reads.
    pub text: String,
}

impl InvoiceView {
    pub(crate) fn of(invoice: &Invoice) -> InvoiceView {
        let issued = invoice.issued.as_ref();
        let text = match invoice.st {
            InvoiceSt::Waiting | InvoiceSt::Issuing => "电子票据开具中，稍后可查看",
            InvoiceSt::Issued => "电子票据已开具",
            InvoiceSt::Redding => "电子票据冲红中",
            InvoiceSt::Red => "电子票据已冲红",
            InvoiceSt::None => "无需开具票据",
            InvoiceSt::Held => "电子票据需人工处理，请联系收费窗口",
        };
        InvoiceView {
            st: invoice.st.code().to_owned(),
            batch_code: issued.map(|i| i.batch_code.clone()),
            bill_no: issued.map(|i| i.bill_no.clone()),
            check_code: issued.map(|i| i.check_code.clone()),
            url: issued.map(|i| i.url.clone()),
            text: text.to_owned(),
        }
    }
}

/// Invoices by id.
pub(crate) type Invoices = BTreeMap<InvoiceId, Invoice>;

/// A settlement as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SettlementView {
    /// Its id.
    pub settlement_id: SettlementId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// State code.
    pub st: String,
    /// How far it is.
    pub progress: Progress,
    /// What the patient reads.
    pub text: String,
    /// Of which visit.
    pub visit_id: VisitId,
    /// Day of the visit.
    pub visit_date: BizDate,
    /// Executing department, name.
    pub dept_name: String,
    /// Amount.
    pub total_fen: Money,
    /// HIS's receipt number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_no: Option<String>,
    /// Where to go next, as HIS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<String>,
    /// Channel.
    pub channel: ChannelCode,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// Who paid what of it, when an insurer paid a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance: Option<InsuranceView>,
    /// Its invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceView>,
    /// Its last refund, whatever became of it: read on with `refund.get`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
    /// The settlement of what was charged again when this one was refunded in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor_id: Option<SettlementId>,
    /// The lines; in details only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineView>,
}

impl SettlementView {
    pub(crate) fn of(s: &Settlement, invoices: &Invoices, with_lines: bool) -> SettlementView {
        let invoice = s.invoice.and_then(|id| invoices.get(&id));
        let progress = progress_of(s);
        SettlementView {
            settlement_id: s.id,
            payment_id: s.payment,
            st: s.st.code().to_owned(),
            progress,
            text: progress.text().to_owned(),
            visit_id: s.bill.visit_id.clone(),
            visit_date: s.visit_date,
            dept_name: s.bill.dept_name.clone(),
            total_fen: s.bill.total_fen,
            receipt_no: s.receipt.as_ref().map(|r| r.receipt_no.clone()),
            guidance: s.receipt.as_ref().and_then(|r| r.guidance.clone()),
            channel: s.channel.clone(),
            paid_at: s.paid.as_ref().map(|p| p.at),
            insurance: s.insured.as_deref().map(|order| InsuranceView::paid(order.amounts)),
            invoice: invoice.map(InvoiceView::of),
            refund_id: s.refund,
            successor_id: s.chain.and_then(|chain| chain.next),
            lines: if with_lines { s.bill.lines.iter().map(LineView::of).collect() } else { Vec::new() },
        }
    }
}

fn progress_of(s: &Settlement) -> Progress {
    let given_back = s.refund.is_some();
    match s.st {
        SettlementSt::Locking | SettlementSt::Locked => Progress::Preparing,
        SettlementSt::Posting => Progress::Booking,
        SettlementSt::Posted => Progress::Done,
        SettlementSt::Refunding => Progress::Refunding,
        SettlementSt::Reversed | SettlementSt::Replaced => Progress::Refunded,
        SettlementSt::Releasing | SettlementSt::Void if given_back => Progress::Refunded,
        SettlementSt::Releasing | SettlementSt::Void => Progress::Closed,
        SettlementSt::Held => Progress::AtWindow,
    }
}

/// Who pays what of an insured payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InsuranceView {
    /// Pooled fund (统筹).
    pub fund_fen: Money,
    /// Personal account (个账).
    pub account_fen: Money,
    /// Others.
    pub other_fen: Money,
    /// The patient (自付).
    pub cash_fen: Money,
    /// Until when the money can come back; while he has not agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

impl InsuranceView {
    fn of(p: &Payment, window: &Window, now: Timestamp) -> Option<InsuranceView> {
        let insured = p.insured.as_deref().filter(|insured| insured.split.is_some())?;
        let notice = (p.st == PaymentSt::Priced).then(|| notice(now, window));
        Some(InsuranceView { notice, ..InsuranceView::paid(insured.amounts()) })
    }

    fn paid(Amounts { cash_fen, account_fen, fund_fen, other_fen }: Amounts) -> InsuranceView {
        InsuranceView { fund_fen, account_fen, other_fen, cash_fen, notice: None }
    }
}

/// A payment as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentView {
    /// Its id.
    pub payment_id: PaymentId,
    /// State code.
    pub st: String,
    /// How far the whole is.
    pub progress: Progress,
    /// What the patient reads.
    pub text: String,
    /// Grows with every step of the payment, its settlements and their invoices: send it as `since` to hear of the next.
    pub version: u64,
    /// Nothing changes any more for the patient (invoices may still come).
    pub over: bool,
    /// What is to be paid.
    pub amount_fen: Money,
    /// Channel.
    pub channel: ChannelCode,
    /// May be paid until.
    pub expires_at: Timestamp,
    /// Now, by the server's clock, so that a page can count down.
    pub now: Timestamp,
    /// It is paid with insurance: the patient agrees to what the insurer pays before he pays the rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insured: bool,
    /// Who pays what, once the insurer has quoted; the notice until the patient has agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance: Option<InsuranceView>,
    /// What the client needs to let the patient pay; only while he may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
    /// Its settlements.
    pub settlements: Vec<SettlementView>,
}

impl PaymentView {
    pub(crate) fn of(p: &Payment, settlements: &[Settlement], invoices: &Invoices, window: &Window, now: Timestamp) -> PaymentView {
        let steps = std::iter::once(p.base.ver).chain(settlements.iter().map(|s| s.base.ver)).chain(invoices.values().map(|i| i.base.ver));
        let version = steps.map(u64::from).sum();
        let settlements: Vec<SettlementView> = settlements.iter().map(|s| SettlementView::of(s, invoices, false)).collect();
        let progress = match p.st {
            PaymentSt::Preparing | PaymentSt::Pricing | PaymentSt::Ordering => Progress::Preparing,
            PaymentSt::Priced => Progress::AwaitingConsent,
            PaymentSt::Paying => Progress::AwaitingPayment,
            PaymentSt::Closing => Progress::Confirming,
            PaymentSt::Closed => Progress::Closed,
            PaymentSt::Held => Progress::AtWindow,
            PaymentSt::Paid => after_paying(p, &settlements),
        };
        let over = matches!(progress, Progress::Done | Progress::Refunded | Progress::Closed | Progress::AtWindow);
        PaymentView {
            payment_id: p.id,
            st: p.st.code().to_owned(),
            progress,
            text: progress.text().to_owned(),
            version,
            over,
            amount_fen: p.amount_fen,
            channel: p.channel.clone(),
            expires_at: p.expires_at,
            now,
            insured: p.insured.is_some(),
            insurance: InsuranceView::of(p, window, now),
            handover: if p.st == PaymentSt::Paying { p.handover.clone() } else { None },
            settlements,
        }
    }
}

/// A paid payment is as far as its slowest settlement.
fn after_paying(p: &Payment, settlements: &[SettlementView]) -> Progress {
    let any = |progress| settlements.iter().any(|s| s.progress == progress);
    if p.shares.is_empty() {
        // Money that came after closing.
        return if p.parts.refunded == p.parts.paid { Progress::Refunded } else { Progress::Refunding };
    }
    if any(Progress::AtWindow) {
        Progress::AtWindow
    } else if any(Progress::Refunding) {
        Progress::Refunding
    } else if any(Progress::Booking) || any(Progress::Preparing) {
        Progress::Booking
    } else if any(Progress::Done) {
        Progress::Done
    } else {
        Progress::Refunded
    }
}
