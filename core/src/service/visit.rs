//! `registration.list`, `visit.take_number`, `visit.check_in`, `visit.progress`.

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::{Engine, Hospital};
use super::request::request_source;
use crate::access::Caller;
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::ident::{CheckInId, PatientId, RequestKey, SuspensionId, VisitId};
use crate::port::{HisAnswer, HisCall, Record, RecordKind, RecordWrite, Source};
use crate::visit::{Attend, Attendance, Presence, QueueTicket, Registration, Standing, Turn, VisitState, attendance, state};
use crate::workflow::fold::{Changes, Root};
use crate::workflow::{CheckIn, CheckInSt, Event as MachineEvent, Key, New, Refusal, Row, check_in};

/// So often a press is repeated when another one was a moment faster.
const RACES: u32 = 8;
/// The longest wait, in milliseconds.
const MAX_WAIT_MS: u32 = 30_000;
/// Whoever waits looks so often.
const LOOK_MS: i64 = 300;

/// Request of `registration.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegistrationListRequest {
    /// Whose.
    pub patient_id: PatientId,
    /// Which day; today when left out.
    #[serde(default)]
    pub date: Option<BizDate>,
}

/// A registration on the check-in list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegistrationView {
    /// As HIS has it.
    pub registration: Registration,
    /// As it is shown.
    pub state: VisitState,
    /// Check-in opens then, when it is too early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// Why it is not possible now, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// A check-in of it that is under way or done here; read on with `visit.progress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in_id: Option<CheckInId>,
    /// The suspension to look at when the clinic is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension_id: Option<SuspensionId>,
}

/// Response of `registration.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegistrationListResponse {
    /// The day.
    pub date: BizDate,
    /// By time; given-back ones are left out.
    pub registrations: Vec<RegistrationView>,
}

/// Request of `visit.check_in` and `visit.take_number`. Only registrations of today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttendRequest {
    /// Client-made key; the same key with the same request gives the same answer.
    pub key: RequestKey,
    /// Whose registration.
    pub patient_id: PatientId,
    /// Which registration.
    pub visit_id: VisitId,
    /// From where; said by the host.
    pub presence: Presence,
}

/// Response of `visit.check_in` and `visit.take_number`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum AttendResponse {
    /// Taken on; read on with `visit.progress`.
    Accepted {
        /// The check-in; a repeat gets the same one.
        check_in_id: CheckInId,
        /// Its state then.
        st: String,
        /// Its place, when it has one already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<QueueTicket>,
    },
    /// It was done before, here or elsewhere: the place it has.
    Done {
        /// The place.
        ticket: QueueTicket,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
        /// Possible from then, when waiting helps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens_at: Option<Timestamp>,
        /// The suspension to look at when the clinic is stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suspension_id: Option<SuspensionId>,
    },
}

/// Request of `visit.progress`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VisitProgressRequest {
    /// Which check-in.
    pub check_in_id: CheckInId,
    /// Wait up to this long for HIS's answer, in milliseconds (at most 30,000).
    #[serde(default)]
    pub wait_ms: u32,
}

/// Response of `visit.progress`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VisitProgressResponse {
    /// Which check-in.
    pub check_in_id: CheckInId,
    /// Of which registration.
    pub visit_id: VisitId,
    /// Which of the two operations.
    pub what: Attend,
    /// Its state.
    pub st: String,
    /// Its place in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<QueueTicket>,
    /// In order, or behind all who wait.
    pub turn: Turn,
    /// What the patient reads.
    pub text: String,
    /// What to do next.
    pub next: String,
}

impl Engine {
    /// The registrations of a patient on a day. Waits for HIS.
    pub async fn registrations(&self, caller: &Caller, request: &RegistrationListRequest) -> Result<RegistrationListResponse> {
        caller.may_act_for(&request.patient_id)?;
        let hospital = self.hospital(&caller.hospital)?;
        let now = self.now();
        let date = request.date.unwrap_or_else(|| now.biz_date());
        let terms = &hospital.terms.visit.check_in;
        let mut registrations = Vec::new();
        for registration in self.read_registrations(hospital, &request.patient_id, date).await? {
            if registration.standing == Standing::Cancelled {
                continue;
            }
            let (registration, check_in_id) = self.with_place(hospital, registration).await?;
            let (refusal, opens_at) = match attendance(&registration, Attend::CheckIn, terms, now, Presence::Kiosk) {
                Attendance::Refused { refusal, opens_at } => (Some(refusal), opens_at),
                Attendance::Allowed(_) | Attendance::Done(_) => (None, None),
            };
            let suspension_id = self.suspension_of(hospital, &registration).await?;
            registrations.push(RegistrationView { state: state(&registration, terms, now), registration, opens_at, refusal, check_in_id, suspension_id });
        }
        registrations.sort_by(|a, b| (a.registration.starts_at, &a.registration.visit_id).cmp(&(b.registration.starts_at, &b.registration.visit_id)));
        Ok(RegistrationListResponse { date, registrations })
    }

