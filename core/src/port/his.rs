//! The HIS port: find a patient, list unpaid charges, lock, post, cancel, reverse, and ask what became of it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::worded::answers;
use super::{AttendOrder, CallCx, DocumentRef, FileOpened, FileOrder, HisInsured, HisReversal, HisReversed, HisTraits, Outcome, RebookOrder, Refundable, StoppedSession, UploadOf};
use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::charge::{ChargeLine, Visit};
use crate::error::{Code, Error, Result};
use crate::ident::{BusinessNo, ChannelCode, DeptCode, LineKey, PatientId, VisitId};
use crate::insurance::UploadFacts;
use crate::money::Money;
use crate::payment::RawNotice;
use crate::visit::{AffectedPage, QueueTicket, Rebooked, Registration, StopNotice};

/// By what a patient is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentifyWay {
    /// Identity card (身份证).
    IdCard,
    /// Electronic health code (电子健康码).
    HealthCode,
    /// Insurance e-voucher (医保电子凭证).
    EVoucher,
    /// Visit number or hospital card (就诊号, 就诊卡).
    VisitNo,
    /// Phone, after the SMS code was checked by the host.
    Phone,
    /// The patient's number in HIS, which a session already holds; never typed by a patient.
    PatientNo,
}

/// A patient search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FindPatient {
    /// By what.
    pub way: IdentifyWay,
    /// The number, code or phone.
    pub token: Private,
}

/// A patient file as HIS keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatientFile {
    /// The patient's number in HIS.
    pub patient_id: PatientId,
    /// Name.
    pub name: Private,
    /// GB/T 2261.1: `0`, `1`, `2`, `9`.
    pub sex_code: String,
    /// Birth date, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<BizDate>,
    /// Document number, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_no: Option<Private>,
    /// Phone, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Private>,
}

/// Unpaid charges of one patient.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnpaidCharges {
    /// The visits the lines belong to.
    pub visits: Vec<Visit>,
    /// The lines.
    pub lines: Vec<ChargeLine>,
}

/// A line as it is locked and posted: HIS refuses when version or amount differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineRef {
    /// The line.
    pub line_id: LineKey,
    /// Its version when it was shown.
    pub version: u32,
    /// Its amount when it was shown.
    pub amount_fen: Money,
}

/// A bill to lock (锁定): the same number serves unlock, post, query and cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisBill {
    /// Our settlement number.
    pub no: BusinessNo,
    /// Whose bill.
    pub patient_id: PatientId,
    /// Of which visit.
    pub visit_id: VisitId,
    /// Executing department or pharmacy.
    pub dept_code: DeptCode,
    /// The lines.
    pub lines: Vec<LineRef>,
    /// Their total.
    pub total_fen: Money,
}

/// HIS has locked the bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LockReceipt {
    /// The total HIS locked; must equal ours.
    pub total_fen: Money,
}

/// A payment to post (入账).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisPosting {
    /// The bill, under the settlement number.
    pub bill: HisBill,
    /// Which channel; none for a bill of zero.
    pub channel: Option<ChannelCode>,
    /// Our order number.
    pub out_trade_no: BusinessNo,
    /// The channel's number; none for a bill of zero.
    pub trade_no: Option<String>,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// The insurer's part, when it paid one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured: Option<Box<HisInsured>>,
}

/// HIS has posted the settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisReceipt {
    /// Receipt number in HIS (收据号).
    pub receipt_no: String,
    /// Our settlement number, as HIS repeats it.
    pub no: BusinessNo,
    /// Whose settlement, as HIS repeats it.
    pub patient_id: PatientId,
    /// The amount HIS booked.
    pub total_fen: Money,
    /// When HIS booked it.
    pub posted_at: Timestamp,
    /// Where to go next (取药窗口, 检查地点), if HIS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<String>,
}

/// What became of a posting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum PostState {
    /// Booked.
    Posted(HisReceipt),
    /// HIS has no record (yet): proves nothing.
    NotRecorded,
    /// HIS has accepted the cancellation of that number: it will never be booked.
    Cancelled,
}

/// Something HIS tells unasked (HIS 推送), fetched by cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisNotice {
    /// Ascending within HIS; the message id for de-duplication.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: HisNoticeKind,
}

