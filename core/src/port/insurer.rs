//! The insurer port (医保): who a person is, what an order costs him, whether it is settled, and giving it back
//! (domain/medins.md §2, §3).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::health_code::hashed;
use super::worded::answers;
use super::{CallCx, Outcome};
use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::ident::BusinessNo;
use crate::insurance::{Authorisation, Designation, DesignationPolicy, InsuredPerson, OrderRef, OrderReport, PersonKey, Placing, SettlementPart, Upload};
use crate::money::Money;
use crate::payment::{Amounts, RawNotice};

/// A call to the insurer. `upload`, `place`, `revoke`, `reverse`, `file_designation` change something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum InsurerCall {
    /// Decode a scanned e-voucher (`ec.query`); a read.
    Identify {
        /// The code as scanned: dynamic and opaque, never read by us, never kept.
        code: Private,
    },
    /// What has a patient authorised on the national page, and who is he there (userQuery)? A read that works once.
    Authorise {
        /// The code he came back with (authCode, qrcode).
        code: Private,
        /// His number at the official account he was sent from.
        openid: Private,
    },
    /// Who is it, and how is he insured (1101)? A read.
    Person {
        /// By what.
        by: Box<PersonKey>,
    },
    /// Which institutions has he designated (5302)? A read.
    Designation {
        /// Whose.
        person: Box<InsuredPerson>,
    },
    /// Designate this hospital for him (2505), where the town allows it.
    FileDesignation {
        /// Whose.
        person: Box<InsuredPerson>,
        /// From when.
        from: BizDate,
    },
    /// Upload a bill to be priced (6201). Not proven to be idempotent on our number.
    Upload {
        /// The upload.
        upload: Box<Upload>,
    },
    /// Price it (6202).
    Place {
        /// What.
        placing: Box<Placing>,
    },
    /// What became of an order (6301)? A read.
    Query {
        /// Which.
        order: Box<OrderRef>,
    },
    /// Revoke an order that is not settled (6401).
    Revoke {
        /// Which.
        order: Box<OrderRef>,
    },
    /// Give a settled order back (6203). The same number is the same refund.
    Reverse {
        /// The reversal.
        reversal: Box<InsurerReversal>,
    },
    /// What the insurer settled and gave back on a day (3201, 3202). A read.
    Bill {
        /// The day.
        date: BizDate,
    },
}

/// Gives a settled order back (医保退费).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InsurerReversal {
    /// Our refund number (appRefdSn).
    pub no: BusinessNo,
    /// Which order.
    pub order: OrderRef,
    /// Which part of it.
    pub part: SettlementPart,
    /// What goes back. The insurance parts only whole.
    pub amounts: Amounts,
    /// When it was decided (appRefdTime).
    pub at: Timestamp,
    /// A fresh authorisation of the patient, when he gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<Authorisation>,
    /// Permission that came with the settlement (revsToken).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_token: Option<Private>,
}

