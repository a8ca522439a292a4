//! `suspension.list`, `suspension.get`, `suspension.choose`, and how patients are reached.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::{Engine, Hospital};
use super::request::request_source;
use crate::access::{Caller, Private};
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::ident::{HospitalId, PatientId, RequestKey, SettlementId, SuspensionId, VisitId};
use crate::money::Money;
use crate::port::{Answer, HisAnswer, Outcome, Record, RecordKind, RecordWrite, Scan, ScanRow};
use crate::visit::{Choice, Session, StopKind, StopReason, Substitute};
use crate::workflow::fold::Root;
use crate::workflow::{Event as MachineEvent, Key, Refusal, Row, Suspension, SuspensionSt, suspension};

/// So many suspensions of a patient are looked at, newest first.
const LOOKED_AT: u32 = 50;
/// So many accounts of one patient are remembered.
const ACCOUNTS: usize = 8;
/// So often a contact is written again when somebody else wrote meanwhile.
const RACES: u32 = 8;

/// Request of `suspension.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SuspensionListRequest {
    /// Whose.
    pub patient_id: PatientId,
    /// Wait up to this long while there is none, in milliseconds (at most 30,000).
    #[serde(default)]
    pub wait_ms: u32,
}

/// Response of `suspension.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuspensionListResponse {
    /// Newest first; one per registration, the last word of HIS.
    pub suspensions: Vec<SuspensionView>,
}

/// Request of `suspension.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SuspensionGetRequest {
    /// Which.
    pub suspension_id: SuspensionId,
    /// Wait up to this long while a choice is under way, in milliseconds (at most 30,000).
    #[serde(default)]
    pub wait_ms: u32,
}

/// What a stop does to one registration, as its patient sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuspensionView {
    /// Which.
    pub suspension_id: SuspensionId,
    /// Of which registration.
    pub visit_id: VisitId,
    /// Its state.
    pub st: String,
    /// What happened to the session.
    pub kind: StopKind,
    /// The day.
    pub date: BizDate,
    /// The part of the day.
    pub session: Session,
    /// The patient's time.
    pub starts_at: Timestamp,
    /// Department.
    pub dept_name: String,
    /// Doctor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<String>,
    /// Why, as a class.
    pub reason: StopReason,
    /// Why, as the patient reads it.
    pub reason_text: String,
    /// What is offered instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitute: Option<Substitute>,
    /// What may be chosen now; empty when nothing.
    pub choices: Vec<Choice>,
    /// What was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// The fee of the registration.
    pub fee_fen: Money,
    /// When it was moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<Timestamp>,
    /// What the patient reads.
    pub text: String,
    /// What to do next.
    pub next: String,
}

/// Request of `suspension.choose`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SuspensionChooseRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// Which.
    pub suspension_id: SuspensionId,
    /// What.
    pub choice: Choice,
}

