//! `patient.register`, `patient.filing`: the first visit (首诊建档). A document that is filed already gets no second file, and
//! typing somebody's document lets nobody into a file that was there before.

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::{Engine, Hospital};
use super::request::request_source;
use crate::access::{Caller, Private};
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::ident::{FilingId, HospitalId, PatientId, RequestKey};
use crate::identity::belongs_to;
use crate::patient::{DocumentKind, Record, plain_number};
use crate::port::{DocumentRef, HisAnswer, HisCall, Record as Kept, RecordKind, RecordWrite, Source};
use crate::validate::{Issue, ValidateRequest, ValidateResponse};
use crate::workflow::fold::{Changes, Root};
use crate::workflow::{Event as MachineEvent, Filing, FilingSt, Key, New, Refusal, Row, filing};

/// So often a press is repeated when another one was a moment faster.
const RACES: u32 = 8;
/// The longest wait, in milliseconds.
const MAX_WAIT_MS: u32 = 30_000;
/// Whoever waits looks so often.
const LOOK_MS: i64 = 300;
/// What became of a filing is remembered for a day; then HIS knows the file.
const REMEMBER_MS: i64 = 86_400_000;

/// Request of `patient.register`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// Client-made key; the same key with the same request gives the same answer.
    pub key: RequestKey,
    /// The record as it was typed. What the document tells (birth date, sex, nationality) may be left out.
    pub record: Record,
}

/// Response of `patient.register`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum RegisterResponse {
    /// Taken on; read on with `patient.filing`.
    Accepted {
        /// The filing; the same record again gets the same one.
        filing_id: FilingId,
        /// Its state then.
        st: String,
    },
    /// The record is not complete or not right.
    Invalid {
        /// What must be changed.
        errors: Vec<Issue>,
        /// What may be looked at again.
        warnings: Vec<Issue>,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// Request of `patient.filing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FilingRequest {
    /// Which filing.
    pub filing_id: FilingId,
    /// Wait up to this long for HIS's answer, in milliseconds (at most 30,000).
    #[serde(default)]
    pub wait_ms: u32,
}

/// Response of `patient.filing`: for the host, which makes a session of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FilingResponse {
    /// Which filing.
    pub filing_id: FilingId,
    /// Its state.
    pub st: String,
    /// Whose file was made. Absent when the file was there before: he has to identify himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_id: Option<PatientId>,
    /// Nothing changes any more without a person.
    pub over: bool,
    /// What the patient reads.
    pub text: String,
    /// What to do next.
    pub next: String,
}

impl Engine {
    /// Opens a file for somebody who has none. Waits for HIS only to learn whether he has.
    pub async fn register(&self, hospital: &HospitalId, request: &RegisterRequest) -> Result<RegisterResponse> {
        let caller = Caller::newcomer(hospital.clone());
        let hospital = self.hospital(hospital)?;
        if !hospital.his.traits().open_file {
            return Err(Error::new(Code::NotFound).with("field", "hospital").with("problem", "opens no files here"));
        }
        let source = request_source(&caller, &request.key, "patient.register", request)?;
        self.once(&caller, &source, self.open_file(hospital, &caller, request, &source)).await
    }