    /// Checks in (签到).
    pub async fn check_in(&self, caller: &Caller, request: &AttendRequest) -> Result<AttendResponse> {
        self.attend(caller, request, Attend::CheckIn, "visit.check_in").await
    }

    /// Takes a number (取号).
    pub async fn take_number(&self, caller: &Caller, request: &AttendRequest) -> Result<AttendResponse> {
        self.attend(caller, request, Attend::TakeNumber, "visit.take_number").await
    }

    /// How far a check-in is.
    pub async fn visit_progress(&self, caller: &Caller, request: &VisitProgressRequest) -> Result<VisitProgressResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        let until = self.wait_until(request.wait_ms)?;
        loop {
            let check_in = self.load_check_in(hospital, request.check_in_id).await?;
            caller.may_act_for(&check_in.patient)?;
            let under_way = check_in.st == CheckInSt::Asking && check_in.base.attention.is_none();
            if !under_way || !self.look_again(until).await {
                return Ok(progress(check_in));
            }
        }
    }

    /// Until when somebody waits.
    pub(super) fn wait_until(&self, wait_ms: u32) -> Result<Timestamp> {
        if wait_ms > MAX_WAIT_MS {
            return Err(Error::field("wait_ms", "must be at most 30000"));
        }
        Ok(self.now().plus_millis(i64::from(wait_ms)))
    }

    /// Pauses before the next look; false when the waiting is over.
    pub(super) async fn look_again(&self, until: Timestamp) -> bool {
        if self.now() >= until {
            return false;
        }
        self.inner.clock.sleep_until(until.min(self.now().plus_millis(LOOK_MS))).await;
        true
    }

    async fn attend(&self, caller: &Caller, request: &AttendRequest, what: Attend, op: &str) -> Result<AttendResponse> {
        caller.may_act_for(&request.patient_id)?;
        if let Presence::Phone { position: Some(position) } = request.presence {
            position.check().map_err(|e| e.under("presence.position"))?;
        }
        let hospital = self.hospital(&caller.hospital)?;
        if !hospital.his.traits().check_in {
            return Err(Error::new(Code::NotFound).with("field", "hospital").with("problem", "takes no check-ins here"));
        }
        let source = request_source(caller, &request.key, op, request)?;
        self.once(caller, &source, self.press(hospital, caller, request, what, &source)).await
    }

    async fn press(&self, hospital: &Hospital, caller: &Caller, request: &AttendRequest, what: Attend, source: &Source) -> Result<AttendResponse> {
        let record_key = self.code_secret(hospital).await?.place_key(what, &request.visit_id)?;
        for _ in 0..RACES {
            let known = self.present(hospital, &record_key).await?;
            let (id, event) = match &known {
                Some((check_in, _)) if check_in.patient != request.patient_id => return Err(Error::new(Code::NotFound)),
                // Twice is once: the press belongs to the check-in that is there.
                Some((check_in, _)) if check_in.st != CheckInSt::Refused => {
                    let root = Root::Command(Key::CheckIn(check_in.id), MachineEvent::CheckIn(check_in::Event::Again));
                    (check_in.id, Event::new(&caller.actor, root, source.clone()))
                }
                Some(_) | None => {
                    let registration = self.own_registration(hospital, &request.patient_id, &request.visit_id).await?;
                    let turn = match attendance(&registration, what, &hospital.terms.visit.check_in, self.now(), request.presence) {
                        Attendance::Allowed(turn) => turn,
                        Attendance::Done(ticket) => {
                            // Another press was faster, and HIS as well: this one belongs to its check-in.
                            if known.is_none() && self.present(hospital, &record_key).await?.is_some() {
                                continue;
                            }
                            return Ok(AttendResponse::Done { ticket });
                        }
                        Attendance::Refused { refusal, opens_at } => {
                            let suspension_id = self.suspension_of(hospital, &registration).await?;
                            return Ok(AttendResponse::Refused { refusal, opens_at, suspension_id });
                        }
                    };
                    let id = CheckInId::new(self.fresh())?;
                    let terms = self.terms_hash(&caller.hospital)?.clone();
                    let new = check_in::New { id, terms, what, visit_id: request.visit_id.clone(), patient: request.patient_id.clone(), turn };
                    let expected = known.map(|(_, ver)| ver);
                    let body = serde_json::to_vec(&id).map_err(|_| Error::internal("ids serialise"))?;
                    let expires = Some(registration.ends_at.plus_millis(7 * 86_400_000));
                    let record = Record { kind: RecordKind::CheckIn, key: record_key.clone(), ver: expected.unwrap_or(0).saturating_add(1), expires, body };
                    let mut event = Event::new(&caller.actor, Root::Births(vec![New::CheckIn(new)]), source.clone());
                    event.records = vec![RecordWrite { record, expected }];
                    (id, event)
                }
            };
            match self.command(hospital, event, &|changes| accepted(changes, id)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Applied::Refused(refusal))) => return Ok(AttendResponse::Refused { refusal, opens_at: None, suspension_id: None }),
                Ok(Err(_)) => return Err(Error::internal("a press is answered")),
                // Another press for this registration was a moment faster; this one becomes its repeat.
                Err(error) if error.code() == Code::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// The check-in that a registration has here, with the version of its record.
    async fn present(&self, hospital: &Hospital, record_key: &str) -> Result<Option<(CheckIn, u32)>> {
        let Some(record) = self.inner.store.record(&hospital.id, RecordKind::CheckIn, record_key).await?.filter(|record| record.lives(self.now())) else { return Ok(None) };
        let id: CheckInId = crate::json::read_bytes(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "check_in"))?;
        Ok(Some((self.load_check_in(hospital, id).await?, record.ver)))
    }

    async fn load_check_in(&self, hospital: &Hospital, id: CheckInId) -> Result<CheckIn> {
        match self.inner.store.load(&hospital.id, &[Key::CheckIn(id)]).await?.pop() {
            Some(Row::CheckIn(check_in)) => Ok(check_in),
            Some(_) | None => Err(Error::new(Code::NotFound)),
        }
    }

    /// HIS's list may lag behind what HIS told us: a place that is known is shown.
    async fn with_place(&self, hospital: &Hospital, registration: Registration) -> Result<(Registration, Option<CheckInId>)> {
        let record_key = self.code_secret(hospital).await?.place_key(Attend::CheckIn, &registration.visit_id)?;
        let known = self.present(hospital, &record_key).await?;
        let Some((check_in, _)) = known.filter(|(c, _)| c.patient == registration.patient_id && c.st != CheckInSt::Refused) else { return Ok((registration, None)) };
        let placed = check_in.ticket.filter(|_| check_in.st == CheckInSt::Done && matches!(registration.standing, Standing::Booked | Standing::Numbered));
        let registration = match placed {
            Some(ticket) => Registration { standing: Standing::CheckedIn, queue: Some(ticket), ..registration },
            None => registration,
        };
        Ok((registration, Some(check_in.id)))
    }

    async fn own_registration(&self, hospital: &Hospital, patient: &PatientId, visit: &VisitId) -> Result<Registration> {
        let today = self.now().biz_date();
        let all = self.read_registrations(hospital, patient, today).await?;
        all.into_iter().find(|r| &r.visit_id == visit).ok_or_else(|| Error::new(Code::NotFound).with("field", "visit_id"))
    }

    async fn read_registrations(&self, hospital: &Hospital, patient: &PatientId, date: BizDate) -> Result<Vec<Registration>> {
        let HisAnswer::Registrations(all) = self.read_his(hospital, HisCall::Registrations { patient: patient.clone(), date }).await? else {
            return Err(Error::new(Code::HisAnswer).with("call", "his.registrations"));
        };
        // HIS names only what was asked for; a stranger's registration must not slip through.
        if all.iter().any(|r| &r.patient_id != patient || r.date != date) {
            return Err(Error::new(Code::HisAnswer).with("call", "his.registrations").with("problem", "another patient or day than asked for"));
        }
        Ok(all)
    }

    async fn suspension_of(&self, hospital: &Hospital, registration: &Registration) -> Result<Option<SuspensionId>> {
        if registration.standing != Standing::Stopped {
            return Ok(None);
        }
        let all = self.suspensions_of(hospital, &registration.patient_id).await?;
        Ok(all.iter().find(|s| s.registration.visit_id == registration.visit_id).map(|s| s.id))
    }
}

