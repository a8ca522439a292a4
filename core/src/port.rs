//! Ports: the traits behind which counterparts, stores, logs, clocks and randomness live.
//!
//! An act or a read is a [`Call`] value; a port performs it and answers with an [`Outcome`], which is deliberately not a
//! `Result`: `?` must never turn a time-out into a no (DESIGN.md §4.4).

mod call;
mod channel;
mod health_code;
mod his;
mod his_file;
mod his_insured;
mod his_refund;
mod his_traits;
mod his_visit;
mod host;
mod insurer;
mod invoice;
mod keys;
mod list;
mod log;
mod notifier;
mod outcome;
mod record;
mod shape;
mod store;
mod worded;

pub use call::{Answer, Call, CallCx, CallLog};
pub use channel::{ChannelAnswer, ChannelCall, PaymentChannel};
pub use health_code::{CodeHolder, HealthCode, HealthCodeAnswer, HealthCodeCall};
pub use his::{
    DayRow, DayRowKind, FindPatient, His, HisAnswer, HisBill, HisCall, HisNotice, HisNoticeKind, HisPosting, HisReceipt, IdentifyWay, LineRef, LockReceipt, PatientFile, PostState,
    UnpaidCharges,
};
pub use his_file::{DocumentRef, FileOpened, FileOrder};
pub use his_insured::{HisInsured, UploadOf};
pub use his_refund::{HisKept, HisReversal, HisReversed, HisSuccessor, LineStanding, Refundable, SuccessorLine};
pub use his_traits::HisTraits;
pub use his_visit::{AttendOrder, RebookOrder, RebookTo, StoppedSession};
pub use host::{Clock, Entropy, IdSource};
pub use insurer::{
    Authorised, CashOwner, DesignationRule, Insurer, InsurerAnswer, InsurerBillRow, InsurerCall, InsurerNotice, InsurerReversal, InsurerReversed, InsurerTraits, Uploaded,
    VoucherHolder,
};
pub use invoice::{InvoiceAnswer, InvoiceCall, InvoicePlatform};
pub use keys::{KeyId, KeyProvider, SealKey};
pub use list::{Cursor, Find, Page, Scan, ScanRow};
pub use log::{Direction, LogSink, RecentTransfers, TransferBegin, TransferEnd, TransferId, TransferResult};
pub use notifier::{AccountUser, NoticeChannel, NoticeOrder, Notifier, NotifierTraits, NotifyAnswer, NotifyCall};
pub use outcome::{Fault, No, Outcome};
pub use record::{Record, RecordKind, RecordWrite};
pub use store::{
    ActId, ActRow, Batch, Claim, ClaimLimits, CommitError, Inbox, InboxState, Job, JobKind, JobRef, Loaded, PollRow, Reply, Source, StateLog, Store, StoreError, WakeKind, WakeRow,
    Write,
};