impl InsurerCall {
    /// Interface name.
    pub const fn name(&self) -> &'static str {
        match self {
            InsurerCall::Identify { .. } => "insurer.identify",
            InsurerCall::Authorise { .. } => "insurer.authorise",
            InsurerCall::Person { .. } => "insurer.person",
            InsurerCall::Designation { .. } => "insurer.designation",
            InsurerCall::FileDesignation { .. } => "insurer.file_designation",
            InsurerCall::Upload { .. } => "insurer.upload",
            InsurerCall::Place { .. } => "insurer.place",
            InsurerCall::Query { .. } => "insurer.query",
            InsurerCall::Revoke { .. } => "insurer.revoke",
            InsurerCall::Reverse { .. } => "insurer.reverse",
            InsurerCall::Bill { .. } => "insurer.bill",
        }
    }

    /// The business number.
    pub fn business_no(&self) -> Option<&str> {
        match self {
            InsurerCall::Upload { upload } => Some(upload.order_no.as_str()),
            InsurerCall::Place { placing } => Some(placing.order.order_no.as_str()),
            InsurerCall::Query { order } | InsurerCall::Revoke { order } => Some(order.order_no.as_str()),
            InsurerCall::Reverse { reversal } => Some(reversal.no.as_str()),
            InsurerCall::Identify { .. } | InsurerCall::Authorise { .. } | InsurerCall::Person { .. } => None,
            InsurerCall::Designation { .. } | InsurerCall::FileDesignation { .. } | InsurerCall::Bill { .. } => None,
        }
    }

    /// Is it asked while a person waits, and never queued?
    pub const fn waits(&self) -> bool {
        match self {
            InsurerCall::Identify { .. } | InsurerCall::Authorise { .. } | InsurerCall::Person { .. } => true,
            InsurerCall::Designation { .. } | InsurerCall::FileDesignation { .. } => true,
            InsurerCall::Upload { .. }
            | InsurerCall::Place { .. }
            | InsurerCall::Query { .. }
            | InsurerCall::Revoke { .. }
            | InsurerCall::Reverse { .. }
            | InsurerCall::Bill { .. } => false,
        }
    }

    /// The same call as the transfer log may keep it: SM3 instead of whatever opens a settlement.
    #[must_use]
    pub fn for_log(&self) -> InsurerCall {
        match self.clone() {
            InsurerCall::Identify { code } => InsurerCall::Identify { code: hashed(&code) },
            InsurerCall::Authorise { code, openid } => InsurerCall::Authorise { code: hashed(&code), openid: hashed(&openid) },
            InsurerCall::Person { by } => InsurerCall::Person {
                by: Box::new(match *by {
                    PersonKey::Voucher { token, insured_place } => PersonKey::Voucher { token: hashed(&token), insured_place },
                    by @ PersonKey::Document { .. } => by,
                }),
            },
            InsurerCall::Upload { mut upload } => {
                upload.authorisation = shut(&upload.authorisation);
                InsurerCall::Upload { upload }
            }
            InsurerCall::Place { placing } => InsurerCall::Place {
                placing: Box::new(Placing {
                    order: closed(placing.order),
                    authorisation: shut(&placing.authorisation),
                    batch_no: placing.batch_no,
                    use_account: placing.use_account,
                }),
            },
            InsurerCall::Query { order } => InsurerCall::Query { order: Box::new(closed(*order)) },
            InsurerCall::Revoke { order } => InsurerCall::Revoke { order: Box::new(closed(*order)) },
            InsurerCall::Reverse { reversal } => InsurerCall::Reverse {
                reversal: Box::new(InsurerReversal {
                    order: closed(reversal.order),
                    authorisation: reversal.authorisation.as_ref().map(shut),
                    reversal_token: reversal.reversal_token.as_ref().map(hashed),
                    ..*reversal
                }),
            },
            call @ (InsurerCall::Designation { .. } | InsurerCall::FileDesignation { .. } | InsurerCall::Bill { .. }) => call,
        }
    }
}

fn shut(authorisation: &Authorisation) -> Authorisation {
    match authorisation {
        Authorisation::Mobile { pay_auth_no, until } => Authorisation::Mobile { pay_auth_no: hashed(pay_auth_no), until: *until },
        Authorisation::Voucher { ec_token } => Authorisation::Voucher { ec_token: hashed(ec_token) },
    }
}

fn closed(order: OrderRef) -> OrderRef {
    OrderRef { pay_token: hashed(&order.pay_token), ..order }
}

answers! {
    /// The insurer's answer to an [`InsurerCall`].
    pub enum InsurerAnswer {
        /// Whose voucher it is.
        Identify(VoucherHolder),
        /// What he has authorised.
        Authorise(Authorised),
        /// How he is insured, a row per insurance; empty for somebody the insurer does not know.
        Person(Vec<InsuredPerson>),
        /// What he has designated.
        Designation(Vec<Designation>),
        /// Filed, under this number (trt_dcla_detl_sn).
        FileDesignation(String),
        /// Uploaded.
        Upload(Uploaded),
        /// Priced, or being priced.
        Place(OrderReport),
        /// About the order.
        Query(OrderReport),
        /// Revoked.
        Revoke,
        /// Given back (refStatus SUCC). FAIL is a refusal, EXP is unknown.
        Reverse(InsurerReversed),
        /// The day, in the insurer's order.
        Bill(Vec<InsurerBillRow>),
    }
}

/// The centre has taken an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Uploaded {
    /// The centre's number (payOrdId).
    pub pay_order_id: String,
    /// Opens the order (payToken).
    pub pay_token: Private,
    /// Visit number of the insurer (mdtrt_id), where it tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer_visit_id: Option<String>,
}

/// The insurer has given an order back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InsurerReversed {
    /// The insurer's number of the reversal, when it tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_no: Option<String>,
    /// When, when it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// A row of the insurer's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InsurerBillRow {
    /// Our order number, when the insurer keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// The insurer's number of the settlement; a reversal has one of its own.
    pub insurer_no: String,
    /// The insurer's number of the visit (mdtrt_id), where it tells it: a settlement and its reversal have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer_visit_id: Option<String>,
    /// A reversal (refd_setl_flag)?
    pub reversal: bool,
    /// Total.
    pub total_fen: Money,
    /// Fund.
    pub fund_fen: Money,
    /// Account.
    pub account_fen: Money,
    /// When.
    pub at: Timestamp,
}