    async fn open_file(&self, hospital: &Hospital, caller: &Caller, request: &RegisterRequest, source: &Source) -> Result<RegisterResponse> {
        let (record, found) = self.reviewed(hospital, &request.record)?;
        if !found.valid {
            return Ok(RegisterResponse::Invalid { errors: found.errors, warnings: found.warnings });
        }
        let bytes = serde_json::to_vec(&record).map_err(|_| Error::internal("records serialise"))?;
        let fingerprint = gm::hex(&gm::sm3(&bytes));
        let name = self.filing_name(hospital, &record, &fingerprint).await?;
        for _ in 0..RACES {
            let known = self.filing_of(hospital, &name).await?;
            let (id, event) = match &known {
                // It is answered by its own key only: knowing a record lets nobody into the file.
                Some((filing, _)) if filing.st == FilingSt::Filed => return Ok(RegisterResponse::Refused { refusal: has_one() }),
                Some((filing, _)) if filing.st != FilingSt::Refused => {
                    // Another record under the same document is somebody else's press.
                    if filing.fingerprint != fingerprint {
                        return Ok(refused("filing_under_way", "该证件正在建档", "请稍候再试；如非本人操作，请到窗口核对"));
                    }
                    let root = Root::Command(Key::Filing(filing.id), MachineEvent::Filing(filing::Event::Again));
                    (filing.id, Event::new(&caller.actor, root, source.clone()))
                }
                Some(_) | None => {
                    if let Some(refusal) = self.has_file(hospital, &record).await? {
                        return Ok(RegisterResponse::Refused { refusal });
                    }
                    let id = FilingId::new(self.fresh())?;
                    let terms = self.terms_hash(&hospital.id)?.clone();
                    let new = filing::New { id, terms, record: record.clone(), fingerprint: fingerprint.clone() };
                    let expected = known.map(|(_, ver)| ver);
                    let body = serde_json::to_vec(&id).map_err(|_| Error::internal("ids serialise"))?;
                    let expires = Some(self.now().plus_millis(REMEMBER_MS));
                    let kept = Kept { kind: RecordKind::Filing, key: name.clone(), ver: expected.unwrap_or(0).saturating_add(1), expires, body };
                    let mut event = Event::new(&caller.actor, Root::Births(vec![New::Filing(Box::new(new))]), source.clone());
                    event.records = vec![RecordWrite { record: kept, expected }];
                    (id, event)
                }
            };
            match self.command(hospital, event, &|changes| accepted(changes, id)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Applied::Refused(refusal))) => return Ok(RegisterResponse::Refused { refusal }),
                Ok(Err(_)) => return Err(Error::internal("a press is answered")),
                // Another press for this document was a moment faster; this one becomes its repeat.
                Err(error) if error.code() == Code::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    /// How far a filing is. The host shows it only to whoever made it.
    pub async fn filing(&self, hospital: &HospitalId, request: &FilingRequest) -> Result<FilingResponse> {
        if request.wait_ms > MAX_WAIT_MS {
            return Err(Error::field("wait_ms", "must be at most 30000"));
        }
        let hospital = self.hospital(hospital)?;
        let until = self.now().plus_millis(i64::from(request.wait_ms));
        loop {
            let filing = self.load_filing(hospital, request.filing_id).await?;
            if filing.st != FilingSt::Asking || filing.base.attention.is_some() || self.now() >= until {
                return Ok(told(filing));
            }
            self.inner.clock.sleep_until(until.min(self.now().plus_millis(LOOK_MS))).await;
        }
    }

    /// A record, finished or not, with what its document tells and its number normalised, and what this hospital's rules say of
    /// it: for forms. Nothing is asked and nothing is kept.
    pub fn review_record(&self, hospital: &HospitalId, given: &Record) -> Result<(Record, ValidateResponse)> {
        self.reviewed(self.hospital(hospital)?, given)
    }

    fn reviewed(&self, hospital: &Hospital, given: &Record) -> Result<(Record, ValidateResponse)> {
        let ask = |record: Record| {
            let rules = hospital.terms.registration.clone();
            ValidateRequest { record, today: self.now().biz_date(), rules, known_files: Vec::new(), phone_used_by: None, overrides: Vec::new() }.run()
        };
        let derived = ask(given.clone())?.derived;
        let mut record = given.clone();
        record.id_no = Private::new(plain_number(given.id_no.reveal()));
        if let (true, Some(birth)) = (record.birth_date.reveal().is_empty(), derived.birth_date) {
            record.birth_date = Private::new(birth.to_string());
        }
        if let (true, Some(sex)) = (record.sex.is_empty(), derived.sex) {
            record.sex = sex;
        }
        if let (true, Some(nationality)) = (record.nationality.is_empty(), derived.nationality) {
            record.nationality = nationality;
        }
        let found = ask(record.clone())?;
        Ok((record, found))
    }

    /// The name of the record of a document's present filing: keyed, because document numbers are found from a plain hash.
    async fn filing_name(&self, hospital: &Hospital, record: &Record, fingerprint: &str) -> Result<String> {
        let kind = DocumentKind::of(&record.id_type, &record.id_subtype);
        match kind {
            // Nobody's document: only the same record is the same person.
            None | Some(DocumentKind::None) => Ok(fingerprint.to_owned()),
            Some(_) => self.code_secret(hospital).await?.document_key(&record.id_type, &record.id_subtype, &record.id_no),
        }
    }

    /// Whoever has a file is told to identify himself; a document that is filed under another name goes to the window.
    async fn has_file(&self, hospital: &Hospital, record: &Record) -> Result<Option<Refusal>> {
        if DocumentKind::of(&record.id_type, &record.id_subtype).is_none_or(|kind| kind == DocumentKind::None) {
            return Ok(None);
        }
        let HisAnswer::FindFiles(files) = self.read_his(hospital, HisCall::FindFiles { document: DocumentRef::from(record) }).await? else {
            return Err(Error::new(Code::HisAnswer).with("call", "his.find_files"));
        };
        Ok(if files.is_empty() {
            None
        } else if files.iter().any(|file| belongs_to(file, &record.id_no, &record.name)) {
            Some(has_one())
        } else {
            Some(Refusal::new("file_differs", "该证件号码已用于其他档案", "请到窗口核对档案"))
        })
    }

    async fn filing_of(&self, hospital: &Hospital, name: &str) -> Result<Option<(Filing, u32)>> {
        let Some(record) = self.inner.store.record(&hospital.id, RecordKind::Filing, name).await?.filter(|record| record.lives(self.now())) else { return Ok(None) };
        let id: FilingId = crate::json::read_bytes(&record.body).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "filing"))?;
        Ok(Some((self.load_filing(hospital, id).await?, record.ver)))
    }

    async fn load_filing(&self, hospital: &Hospital, id: FilingId) -> Result<Filing> {
        match self.inner.store.load(&hospital.id, &[Key::Filing(id)]).await?.pop() {
            Some(Row::Filing(filing)) => Ok(*filing),
            Some(_) | None => Err(Error::new(Code::NotFound)),
        }
    }
}

