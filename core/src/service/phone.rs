//! `identity.send_code`, `identity.check_code`: a phone is proven by a code that was sent to it.

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Hospital};
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::HospitalId;
use crate::identity::{Checked, CodePurpose, CodeSecret, MobileNo, NoCode, PhoneCodes};
use crate::port::{Answer, Call, NotifyAnswer, NotifyCall, Outcome, Record, RecordKind, RecordWrite};
use crate::workflow::Refusal;

/// Where the hospital's secret for hashing phones lies, beside the phones themselves (which are 64 hex digits).
const SECRET: &str = "secret";
/// So often a try is repeated when somebody else wrote meanwhile.
const RACES: u32 = 16;

/// Request of `identity.send_code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SendCodeRequest {
    /// To which mobile number.
    pub phone: Private,
    /// What it will be asked for.
    pub purpose: CodePurpose,
}

/// Response of `identity.send_code`. It says nothing about whether the hospital knows the phone: nobody has looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum SendCodeResponse {
    /// On its way.
    Sent {
        /// Does the gateway say that it took the message?
        delivery: Delivery,
        /// The code is accepted until then.
        expires_at: Timestamp,
        /// The next one may be asked for then.
        resend_at: Timestamp,
    },
    /// Not now, or not to this number.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
        /// It may be asked for again then; missing when waiting does not help.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resend_at: Option<Timestamp>,
    },
}

/// What is known about a message. A gateway cannot be asked, so what is unknown stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The gateway took it.
    Taken,
    /// No answer came; it may arrive, and then its code is good.
    Unknown,
}

/// Request of `identity.check_code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckCodeRequest {
    /// Which phone it was sent to.
    pub phone: Private,
    /// What it was sent for.
    pub purpose: CodePurpose,
    /// What was typed.
    pub code: Private,
}

/// Response of `identity.check_code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum CheckCodeResponse {
    /// The phone is in his hand. The code is used up.
    Proven,
    /// Wrong, expired, used, or given up.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// The codes of a phone as they were read.
struct Kept {
    key: String,
    ver: Option<u32>,
    codes: PhoneCodes,
}

/// How a code is tried.
type Try = fn(&mut PhoneCodes, &CodeSecret, &MobileNo, CodePurpose, &Private, Timestamp) -> Result<Checked>;

impl Engine {
    /// Sends a one-time code. It is stored before it is sent, so that a code that arrives is good whatever happens to us.
    pub async fn send_code(&self, hospital: &HospitalId, request: &SendCodeRequest) -> Result<SendCodeResponse> {
        let phone = MobileNo::parse(&request.phone)?;
        let hospital = self.hospital(hospital)?;
        if !hospital.notifier.as_ref().is_some_and(|n| n.traits().sms) {
            return Err(Error::new(Code::NotFound).with("field", "hospital").with("problem", "has no message gateway"));
        }
        let secret = self.code_secret(hospital).await?;
        let now = self.now();
        let Kept { key, ver, codes: before } = self.load_codes(hospital, secret.key_of(&phone)?).await?;
        let mut codes = before.clone();
        let code = match codes.issue(&secret, &phone, request.purpose, now, self.inner.entropy.as_ref())? {
            Ok(code) => code,
            Err(no) => return Ok(not_now(no, now)),
        };
        match self.keep_codes(hospital, &key, ver, &codes, now).await {
            Ok(()) => {}
            // Another request for this phone was a moment faster; its message is on the way.
            Err(error) if error.code() == Code::Conflict => return Ok(not_now(NoCode::TooSoon(PhoneCodes::again(now)), now)),
            Err(error) => return Err(error),
        }
        let call = Call::Notify { call: NotifyCall::SmsCode { phone: phone.digits().clone(), code } };
        let sent = |delivery| SendCodeResponse::Sent { delivery, expires_at: PhoneCodes::until(now), resend_at: PhoneCodes::again(now) };
        match self.perform(hospital, &call, 1).await {
            Outcome::Done(Answer::Notify(NotifyAnswer::SmsCode)) => Ok(sent(Delivery::Taken)),
            Outcome::Done(_) | Outcome::Unknown(_) => Ok(sent(Delivery::Unknown)),
            Outcome::Refused(_) => {
                let refusal = Refusal::new("sms_refused", "短信未能发出", "请核对手机号，或改用其他方式");
                Ok(SendCodeResponse::Refused { refusal, resend_at: Some(PhoneCodes::again(now)) })
            }
            Outcome::Unsent(fault) => {
                // Nothing left, so nothing counts; when this cannot be written, the person waits for a minute.
                let _ = self.keep_codes(hospital, &key, Some(ver.unwrap_or(0).saturating_add(1)), &before, now).await;
                Err(Error::new(Code::NotifyUnreachable).with("call", call.name()).with("cause", fault.code))
            }
        }
    }

    /// Checks what was typed. Each try is written down before its result is told.
    pub async fn check_code(&self, hospital: &HospitalId, request: &CheckCodeRequest) -> Result<CheckCodeResponse> {
        self.try_code(hospital, request, PhoneCodes::check).await
    }

