//! Page 12: how the patient is insured, what he has designated, his authorisation, and the beginning of an insured payment. On a
//! kiosk: why this is done on a phone, and how to get there.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use menjie::Timestamp;
use menjie::error::{Code, Error};
use menjie::ident::{ChannelCode, QuoteId, RequestKey};
use menjie::insurance::{Designation, DesignationState};
use menjie::payment::Method;
use menjie::service::{BillView, DesignationView, InsuranceBindingRequest, InsuranceBindingResponse, PayRequest, PayResponse, QuoteRequest, QuoteResponse, UnpaidRequest};
use serde::Deserialize;

use super::answer::{self, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::qr;
use super::texts::Texts;
use super::unpaid;
use super::visit::Signed;
use crate::app::App;
use crate::detached::detached;
use crate::input::Asked;
use crate::session::grant::{self, Spent};
use crate::token;

/// What happened before the page is shown, as a word in its address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Nothing that must be said.
    #[default]
    Nothing,
    /// He did not agree, or it was too late.
    Cancelled,
    /// Somebody else agreed.
    Other,
    /// What he agreed to is used or expired.
    Spent,
    /// The insurer does not answer.
    Down,
}

impl Told {
    /// The page's address that says it.
    pub fn address(self) -> String {
        let word = match self {
            Told::Nothing => return "/insurance".to_owned(),
            Told::Cancelled => "cancelled",
            Told::Other => "other",
            Told::Spent => "spent",
            Told::Down => "down",
        };
        format!("/insurance?told={word}")
    }

    fn words(self, t: &Texts) -> Option<(String, String)> {
        let (text, next) = match self {
            Told::Nothing => return None,
            Told::Cancelled => (&t.insured_cancelled, &t.insured_cancelled_text),
            Told::Other => (&t.insured_other, &t.insured_other_text),
            Told::Spent => (&t.insured_spent, &t.insured_spent_text),
            Told::Down => (&t.insured_down, &t.insured_down_text),
        };
        Some((text.to_string(), next.to_string()))
    }
}

/// Query of the page.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    told: Told,
}

/// An insured person, masked.
pub struct Insured {
    name: String,
    id_no: String,
    kind: String,
    designated: Option<Designated>,
}

/// Where he may go, and how this hospital stands.
pub struct Designated {
    text: String,
    /// This hospital, or none is needed.
    good: bool,
    /// He may register one himself.
    open: bool,
    /// Name and validity.
    rows: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "insurance.html")]
struct Binding {
    f: Frame,
    /// What must be said first.
    told: Option<(String, String)>,
    insured: Option<Insured>,
    /// Nobody who could authorise: without an account, or nothing to authorise with.
    needs_login: bool,
    /// Until when he has authorised.
    granted: Option<String>,
    register_url: Option<String>,
    key: String,
}

#[derive(Template)]
#[template(path = "insurance_guide.html")]
struct Guide {
    f: Frame,
    code: Option<String>,
}

/// Does this hospital take insured payments on phones?
pub fn offered(app: &App) -> Page<bool> {
    Ok(app.engine().authorise_url(app.hospital(), "-", "-")?.is_some())
}

/// Is it the insurer who does not answer, or cannot be understood?
pub fn is_away(error: &Error) -> bool {
    matches!(error.code(), Code::InsurerUnreachable | Code::InsurerAnswer)
}

/// `GET /h5/insurance`.
pub async fn page(State(app): State<App>, Signed { visit, session }: Signed, Asked(wanted): Asked<Wanted>) -> Page<Response> {
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    let t = f.t();
    let mut told = wanted.told.words(t);
    let insured = match app.engine().insurance_binding(&session.caller, &InsuranceBindingRequest { patient_id: session.patient.clone() }).await {
        Ok(InsuranceBindingResponse::Insured { name, id_no, insurance_name, designation, .. }) => {
            Some(Insured { name, id_no, kind: insurance_name, designated: designation.map(|designation| designated(t, designation)) })
        }
        Ok(InsuranceBindingResponse::Refused { refusal }) => {
            told = Some((refusal.text, refusal.next));
            None
        }
        Err(error) if is_away(&error) => {
            told = Told::Down.words(t);
            None
        }
        Err(error) => return Err(error.into()),
    };
    let granted = session.granted_until.map(Timestamp::clock);
    let register_url = app.pages().settings.h5.designation_url.clone();
    answer::page(&Binding { told, needs_login: session.payer.is_none(), granted, register_url, key: fresh_key(&app), insured, f })
}

/// Why there is nothing to pay with insurance now.
enum Not {
    /// Something else comes first: its address.
    Now(String),
    /// The list says why, when there is more to say than what stands on it.
    Payable(Option<(String, String)>),
}