fn has_one() -> Refusal {
    Refusal::new("file_exists", "您已有就诊档案，无需重复建档", "请返回首页，选择证件或就诊卡登录")
}

fn refused(reason: &str, text: &str, next: &str) -> RegisterResponse {
    RegisterResponse::Refused { refusal: Refusal::new(reason, text, next) }
}

fn accepted(changes: &Changes, id: FilingId) -> Result<RegisterResponse> {
    let Some((Row::Filing(filing), _)) = changes.rows.get(&Key::Filing(id)) else { return Err(Error::internal("a press names its filing")) };
    Ok(RegisterResponse::Accepted { filing_id: id, st: filing.st.code().to_owned() })
}

fn told(filing: Filing) -> FilingResponse {
    let called = filing.base.attention.is_some();
    let (text, next) = match filing.st {
        FilingSt::Asking if called => ("结果尚未确认", "请到窗口确认，无需重复建档"),
        FilingSt::Asking => ("正在建档", "请稍候，无需重复提交"),
        FilingSt::Filed if filing.created => ("建档成功", "您可以继续办理业务"),
        FilingSt::Filed => ("您已有就诊档案，无需重复建档", "请返回首页，选择证件或就诊卡登录"),
        FilingSt::Refused => ("未能建档", "请核对信息后重试，或到窗口办理"),
        FilingSt::Held => ("结果需要人工确认", "请到窗口确认"),
    };
    FilingResponse {
        filing_id: filing.id,
        st: filing.st.code().to_owned(),
        over: filing.st != FilingSt::Asking || called,
        patient_id: filing.patient.filter(|_| filing.st == FilingSt::Filed && filing.created),
        text: text.to_owned(),
        next: next.to_owned(),
    }
}