    /// The same, but a right code can be checked again, until [`Engine::check_code`] uses it up: for a host that asks HIS in
    /// between, which may be away.
    pub async fn compare_code(&self, hospital: &HospitalId, request: &CheckCodeRequest) -> Result<CheckCodeResponse> {
        self.try_code(hospital, request, PhoneCodes::compare).await
    }

    async fn try_code(&self, hospital: &HospitalId, request: &CheckCodeRequest, how: Try) -> Result<CheckCodeResponse> {
        let phone = MobileNo::parse(&request.phone)?;
        let hospital = self.hospital(hospital)?;
        let secret = self.code_secret(hospital).await?;
        let key = secret.key_of(&phone)?;
        for _ in 0..RACES {
            let now = self.now();
            let mut kept = self.load_codes(hospital, key.clone()).await?;
            let checked = how(&mut kept.codes, &secret, &phone, request.purpose, &request.code, now)?;
            if checked == Checked::NoneLive {
                return Ok(refused(checked));
            }
            match self.keep_codes(hospital, &key, kept.ver, &kept.codes, now).await {
                Ok(()) if checked == Checked::Right => return Ok(CheckCodeResponse::Proven),
                Ok(()) => return Ok(refused(checked)),
                Err(error) if error.code() == Code::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Code::Conflict))
    }

    async fn load_codes(&self, hospital: &Hospital, key: String) -> Result<Kept> {
        let Some(record) = self.inner.store.record(&hospital.id, RecordKind::PhoneCode, &key).await?.filter(|record| record.lives(self.now())) else {
            return Ok(Kept { key, ver: None, codes: PhoneCodes::default() });
        };
        let codes = crate::json::read_bytes(&record.body).map_err(|_| corrupt())?;
        Ok(Kept { key, ver: Some(record.ver), codes })
    }

    async fn keep_codes(&self, hospital: &Hospital, key: &str, expected: Option<u32>, codes: &PhoneCodes, now: Timestamp) -> Result<()> {
        let body = serde_json::to_vec(codes).map_err(|_| Error::internal("codes serialise"))?;
        let record = Record { kind: RecordKind::PhoneCode, key: key.to_owned(), ver: expected.unwrap_or(0).saturating_add(1), expires: Some(codes.expires(now)), body };
        self.housekeep(&hospital.id, vec![RecordWrite { record, expected }]).await
    }

    /// The hospital's secret for hashing phones and documents, drawn at the first use and kept sealed like every record.
    pub(super) async fn code_secret(&self, hospital: &Hospital) -> Result<CodeSecret> {
        for _ in 0..RACES {
            if let Some(record) = self.inner.store.record(&hospital.id, RecordKind::PhoneCode, SECRET).await? {
                return crate::json::read_bytes(&record.body).map_err(|_| corrupt());
            }
            let secret = CodeSecret::draw(self.inner.entropy.as_ref());
            let body = serde_json::to_vec(&secret).map_err(|_| Error::internal("secrets serialise"))?;
            let record = Record { kind: RecordKind::PhoneCode, key: SECRET.to_owned(), ver: 1, expires: None, body };
            match self.housekeep(&hospital.id, vec![RecordWrite { record, expected: None }]).await {
                Ok(()) => return Ok(secret),
                // Another replica drew one first: that one counts.
                Err(error) if error.code() == Code::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Code::Conflict))
    }
}

fn corrupt() -> Error {
    Error::new(Code::StoreCorrupt).with("record", "phone_code")
}

fn not_now(no: NoCode, now: Timestamp) -> SendCodeResponse {
    let (refusal, again) = match no {
        NoCode::TooSoon(again) => {
            let seconds = u64::try_from(again.since(now)).unwrap_or(0).div_ceil(1000);
            (Refusal::new("code_too_soon", "验证码已发送，请留意短信", &format!("如未收到，请{seconds}秒后再获取")), again)
        }
        NoCode::Hour(again) => (Refusal::new("code_limit", "该手机号获取验证码过于频繁", "请稍后再试，或改用其他方式"), again),
        NoCode::Day(again) => (Refusal::new("code_limit", "该手机号今日获取验证码次数已用完", "请改用其他方式，或明天再试"), again),
    };
    SendCodeResponse::Refused { refusal, resend_at: Some(again) }
}

fn refused(checked: Checked) -> CheckCodeResponse {
    let refusal = match checked {
        Checked::Wrong { left: 0 } => Refusal::new("code_given_up", "验证码错误次数过多，已失效", "请重新获取验证码"),
        Checked::Wrong { left } => Refusal::new("code_wrong", "验证码不正确", &format!("请核对后重试，还可尝试{left}次")),
        Checked::Right | Checked::NoneLive => Refusal::new("code_none", "验证码无效或已过期", "请重新获取验证码"),
    };
    CheckCodeResponse::Refused { refusal }
}