fn accepted(changes: &Changes, id: CheckInId) -> Result<AttendResponse> {
    let Some((Row::CheckIn(check_in), _)) = changes.rows.get(&Key::CheckIn(id)) else { return Err(Error::internal("a press names its check-in")) };
    Ok(AttendResponse::Accepted { check_in_id: id, st: check_in.st.code().to_owned(), ticket: check_in.ticket.clone() })
}

fn progress(check_in: CheckIn) -> VisitProgressResponse {
    let (text, next) = match check_in.st {
        CheckInSt::Asking if check_in.base.attention.is_some() => ("结果尚未确认", "请到分诊台确认，无需重复操作"),
        CheckInSt::Asking => ("正在办理", "请稍候，无需重复操作"),
        CheckInSt::Done if check_in.what == Attend::TakeNumber => ("取号成功", "请按时到候诊区签到"),
        CheckInSt::Done => ("签到成功", "请到候诊区等候叫号"),
        CheckInSt::Refused => ("未能办理", "请到分诊台或窗口办理"),
        CheckInSt::Held => ("结果需要人工确认", "请到分诊台确认"),
    };
    VisitProgressResponse {
        check_in_id: check_in.id,
        visit_id: check_in.visit_id,
        what: check_in.what,
        st: check_in.st.code().to_owned(),
        ticket: check_in.ticket,
        turn: check_in.turn,
        text: text.to_owned(),
        next: next.to_owned(),
    }
}