impl InsurerAnswer {
    /// The same answer as the transfer log may keep it: without the tokens, which open a settlement.
    #[must_use]
    pub fn for_log(&self) -> InsurerAnswer {
        let report = |report: OrderReport| OrderReport { reversal_token: report.reversal_token.as_ref().map(hashed), ..report };
        match self.clone() {
            InsurerAnswer::Identify(holder) => InsurerAnswer::Identify(VoucherHolder { ec_token: hashed(&holder.ec_token), ..holder }),
            InsurerAnswer::Authorise(authorised) => InsurerAnswer::Authorise(Authorised { pay_auth_no: hashed(&authorised.pay_auth_no), ..authorised }),
            InsurerAnswer::Upload(uploaded) => InsurerAnswer::Upload(Uploaded { pay_token: hashed(&uploaded.pay_token), ..uploaded }),
            InsurerAnswer::Place(told) => InsurerAnswer::Place(report(told)),
            InsurerAnswer::Query(told) => InsurerAnswer::Query(report(told)),
            answer @ (InsurerAnswer::Person(_)
            | InsurerAnswer::Designation(_)
            | InsurerAnswer::FileDesignation(_)
            | InsurerAnswer::Revoke
            | InsurerAnswer::Reverse(_)
            | InsurerAnswer::Bill(_)) => answer,
        }
    }
}

/// Whoever holds an e-voucher, as the decoder tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VoucherHolder {
    /// Kind of document; `01` is the identity card.
    pub id_type: String,
    /// Document number.
    pub id_no: Private,
    /// Name.
    pub name: Private,
    /// 电子凭证令牌, `mdtrt_cert_no` of what follows; for one business at once.
    pub ec_token: Private,
    /// Where he is insured (参保地), six digits.
    pub insu_org: String,
    /// GB/T 2261.1, if told.
    pub sex_code: Option<String>,
    /// Birth date, if told.
    pub birth_date: Option<BizDate>,
}

/// A patient has authorised one payment on his phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Authorised {
    /// What opens it (payAuthNo); minutes, once.
    pub pay_auth_no: Private,
    /// Who authorised it.
    pub name: Private,
    /// His document number.
    pub id_no: Private,
}

/// What the town says about designated institutions (门诊选点), and which of them this hospital is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesignationRule<'a> {
    /// This hospital (fixmedins_code).
    pub institution: &'a str,
    /// The town's rule.
    pub policy: &'a DesignationPolicy,
}

/// Who gives the cash part of a mixed order back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CashOwner {
    /// The hospital refunds it at the channel, after the insurer has reversed its part.
    Hospital,
    /// The centre gives it back with the insurance part: the channel is not asked a second time.
    Centre,
}

/// What an insurer can do; missing abilities are data, not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InsurerTraits {
    /// It prices and settles mobile orders; otherwise it only reads vouchers and persons.
    pub mobile: bool,
    /// It tells designations.
    pub designation: bool,
    /// It tells what it settled on a day.
    pub bill: bool,
    /// Who gives the cash part back.
    pub cash_owner: CashOwner,
    /// How long an authorisation lives, in seconds (payAuthNo: five minutes until the town says otherwise).
    pub authorisation_life_s: u32,
}

impl Default for InsurerTraits {
    fn default() -> InsurerTraits {
        InsurerTraits { mobile: true, designation: true, bill: true, cash_owner: CashOwner::Hospital, authorisation_life_s: 300 }
    }
}

/// A callback of the centre (6302) whose signature and envelope hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsurerNotice {
    /// Names this message; repeats carry the same.
    pub id: String,
    /// Our order number as they sent it (it may be anybody's).
    pub order_no: String,
    /// What it says.
    pub report: OrderReport,
}

/// The insurer.
#[async_trait]
pub trait Insurer: Send + Sync {
    /// What it can do: data for the machines and the runner.
    fn traits(&self) -> InsurerTraits {
        InsurerTraits::default()
    }

    /// Where a phone asks its user to authorise a payment; `back` is our page it returns to, and `state` comes back with it.
    /// None where the hospital has no such page.
    fn authorise_url(&self, _back: &str, _state: &str) -> Option<String> {
        None
    }

    /// What counts as designated; none where nobody is asked about designations.
    fn designation_rule(&self) -> Option<DesignationRule<'_>> {
        None
    }

    /// Does this adapter write the transfer log itself, where the bytes are?
    fn logs_wire(&self) -> bool {
        false
    }

    /// Performs one call. The answer's variant is the call's; anything else is a defect of the adapter.
    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer>;

    /// Verifies a callback on its raw bytes, then parses it. An error is answered with 4xx and changes nothing (I16).
    fn accept(&self, _notice: &RawNotice<'_>, _now: Timestamp) -> Result<InsurerNotice> {
        Err(Error::new(Code::NotFound).with("field", "insurer callback"))
    }
}