/// Response of `suspension.choose`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum SuspensionChooseResponse {
    /// Taken on; read on with `suspension.get`.
    Accepted {
        /// Its state then.
        st: String,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// The accounts a patient is bound to, newest first.
#[derive(Default, Serialize, Deserialize)]
struct Accounts {
    openids: Vec<Private>,
}

impl Engine {
    /// What stops do to the registrations of a patient.
    pub async fn suspensions(&self, caller: &Caller, request: &SuspensionListRequest) -> Result<SuspensionListResponse> {
        caller.may_act_for(&request.patient_id)?;
        let hospital = self.hospital(&caller.hospital)?;
        let until = self.wait_until(request.wait_ms)?;
        loop {
            let all = self.suspensions_of(hospital, &request.patient_id).await?;
            if !all.is_empty() || !self.look_again(until).await {
                return Ok(SuspensionListResponse { suspensions: all.iter().map(|s| view(s, hospital)).collect() });
            }
        }
    }

    /// One suspension; a stranger's looks like a missing one.
    pub async fn suspension(&self, caller: &Caller, request: &SuspensionGetRequest) -> Result<SuspensionView> {
        let hospital = self.hospital(&caller.hospital)?;
        let until = self.wait_until(request.wait_ms)?;
        loop {
            let found = self.own_suspension(caller, request.suspension_id).await?;
            let under_way = matches!(found.st, SuspensionSt::Rebooking | SuspensionSt::Refunding) && found.base.attention.is_none();
            if !under_way || !self.look_again(until).await {
                return Ok(view(&found, hospital));
            }
        }
    }

    /// The patient chooses: another time, or his fee back.
    pub async fn choose(&self, caller: &Caller, request: &SuspensionChooseRequest) -> Result<SuspensionChooseResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        let found = self.own_suspension(caller, request.suspension_id).await?;
        let source = request_source(caller, &request.key, "suspension.choose", request)?;
        let first = async {
            let newest = self.suspensions_of(hospital, &found.registration.patient_id).await?.into_iter().find(|s| s.registration.visit_id == found.registration.visit_id);
            if newest.is_some_and(|s| s.id != found.id) {
                return Ok(SuspensionChooseResponse::Refused { refusal: Refusal::new("superseded", "该停诊通知已有更新", "请返回列表查看最新通知") });
            }
            let settlement = self.fee_settlement(hospital, &found).await?;
            let key = Key::Suspension(found.id);
            let root = Root::Command(key, MachineEvent::Suspension(suspension::Event::Choose { choice: request.choice, settlement }));
            let event = Event::new(&caller.actor, root, source.clone());
            match self.command(hospital, event, &|changes| Ok(SuspensionChooseResponse::Accepted { st: changes.st(key) })).await? {
                Ok(answer) => Ok(answer),
                Err(Applied::Refused(refusal)) => Ok(SuspensionChooseResponse::Refused { refusal }),
                Err(_) => Err(Error::new(Code::Conflict)),
            }
        };
        self.once(caller, &source, first).await
    }

    /// From now on the patient is reached at this account of the official account. The host calls it when a file is bound.
    pub async fn bind_contact(&self, hospital: &HospitalId, patient: &PatientId, openid: &Private) -> Result<()> {
        self.change_contact(hospital, patient, |openids| {
            openids.retain(|known| known != openid);
            openids.insert(0, openid.clone());
            openids.truncate(ACCOUNTS);
        })
        .await
    }

    /// The account is not his any more.
    pub async fn unbind_contact(&self, hospital: &HospitalId, patient: &PatientId, openid: &Private) -> Result<()> {
        self.change_contact(hospital, patient, |openids| openids.retain(|known| known != openid)).await
    }

    async fn change_contact(&self, hospital: &HospitalId, patient: &PatientId, edit: impl Fn(&mut Vec<Private>)) -> Result<()> {
        let key = self.code_secret(self.hospital(hospital)?).await?.contact_key(patient)?;
        for _ in 0..RACES {
            let known = self.inner.store.record(hospital, RecordKind::Contact, &key).await?;
            let mut accounts = read_accounts(known.as_ref())?;
            edit(&mut accounts.openids);
            let body = serde_json::to_vec(&accounts).map_err(|_| Error::internal("contacts serialise"))?;
            let expected = known.map(|r| r.ver);
            let record = Record { kind: RecordKind::Contact, key: key.clone(), ver: expected.unwrap_or(0).saturating_add(1), expires: None, body };
            match self.housekeep(hospital, vec![RecordWrite { record, expected }]).await {
                Err(error) if error.code() == Code::Conflict => {}
                done => return done,
            }
        }
        Err(Error::new(Code::Conflict).with("record", "contact"))
    }

    /// Where the official account reaches a patient who is bound to it.
    pub(in crate::service) async fn bound_account(&self, hospital: &Hospital, patient: &PatientId) -> Result<Option<Private>> {
        let key = self.code_secret(hospital).await?.contact_key(patient)?;
        self.account_under(hospital, &key).await
    }

    async fn account_under(&self, hospital: &Hospital, key: &str) -> Result<Option<Private>> {
        let record = self.inner.store.record(&hospital.id, RecordKind::Contact, key).await?;
        Ok(read_accounts(record.as_ref())?.openids.into_iter().next())
    }

    /// HIS seldom knows how a patient is reached at our account: what was bound here is filled in.
    pub(super) async fn with_contacts(&self, hospital: &Hospital, outcome: Outcome<Answer>) -> Result<Outcome<Answer>> {
        let Outcome::Done(Answer::His(HisAnswer::Affected(mut page))) = outcome else { return Ok(outcome) };
        let secret = self.code_secret(hospital).await?;
        for affected in page.items.iter_mut().filter(|a| a.contact.openid.is_none()) {
            affected.contact.openid = self.account_under(hospital, &secret.contact_key(&affected.registration.patient_id)?).await?;
        }
        Ok(Outcome::Done(Answer::His(HisAnswer::Affected(page))))
    }

    /// The suspensions of a patient, newest first; of one registration only the last word of HIS.
    pub(super) async fn suspensions_of(&self, hospital: &Hospital, patient: &PatientId) -> Result<Vec<Suspension>> {
        let page = self.inner.store.scan(&Scan::Suspensions(hospital.id.clone(), patient.clone()), None, LOOKED_AT).await?;
        let mut seen = BTreeSet::new();
        let mut all: Vec<Suspension> = page
            .rows
            .into_iter()
            .filter_map(|row| match row {
                ScanRow::Machine(row) => match *row {
                    Row::Suspension(s) => Some(*s),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        all.sort_by_key(|s| std::cmp::Reverse((s.base.created_at, s.notice.version, s.id)));
        all.retain(|s| seen.insert(s.registration.visit_id.clone()));
        Ok(all)
    }

    async fn own_suspension(&self, caller: &Caller, id: SuspensionId) -> Result<Suspension> {
        match self.inner.store.load(&caller.hospital, &[Key::Suspension(id)]).await?.pop() {
            Some(Row::Suspension(s)) => caller.may_act_for(&s.registration.patient_id).map(|()| *s),
            Some(_) | None => Err(Error::new(Code::NotFound)),
        }
    }

    /// Our settlement of the fee, if there is one and it is this patient's.
    async fn fee_settlement(&self, hospital: &Hospital, found: &Suspension) -> Result<Option<SettlementId>> {
        let Some(id) = found.registration.settlement_no.as_ref().and_then(|no| SettlementId::from_business_no(no.as_str())) else { return Ok(None) };
        let rows = self.inner.store.load(&hospital.id, &[Key::Settlement(id)]).await?;
        let own = matches!(rows.first(), Some(Row::Settlement(s)) if s.patient() == &found.registration.patient_id);
        Ok(own.then_some(id))
    }
}

fn read_accounts(record: Option<&Record>) -> Result<Accounts> {
    record.map_or_else(|| Ok(Accounts::default()), |r| crate::json::read_bytes(&r.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "contact")))
}

fn view(s: &Suspension, hospital: &Hospital) -> SuspensionView {
    let open = s.st == SuspensionSt::Notified;
    let move_on = s.notice.substitute.is_some() && hospital.his.traits().rebook;
    let choices = [(open && move_on, Choice::Reschedule), (open, Choice::Refund)].into_iter().filter(|(may, _)| *may).map(|(_, c)| c).collect();
    let (text, next) = match s.st {
        SuspensionSt::Notified => ("您预约的门诊有变动", if move_on { "请选择改约或退号" } else { "请选择退号，或到窗口办理" }),
        SuspensionSt::Rebooking if s.base.attention.is_some() => ("结果尚未确认", "请到窗口确认，无需重复操作"),
        SuspensionSt::Rebooking => ("正在办理", "请稍候，无需重复操作"),
        SuspensionSt::Moved => ("已改约", "请按新的时间就诊"),
        SuspensionSt::Refunding => ("已退号，挂号费正在原路退回", "到账时间以支付渠道为准"),
        SuspensionSt::Refunded => ("已退号", "如需就诊请重新挂号"),
        SuspensionSt::Window => ("请到窗口办理", "请携带就诊凭证到窗口办理改约或退号"),
        SuspensionSt::Withdrawn => ("您预约的门诊照常进行", "请按原预约时间就诊"),
        SuspensionSt::Held => ("正在人工处理", "请到窗口办理"),
    };
    SuspensionView {
        suspension_id: s.id,
        visit_id: s.registration.visit_id.clone(),
        st: s.st.code().to_owned(),
        kind: s.notice.kind,
        date: s.registration.date,
        session: s.registration.session,
        starts_at: s.registration.starts_at,
        dept_name: s.registration.dept_name.clone(),
        doctor_name: s.registration.doctor_name.clone(),
        reason: s.notice.reason,
        reason_text: s.notice.reason.text().to_owned(),
        substitute: s.notice.substitute.clone(),
        choices,
        choice: s.choice,
        fee_fen: s.registration.fee_fen,
        moved_to: s.moved_to.as_ref().map(|r| r.starts_at),
        text: text.to_owned(),
        next: next.to_owned(),
    }
}
