//! `settlement.quote`: a sealed snapshot of bills with an expiry; what is paid is exactly what was shown.

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::insure::{Insurable, QuotedInsurance};
use super::unpaid::{Grouped, shown};
use super::view::BillView;
use crate::access::Caller;
use crate::bill::Bill;
use crate::calendar::{BizDate, Timestamp, completed_years};
use crate::error::{Code, Error, Result};
use crate::ident::{BillId, PatientId, QuoteId};
use crate::insurance::Authorisation;
use crate::invoice::Payer;
use crate::money::Money;
use crate::port::{FindPatient, HisAnswer, HisCall, IdentifyWay, PatientFile, Record, RecordKind, RecordWrite};
use crate::workflow::Refusal;

/// Request of `settlement.quote`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// Whose bills.
    pub patient_id: PatientId,
    /// The bills, as `visit.unpaid` named them; at least one.
    pub bill_ids: Vec<BillId>,
    /// To pay with insurance: what the patient gave to open it. Exactly one bill then, the first insured one; after it is
    /// settled the next is quoted anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance: Option<Authorisation>,
}

/// Response of `settlement.quote`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum QuoteResponse {
    /// To be paid until `expires_at`.
    Quoted {
        /// Its id.
        quote_id: QuoteId,
        /// The bills.
        bills: Vec<BillView>,
        /// Their total.
        total_fen: Money,
        /// The quote may be paid until then.
        expires_at: Timestamp,
        /// With insurance: by which, and the notice. The split comes with the payment, before anything is paid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        insurance: Option<QuotedInsurance>,
    },
    /// Not now: a bill changed, is being paid, or cannot be paid here.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// What a quote keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Quote {
    pub(super) payer: Payer,
    pub(super) items: Vec<QuoteItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) insurable: Option<Box<Insurable>>,
    pub(super) expires_at: Timestamp,
}

/// A bill with what its invoice needs of the visit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct QuoteItem {
    pub(super) bill: Bill,
    pub(super) visit_date: BizDate,
    pub(super) visit_dept: String,
}

impl Engine {
    /// Quotes bills from fresh HIS data. Waits for HIS.
    pub async fn quote(&self, caller: &Caller, request: &QuoteRequest) -> Result<QuoteResponse> {
        caller.may_act_for(&request.patient_id)?;
        if request.bill_ids.is_empty() || request.bill_ids.len() > 100 {
            return Err(Error::field("bill_ids", "must name 1 to 100 bills"));
        }
        let hospital = self.hospital(&caller.hospital)?;
        let grouped = self.grouped(hospital, &request.patient_id).await?;
        let live = self.live_lines(hospital, &request.patient_id).await?;
        let mut items = Vec::with_capacity(request.bill_ids.len());
        let mut views = Vec::with_capacity(request.bill_ids.len());
        for (at, wanted) in request.bill_ids.iter().enumerate() {
            if request.bill_ids.iter().take(at).any(|earlier| earlier == wanted) {
                return Err(Error::field(format!("bill_ids[{at}]"), "is named twice"));
            }
            let found = grouped.iter().find_map(|Grouped { visit, bills }| bills.as_ref().ok()?.iter().find(|b| &b.bill_id == wanted).map(|bill| (visit, bill)));
            let Some((visit, bill)) = found else {
                return Ok(QuoteResponse::Refused { refusal: Refusal::new("bill_changed", "费用已有变化", "请刷新待缴费列表后重新选择") });
            };
            let view = shown(bill, &live);
            if let Some(refusal) = view.refusal {
                return Ok(QuoteResponse::Refused { refusal });
            }
            views.push(view);
            items.push(QuoteItem { bill: bill.clone(), visit_date: visit.date, visit_dept: visit.dept_name.clone() });
        }
        let total_fen = Money::sum(items.iter().map(|i| i.bill.total_fen))?;
        let file = self.patient_file(&caller.hospital, &request.patient_id).await?;
        let payer = payer(&file, self.now());
        let insurable = match (&request.insurance, items.as_slice()) {
            (None, _) => None,
            (Some(authorisation), [item]) => {
                let bills: Vec<Bill> = grouped.iter().filter_map(|g| g.bills.as_ref().ok()).flatten().cloned().collect();
                match self.insurable(hospital, &file, &bills, &item.bill, authorisation).await? {
                    Ok(insurable) => Some(Box::new(insurable)),
                    Err(refusal) => return Ok(QuoteResponse::Refused { refusal }),
                }
            }
            (Some(_), _) => return Ok(QuoteResponse::Refused { refusal: Refusal::new("insured_alone", "医保支付一次只能结算一张单据", "请只选择一张单据") }),
        };
        let insurance = insurable.as_ref().map(|i| i.shown(&hospital.terms.refund.window, self.now()));
        let expires_at = self.now().plus_millis(i64::from(hospital.terms.quote_life_s) * 1000);
        let quote_id = QuoteId::new(self.fresh())?;
        let body = serde_json::to_vec(&Quote { payer, items, insurable, expires_at }).map_err(|_| Error::internal("quotes serialise"))?;
        // Kept a day longer than it may be paid, so that a late reader is told "expired" and not "unknown".
        let record = Record { kind: RecordKind::Quote, key: quote_id.to_string(), ver: 1, expires: Some(expires_at.plus_millis(86_400_000)), body };
        self.housekeep(&caller.hospital, vec![RecordWrite { record, expected: None }]).await?;
        Ok(QuoteResponse::Quoted { quote_id, bills: views, total_fen, expires_at, insurance })
    }

