//! `visit.unpaid`: unpaid charges from HIS, grouped by visit, then by executing department.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Hospital};
use super::insure::{insurer_of, with_insurance};
use super::view::BillView;
use crate::access::Caller;
use crate::bill::{Bill, GroupInput, group};
use crate::calendar::Timestamp;
use crate::charge::{ChargeLine, Visit};
use crate::error::{Code, Error, Result};
use crate::ident::{LineKey, PatientId, PaymentId};
use crate::money::Money;
use crate::port::{Find, HisAnswer, HisCall, UnpaidCharges};
use crate::workflow::{Refusal, Row, Settlement, SettlementSt};

/// Request of `visit.unpaid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UnpaidRequest {
    /// Whose bills.
    pub patient_id: PatientId,
}

/// The bills of one visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VisitBills {
    /// The visit.
    pub visit: Visit,
    /// Its bills.
    pub bills: Vec<BillView>,
    /// Why its bills cannot be shown (HIS data that does not add up): shown, disabled, sent to the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Refusal>,
}

/// Response of `visit.unpaid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnpaidResponse {
    /// By visit, in the order of their days.
    pub visits: Vec<VisitBills>,
    /// Sum of what can be paid here.
    pub payable_fen: Money,
    /// When HIS was asked.
    pub as_of: Timestamp,
}

/// A visit with its bills, or the reason why it has none.
pub(super) struct Grouped {
    pub(super) visit: Visit,
    pub(super) bills: Result<Vec<Bill>>,
}

impl Engine {
    /// Lists what a patient may pay. Waits for HIS.
    pub async fn unpaid(&self, caller: &Caller, request: &UnpaidRequest) -> Result<UnpaidResponse> {
        caller.may_act_for(&request.patient_id)?;
        let hospital = self.hospital(&caller.hospital)?;
        let as_of = self.now();
        let grouped = self.grouped(hospital, &request.patient_id).await?;
        let live = self.live_lines(hospital, &request.patient_id).await?;
        // The turns of insured bills count over all visits.
        let insured: Option<Vec<Bill>> = insurer_of(hospital).is_ok().then(|| grouped.iter().filter_map(|g| g.bills.as_ref().ok()).flatten().cloned().collect());
        let shown = |bill: &Bill| match &insured {
            Some(all) => with_insurance(shown(bill, &live), all, bill),
            None => shown(bill, &live),
        };
        let mut visits = Vec::with_capacity(grouped.len());
        for Grouped { visit, bills } in grouped {
            visits.push(match bills {
                Ok(bills) => VisitBills { visit, bills: bills.iter().map(shown).collect(), problem: None },
                Err(error) => VisitBills { visit, bills: Vec::new(), problem: Some(unpriced(&error)) },
            });
        }
        let payable_fen = Money::sum(visits.iter().flat_map(|v| &v.bills).filter(|b| b.payable).map(|b| b.total_fen))?;
        Ok(UnpaidResponse { visits, payable_fen, as_of })
    }

    /// Unpaid charges grouped visit by visit, so that one visit whose data does not add up spoils no other.
    pub(super) async fn grouped(&self, hospital: &Hospital, patient: &PatientId) -> Result<Vec<Grouped>> {
        let charges = self.charges(hospital, patient).await?;
        let mut by_visit: BTreeMap<_, Vec<ChargeLine>> = BTreeMap::new();
        for line in charges.lines {
            by_visit.entry(line.visit_id.clone()).or_default().push(line);
        }
        let mut visits = charges.visits;
        visits.sort_by(|a, b| (a.date, &a.visit_id).cmp(&(b.date, &b.visit_id)));
        let mut grouped = Vec::with_capacity(visits.len());
        for visit in visits {
            let Some(lines) = by_visit.remove(&visit.visit_id) else { continue };
            let input = GroupInput { visits: std::slice::from_ref(&visit), lines: &lines };
            let bills = group(&input, &hospital.terms.grouping, hospital.terms.totalling).map(|g| g.bills);
            grouped.push(Grouped { visit, bills });
        }
        // A line of a visit that HIS did not name must not vanish from the list in silence.
        match by_visit.keys().next() {
            Some(_) => Err(Error::new(Code::HisAnswer).with("call", "his.unpaid").with("problem", "a line names a visit that HIS did not list")),
            None => Ok(grouped),
        }
    }

    async fn charges(&self, hospital: &Hospital, patient: &PatientId) -> Result<UnpaidCharges> {
        let HisAnswer::Unpaid(charges) = self.read_his(hospital, HisCall::Unpaid { patient: patient.clone() }).await? else {
            return Err(Error::new(Code::HisAnswer).with("call", "his.unpaid"));
        };
        let foreign = charges.lines.iter().any(|l| &l.patient_id != patient) || charges.visits.iter().any(|v| &v.patient_id != patient);
        if foreign {
            // Somebody else's lines in the answer: none of it may be shown.
            return Err(Error::new(Code::MixedPatients).with("call", "his.unpaid"));
        }
        Ok(charges)
    }

    /// The lines that live settlements of the patient hold, with their payment.
    pub(super) async fn live_lines(&self, hospital: &Hospital, patient: &PatientId) -> Result<BTreeMap<LineKey, (PaymentId, SettlementSt)>> {
        let keys = self.inner.store.find(&hospital.id, &Find::Patient(patient.clone())).await?;
        let rows = self.inner.store.load(&hospital.id, &keys).await?;
        let held = |s: &Settlement| s.bill.all_lines().map(|l| (l.line_id.clone(), (s.payment, s.st))).collect::<Vec<_>>();
        Ok(rows.iter().filter_map(|row| if let Row::Settlement(s) = row { s.claimed.then(|| held(s)) } else { None }).flatten().collect())
    }
}

/// A bill as shown, with what stands in the way of paying it.
pub(super) fn shown(bill: &Bill, live: &BTreeMap<LineKey, (PaymentId, SettlementSt)>) -> BillView {
    let mut view = BillView::of(bill);
    if let Some((payment, st)) = bill.all_lines().find_map(|l| live.get(&l.line_id)) {
        view.payable = false;
        view.payment_id = Some(*payment);
        view.refusal = Some(match st {
            SettlementSt::Posted | SettlementSt::Posting => Refusal::new("paid", "该单据已缴费，HIS正在更新", "请稍后在已缴费列表查看"),
            _ => Refusal::new("paying_elsewhere", "该单据正在其他地方支付", "请继续完成或取消那笔支付"),
        });
    }
    view
}

fn unpriced(error: &Error) -> Refusal {
    Refusal::new(&format!("his_data:{}", error.code().number()), "该次就诊的费用暂不能在线缴纳", "请到收费窗口办理")
}