/// `POST /h5/insurance/pay`: the first insured bill is quoted with what he has authorised, and its payment is taken on. Pressed
/// twice, it is the same payment, also for the press whose HIS or insurer was the slower one: whatever stood in its way, the
/// other one may have cleared it.
pub async fn pay(State(app): State<App>, signed: Signed, fields: Fields) -> Page<Response> {
    let key = RequestKey::new(fields.one("key").ok_or_else(|| Error::field("key", "is missing"))?)?;
    let token = signed.visit.token.clone().unwrap_or_default();
    let Some(payer) = signed.session.payer.clone() else { return Ok(answer::see(&signed.visit.at("/insurance"))) };
    let quote_id = match grant::spent(&app, &token, &key).await? {
        Some(first) => first,
        None => {
            let quoted = quote(&app, &signed, &token).await;
            let taken = match &quoted {
                Ok(Ok(quote_id)) => grant::spend(&app, &token, &Spent { key: key.clone(), quote: *quote_id }).await?,
                Ok(Err(_)) | Err(_) => grant::spent(&app, &token, &key).await?,
            };
            match (taken, quoted) {
                (Some(quote_id), _) => quote_id,
                (None, Ok(Ok(_))) => return Ok(answer::see(&signed.visit.at(&Told::Spent.address()))),
                (None, Ok(Err(Not::Now(address)))) => return Ok(answer::see(&signed.visit.at(&address))),
                (None, Ok(Err(Not::Payable(why)))) => return unpaid::show(&app, signed, why).await,
                (None, Err(error)) => return Err(error.into()),
            }
        }
    };
    let request = PayRequest { key, quote_id, bill_ids: Vec::new(), channel: ChannelCode::new("wechat")?, method: Method::Jsapi { payer } };
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    match detached(async move { asked.engine().pay(&caller, &request).await }).await? {
        PayResponse::Accepted { payment_id, .. } => Ok(answer::see(&signed.visit.at(&format!("/pre/{payment_id}")))),
        PayResponse::Refused { refusal } => unpaid::show(&app, signed, Some((refusal.text, refusal.next))).await,
    }
}

/// Quotes the first insured bill with what he has authorised; that stays as it is.
async fn quote(app: &App, signed: &Signed, token: &str) -> Result<Result<QuoteId, Not>, Error> {
    let (patient_id, caller) = (signed.session.patient.clone(), signed.session.caller.clone());
    let listed = app.engine().unpaid(&caller, &UnpaidRequest { patient_id: patient_id.clone() }).await?;
    let bills: Vec<BillView> = listed.visits.into_iter().flat_map(|visit| visit.bills).collect();
    let Some(bill) = bills.iter().find(|bill| bill.insured) else {
        let under_way = bills.iter().find_map(|bill| bill.payment_id);
        return Ok(Err(under_way.map_or(Not::Payable(None), |payment| Not::Now(format!("/pay/{payment}")))));
    };
    let Some(authorisation) = grant::look(app, token).await? else { return Ok(Err(Not::Now("/insurance".to_owned()))) };
    let request = QuoteRequest { patient_id, bill_ids: vec![bill.bill_id.clone()], insurance: Some(authorisation) };
    let asked = app.clone();
    match detached(async move { asked.engine().quote(&caller, &request).await }).await {
        Ok(QuoteResponse::Quoted { quote_id, .. }) => Ok(Ok(quote_id)),
        Ok(QuoteResponse::Refused { refusal }) => Ok(Err(Not::Payable(Some((refusal.text, refusal.next))))),
        Err(error) if is_away(&error) => Ok(Err(Not::Now(Told::Down.address()))),
        Err(error) => Err(error),
    }
}

/// `GET /k/insurance`: a code that leads a phone to the same list.
pub async fn guide(State(app): State<App>, Signed { visit, session }: Signed) -> Page<Response> {
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    let code = match &app.pages().settings.h5.public_url {
        Some(url) => Some(qr::svg(&format!("{url}/h5"), &f.t().insured_scan_label)?),
        None => None,
    };
    answer::page(&Guide { code, f })
}

/// A key for one command.
pub fn fresh_key(app: &App) -> String {
    token::fresh(app.entropy()).reveal().chars().take(32).collect()
}

fn designated(t: &Texts, view: DesignationView) -> Designated {
    let row = |row: Designation| {
        let until = row.until.map_or_else(|| t.insured_valid_long.to_string(), menjie::BizDate::in_chinese);
        (row.institution_name, format!("{} — {until}", row.from.in_chinese()))
    };
    Designated {
        text: view.text,
        good: matches!(view.state, DesignationState::Here | DesignationState::NotNeeded),
        open: matches!(view.state, DesignationState::FileYourself | DesignationState::MayFile | DesignationState::Elsewhere),
        rows: view.designated.into_iter().map(row).collect(),
    }
}