    /// A quote as it was given, for a page that shows it again. Expired ones are refused, strangers' are missing.
    pub async fn quoted(&self, caller: &Caller, quote_id: QuoteId) -> Result<QuoteResponse> {
        let Quote { items, insurable, expires_at, .. } = self.load_quote(caller, quote_id).await?;
        if expires_at <= self.now() {
            return Ok(QuoteResponse::Refused { refusal: Refusal::new("quote_expired", "报价已过期", "请刷新待缴费列表后重新确认") });
        }
        let total_fen = Money::sum(items.iter().map(|i| i.bill.total_fen))?;
        let window = &self.hospital(&caller.hospital)?.terms.refund.window;
        Ok(QuoteResponse::Quoted {
            quote_id,
            bills: items.iter().map(|i| BillView::of(&i.bill)).collect(),
            total_fen,
            expires_at,
            insurance: insurable.map(|i| i.shown(window, self.now())),
        })
    }

    /// A stored quote.
    pub(super) async fn load_quote(&self, caller: &Caller, id: QuoteId) -> Result<Quote> {
        let record = self.inner.store.record(&caller.hospital, RecordKind::Quote, &id.to_string()).await?.ok_or_else(|| Error::new(Code::NotFound).with("field", "quote_id"))?;
        let quote: Quote = crate::json::read_bytes(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "quote"))?;
        caller.may_act_for(&quote.payer.patient_id)?;
        Ok(quote)
    }

    /// A patient's file, read from HIS.
    pub(super) async fn patient_file(&self, hospital: &crate::ident::HospitalId, patient: &PatientId) -> Result<PatientFile> {
        let hospital = self.hospital(hospital)?;
        let by = FindPatient { way: IdentifyWay::PatientNo, token: crate::access::Private::new(patient.as_str()) };
        let HisAnswer::FindPatient(files) = self.read_his(hospital, HisCall::FindPatient { by }).await? else {
            return Err(Error::new(Code::HisAnswer).with("call", "his.find_patient"));
        };
        files.into_iter().find(|f| &f.patient_id == patient).ok_or_else(|| Error::new(Code::NotFound).with("field", "patient_id"))
    }
}

fn payer(file: &PatientFile, now: Timestamp) -> Payer {
    let sex = match file.sex_code.as_str() {
        "1" => "男",
        "2" => "女",
        _ => "未知",
    };
    Payer {
        patient_id: file.patient_id.clone(),
        name: file.name.clone(),
        sex: sex.to_owned(),
        age: file.birth_date.map_or_else(|| "不详".to_owned(), |birth| age_text(birth, now.biz_date())),
        id_no: file.id_no.clone(),
        phone: file.phone.clone(),
        openid: None,
    }
}

/// Completed years, as the ticket prints them; a child below one year counts as `0岁`.
fn age_text(birth: BizDate, on: BizDate) -> String {
    format!("{}岁", completed_years(birth, on).unwrap_or(0))
}
