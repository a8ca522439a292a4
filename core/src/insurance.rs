//! Insurance (医保): who pays which part of an insured settlement, and the identities that every split must keep
//! (domain/medins.md §2, §3.3, §6.1).
//!
//! Nothing is derived that the insurer tells: cash is read, never computed from the other parts, because regions count the
//! personal account inside the fund or beside it. A split that does not close is an [`AmountMismatch`] that names the
//! identity and both sides; no money moves on it.

mod check;
mod clearing;
mod designation;
mod identity;
mod mixed;
mod mobile;
mod notice;
mod order;
mod person;
mod reversal;
mod setlinfo;
mod settled;
mod turns;
mod upload;

pub use check::{CheckSplitRequest, CheckSplitResponse, Parts};
pub use clearing::{CLEARING_TYPES, INSURANCE_TYPES, NamedCode, SettlementPart, Statement};
pub use designation::{Designation, DesignationPolicy, DesignationState, Filing};
pub use identity::{AmountMismatch, Identity, Relation};
pub(crate) use identity::{broken, equal};
pub use mixed::{MixedOrder, w1, w2, w3};
pub use mobile::{MobileSplit, i1, i2, i3, i4, i5};
pub use notice::{Notice, NoticeRequest, notice};
pub use order::{ORDER_STATES, OrderClass, OrderReport, OrderState, order_class};
pub use person::{Authorisation, InsuredPerson, PersonKey};
pub use reversal::{InsurerRefund, RefundPart};
pub use setlinfo::{Funds, HisSplit, h1, h2, h3, h4, h5, h6};
pub use settled::SettledOrder;
pub use turns::{PayPath, Turn, pay_path, turns};
pub use upload::{Diagnosis, Fee, National, OrderRef, Placing, Upload, UploadFacts};