/// What HIS tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum HisNoticeKind {
    /// Lines were paid at the window or changed by a doctor.
    LinesChanged {
        /// The lines.
        lines: Vec<LineKey>,
    },
    /// A settlement of ours was reversed at the window.
    Reversed {
        /// Our settlement number.
        settlement_no: BusinessNo,
        /// The amount reversed.
        amount_fen: Money,
        /// HIS did it because the clinic is stopped (RefundPay refundType 1 停诊): nobody has to approve that.
        #[serde(default)]
        suspended: bool,
    },
    /// A clinic is stopped, or its doctor or time changed (停诊, 换医生, 调班).
    Stopped {
        /// The notice.
        stop: Box<StopNotice>,
    },
}

/// What a row of HIS's day file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayRowKind {
    /// A posting.
    Posted,
    /// A reversal.
    Reversed,
}

/// A row of HIS's day file (对账文件).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DayRow {
    /// Posting or reversal.
    pub kind: DayRowKind,
    /// Our settlement number.
    pub settlement_no: BusinessNo,
    /// The receipt.
    pub receipt_no: String,
    /// The amount, always positive.
    pub amount_fen: Money,
    /// When HIS booked it.
    pub at: Timestamp,
}

/// A call to HIS. `lock`, `unlock`, `post`, `cancel_post`, `reverse`, `take_number`, `check_in`, `rebook`, `open_file` change something;
/// the rest only read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum HisCall {
    /// Find patients.
    FindPatient {
        /// By what.
        by: FindPatient,
    },
    /// Unpaid charges of a patient.
    Unpaid {
        /// Whose.
        patient: PatientId,
    },
    /// What must be uploaded to the insurer for a bill, in national codes.
    UploadFacts {
        /// Which lines.
        of: UploadOf,
    },
    /// Lock a bill before paying (缴费锁定).
    Lock {
        /// The bill.
        bill: HisBill,
    },
    /// Give a lock up; a number HIS never saw is a success.
    Unlock {
        /// The settlement number.
        no: BusinessNo,
    },
    /// Post a payment (入账).
    Post {
        /// The payment.
        posting: HisPosting,
    },
    /// What became of a posting?
    QueryPost {
        /// The settlement number.
        no: BusinessNo,
    },
    /// Cancel a posting that HIS does not show: accepted means it will never be booked.
    CancelPost {
        /// The settlement number.
        no: BusinessNo,
    },
    /// What stands in the way of reversing a settlement?
    Refundable {
        /// The settlement number.
        no: BusinessNo,
    },
    /// Reverse a posted settlement (冲正).
    Reverse {
        /// The reversal.
        reversal: HisReversal,
    },
    /// What became of a reversal?
    QueryReverse {
        /// The refund number.
        no: BusinessNo,
    },
    /// What HIS has to tell since a cursor.
    Notices {
        /// The last id seen; none from the beginning.
        after: Option<String>,
    },
    /// HIS's day file.
    DayFile {
        /// The day.
        date: BizDate,
    },
    /// The registrations of a patient on a day, given-back ones included.
    Registrations {
        /// Whose.
        patient: PatientId,
        /// When.
        date: BizDate,
    },
    /// The patient files of a document.
    FindFiles {
        /// Which document.
        document: DocumentRef,
    },
    /// Open a patient file (首诊建档).
    OpenFile {
        /// For whom.
        order: Box<FileOrder>,
    },
    /// What became of the opening of a file?
    QueryFile {
        /// Its number.
        no: BusinessNo,
    },
    /// Take a number (取号).
    TakeNumber {
        /// For which registration.
        order: AttendOrder,
    },
    /// Check in (签到).
    CheckIn {
        /// For which registration.
        order: AttendOrder,
    },
    /// What became of a taking of a number or a check-in?
    QueryCheckIn {
        /// Its number.
        no: BusinessNo,
    },
    /// The registrations of a stopped session, page by page.
    Affected {
        /// Which session.
        session: StoppedSession,
        /// Where the list goes on; none from its beginning.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Move or give back a registration of a stopped session.
    Rebook {
        /// Which, and how.
        order: RebookOrder,
    },
    /// What became of a rebooking?
    QueryRebook {
        /// Its number.
        no: BusinessNo,
    },
}

