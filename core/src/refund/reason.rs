//! Why a refund is refused: a stable code, what the patient reads, and what to do. Texts are neutral: no department of the
//! visit, no item, no drug is named.

use serde::{Deserialize, Serialize};

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundActor"))]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The patient, here.
    Patient,
    /// The executing department.
    ExecDept,
    /// The pharmacy.
    Pharmacy,
    /// The cashier's window.
    Window,
    /// Whoever issued or booked the invoice.
    Invoice,
    /// Nobody: it passes by itself.
    Time,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $actor:ident, $text:literal, $next:literal;)+) => {
        /// A reason; the code never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundReason"))]
        pub enum Reason { $($(#[$doc])* #[serde(rename = $code)] $name,)+ }

        impl Reason {
            /// Every reason, in the order they are told.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)+];
            /// The stable code.
            pub const fn code(self) -> &'static str { match self { $(Reason::$name => $code,)+ } }
            /// Who can do something about it.
            pub const fn actor(self) -> Actor { match self { $(Reason::$name => Actor::$actor,)+ } }
            /// What the patient reads.
            pub const fn text(self) -> &'static str { match self { $(Reason::$name => $text,)+ } }
            /// What to do next.
            pub const fn next(self) -> &'static str { match self { $(Reason::$name => $next,)+ } }
        }
    };
}

reasons! {
    /// Not posted in HIS.
    NotSettled = "not_settled", Time, "这笔缴费尚未入账。", "请稍后再试；若已扣款而长时间未入账，系统会自动退款。";
    /// Reversed or replaced.
    AlreadyReversed = "already_reversed", Patient, "这笔缴费已退费或已重新结算。", "请在缴费记录中查看最新的一笔。";
    /// Another request is open.
    OpenRequest = "open_request", Time, "这笔缴费已有退费申请正在办理。", "请在退费进度中查看，办结或撤回后可再次申请。";
    /// Insured, and the insurer's time is not known: nobody can say which month it was.
    InsurerTimeUnknown = "insurer_time_unknown", Window, "暂时查不到这笔缴费的医保结算时间。", "请稍后再试，或到门诊收费窗口办理。";
    /// Insured and another calendar month; the whole settlement, its cash included.
    CrossMonth = "cross_month", Window, "医保结算已跨月，按规定不能退费（含个人支付部分）。", "请到门诊收费窗口咨询。";
    /// Requested in time, but the month has turned before execution.
    CrossMonthMeanwhile = "cross_month_meanwhile", Window, "申请时未跨月，但办理时医保结算已跨月，按规定不能退费（含个人支付部分）。", "申请已终止，未发生退款；请到门诊收费窗口咨询。";
    /// Today is closed.
    DayClosed = "day_closed", Time, "今日账务已日结，暂不能办理退费。", "请明日再试。";
    /// Too old for the channel.
    ChannelAge = "channel_age", Window, "已超过支付渠道允许原路退款的期限。", "请到门诊收费窗口办理。";
    /// The channel gives back whole orders only.
    ChannelWholeOnly = "channel_whole_only", Window, "该支付渠道不支持部分退款。", "请申请全部退费，或到门诊收费窗口办理部分退费。";
    /// Changed to paper.
    InvoicePaper = "invoice_paper", Invoice, "电子票据已换开为纸质票据。", "请先携带纸质票据到门诊收费窗口交回，再申请退费。";
    /// Booked.
    InvoiceBooked = "invoice_booked", Invoice, "电子票据已报销入账，不能冲红。", "请先由报销单位办理退回，或到门诊收费窗口咨询。";
    /// The platform does not answer, and money is about to move.
    InvoiceUnknown = "invoice_unknown", Time, "暂时查不到电子票据的状态。", "系统会自动重试，请稍后查看进度。";
    /// Nothing picked.
    NothingPicked = "nothing_picked", Patient, "没有选择要退的项目。", "请选择要退的项目和数量。";
    /// More than is left.
    MoreThanLeft = "more_than_left", Patient, "退费数量超过可退数量。", "请核对数量后重新申请。";
    /// Part of an indivisible set.
    SetBroken = "set_broken", Patient, "该项目属于不可拆分的组合，须一并退费。", "请选择同组的全部项目。";
    /// Part of an undispensed prescription.
    PrescriptionBroken = "prescription_broken", Patient, "未发药的处方须整张退费。", "请选择同一处方的全部药品。";
    /// Executed and not taken back (I12).
    Executed = "executed", ExecDept, "该项目已由执行科室确认。", "请先联系执行科室取消确认，再申请退费。";
    /// The work is done.
    WorkDone = "work_done", ExecDept, "该项目已完成检查或已出报告，不能退费。", "如有疑问请联系执行科室。";
    /// A state nobody has explained.
    StateUnknown = "state_unknown", ExecDept, "暂时无法确认该项目的执行状态。", "请联系执行科室，或到门诊收费窗口办理。";
    /// Confirmed, and nobody knows by whom.
    ExecDeptUnknown = "exec_dept_unknown", Window, "该项目已确认，但没有记录执行科室。", "请到门诊收费窗口办理。";
    /// Prepared.
    DrugPrepared = "drug_prepared", Pharmacy, "药品已配好。", "请先到发药药房取消配药，再申请退费。";
    /// Dispensed and not taken back by the pharmacy.
    DrugDispensed = "drug_dispensed", Pharmacy, "药品已发出，除质量原因外按规定不得退换。", "如有质量问题，请到发药药房办理退药后再申请。";
    /// A step out of order.
    NotYourTurn = "not_your_turn", Time, "这一步还没有轮到。", "请等待前一步办理完成。";
    /// Decided before.
    DecidedAlready = "decided_already", Patient, "这一步已经办理。", "请刷新后查看进度。";
    /// One person in two steps (I10).
    FourEyes = "four_eyes", Window, "申请、医生审核和财务审核须由不同的人办理。", "请由另一位有权限的工作人员办理。";
}