impl HisCall {
    /// Interface name.
    pub const fn name(&self) -> &'static str {
        match self {
            HisCall::FindPatient { .. } => "his.find_patient",
            HisCall::Unpaid { .. } => "his.unpaid",
            HisCall::UploadFacts { .. } => "his.upload_facts",
            HisCall::Lock { .. } => "his.lock",
            HisCall::Unlock { .. } => "his.unlock",
            HisCall::Post { .. } => "his.post",
            HisCall::QueryPost { .. } => "his.query_post",
            HisCall::CancelPost { .. } => "his.cancel_post",
            HisCall::Refundable { .. } => "his.refundable",
            HisCall::Reverse { .. } => "his.reverse",
            HisCall::QueryReverse { .. } => "his.query_reverse",
            HisCall::Notices { .. } => "his.notices",
            HisCall::DayFile { .. } => "his.day_file",
            HisCall::Registrations { .. } => "his.registrations",
            HisCall::FindFiles { .. } => "his.find_files",
            HisCall::OpenFile { .. } => "his.open_file",
            HisCall::QueryFile { .. } => "his.query_file",
            HisCall::TakeNumber { .. } => "his.take_number",
            HisCall::CheckIn { .. } => "his.check_in",
            HisCall::QueryCheckIn { .. } => "his.query_check_in",
            HisCall::Affected { .. } => "his.affected",
            HisCall::Rebook { .. } => "his.rebook",
            HisCall::QueryRebook { .. } => "his.query_rebook",
        }
    }

    /// The business number.
    pub fn business_no(&self) -> Option<&str> {
        match self {
            HisCall::Lock { bill } => Some(bill.no.as_str()),
            HisCall::Post { posting } => Some(posting.bill.no.as_str()),
            HisCall::Reverse { reversal } => Some(reversal.no.as_str()),
            HisCall::TakeNumber { order } | HisCall::CheckIn { order } => Some(order.no.as_str()),
            HisCall::Rebook { order } => Some(order.no.as_str()),
            HisCall::OpenFile { order } => Some(order.no.as_str()),
            HisCall::Unlock { no }
            | HisCall::QueryPost { no }
            | HisCall::CancelPost { no }
            | HisCall::QueryReverse { no }
            | HisCall::Refundable { no }
            | HisCall::QueryCheckIn { no }
            | HisCall::QueryFile { no }
            | HisCall::QueryRebook { no } => Some(no.as_str()),
            HisCall::FindPatient { .. }
            | HisCall::FindFiles { .. }
            | HisCall::Unpaid { .. }
            | HisCall::UploadFacts { .. }
            | HisCall::Notices { .. }
            | HisCall::DayFile { .. }
            | HisCall::Registrations { .. }
            | HisCall::Affected { .. } => None,
        }
    }
}

answers! {
    /// HIS's answer to a [`HisCall`].
    pub enum HisAnswer {
        /// Patients found; empty when none.
        FindPatient(Vec<PatientFile>),
        /// Unpaid charges.
        Unpaid(UnpaidCharges),
        /// What must be uploaded.
        UploadFacts(Box<UploadFacts>),
        /// Locked.
        Lock(LockReceipt),
        /// Unlocked.
        Unlock,
        /// Posted.
        Post(HisReceipt),
        /// What became of a posting.
        QueryPost(PostState),
        /// Cancelled for good.
        CancelPost,
        /// What stands in the way.
        Refundable(Refundable),
        /// Reversed.
        Reverse(HisReversed),
        /// What became of a reversal; none when HIS has no record.
        QueryReverse(Option<HisReversed>),
        /// News.
        Notices(Vec<HisNotice>),
        /// The day file.
        DayFile(Vec<DayRow>),
        /// Registrations; empty when none.
        Registrations(Vec<Registration>),
        /// Files; empty when none.
        FindFiles(Vec<PatientFile>),
        /// The file.
        OpenFile(FileOpened),
        /// What became of it; none when HIS has no record (yet).
        QueryFile(Option<FileOpened>),
        /// A number.
        TakeNumber(QueueTicket),
        /// Checked in.
        CheckIn(QueueTicket),
        /// What became of it; none when HIS has no record (yet).
        QueryCheckIn(Option<QueueTicket>),
        /// A page of registrations.
        Affected(AffectedPage),
        /// Moved or given back.
        Rebook(Rebooked),
        /// What became of it; none when HIS has no record (yet).
        QueryRebook(Option<Rebooked>),
    }
}

/// The hospital information system.
#[async_trait]
pub trait His: Send + Sync {
    /// What it can do.
    fn traits(&self) -> HisTraits;

    /// Does this adapter write the transfer log itself, where the bytes are?
    fn logs_wire(&self) -> bool {
        false
    }

    /// Reads a notice that HIS pushed to `path`: nothing is believed before the raw bytes are proven genuine and fresh.
    fn accept(&self, path: &str, raw: &RawNotice<'_>, now: Timestamp) -> Result<HisNotice> {
        let _ = (path, raw, now);
        Err(Error::new(Code::NotFound).with("problem", "this HIS does not push"))
    }

    /// Performs one call. The answer's variant is the call's; anything else is a defect of the adapter.
    async fn call(&self, cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer>;
}
