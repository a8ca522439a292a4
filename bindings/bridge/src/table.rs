//! The operation table: one row per operation. A new operation is a request and a response beside its rule in the core,
//! a row here, and a vector or scenario in tests/vectors.

use menjie::error::Code;
use menjie::{Error, Result, access, bill, code, gm, insurance, invoice, patient, policy, reconcile, refund, report, service, validate};
use serde::Serialize;

use crate::echo::{EchoRequest, EchoResponse};
use crate::op::{Kind, Op, Reach, Run};
#[cfg(feature = "log")]
use crate::seal;
use crate::{session, strict};

/// What every operation may fail with.
pub const COMMON_ERRORS: &[Code] = &[Code::UnknownOperation, Code::BadRequest, Code::Internal, Code::Panicked];

/// Why an engine without a ledger changes nothing, and does not say what has been.
pub(crate) const NO_LEDGER: &str = "this engine has no ledger: it reads what HIS and the insurer tell, and pays, refunds and settles nothing";

/// What every operation over a store may fail with, besides.
macro_rules! engine_errors {
    ($($code:ident),*) => { &[$(Code::$code,)* Code::NotFound, Code::StoreFailed, Code::StoreBusy, Code::StoreUnknown, Code::StoreCorrupt] };
}

macro_rules! row {
    ($name:literal, $kind:ident, $reach:ident, $purpose:literal, $request:ty => $response:ty, $errors:expr, $run:expr) => {
        Op {
            name: $name,
            kind: Kind::$kind,
            reach: Reach::$reach,
            purpose: $purpose,
            errors: $errors,
            run: $run,
            #[cfg(feature = "schema")]
            request: |generator| <$request as schemars::JsonSchema>::json_schema(generator),
            #[cfg(feature = "schema")]
            response: |generator| <$response as schemars::JsonSchema>::json_schema(generator),
        }
    };
}

macro_rules! pure {
    ($name:literal, $reach:ident, $purpose:literal, $request:ty => $response:ty, [$($code:ident),*], $run:expr) => {
        row!($name, Pure, $reach, $purpose, $request => $response, &[$(Code::$code),*], Run::Alone(|text| {
            let run: fn($request) -> Result<$response> = $run;
            written(&run(strict::request(text)?)?)
        }))
    };
}

/// Keys and bodies lie in its request and response: never over a network.
#[cfg(feature = "log")]
macro_rules! local {
    ($name:literal, $purpose:literal, $request:ty => $response:ty, [$($code:ident),*], $read:ident) => {
        row!($name, Local, HostOnly, $purpose, $request => $response, &[$(Code::$code),*], Run::Alone(|text| {
            let request: $request = strict::$read(text)?;
            let response: $response = request.run()?;
            written(&response)
        }))
    };
}

/// What acts, or tells what the ledger holds. Without a ledger nothing can be acted upon, and "nothing was paid" would be no truth; so it
/// is refused unread, and is not compiled.
#[cfg(feature = "engine")]
macro_rules! with_ledger {
    ($engine:ident, $caller:ident, $text:ident, $acts:expr) => {
        Run::Engine(|$engine, $caller, $text| Box::pin(async move { written(&$acts) }))
    };
}

#[cfg(not(feature = "engine"))]
macro_rules! with_ledger {
    ($engine:ident, $caller:ident, $text:ident, $acts:expr) => {
        Run::Engine(|_, _, _| Box::pin(std::future::ready(Err(Error::new(Code::StoreFailed).with("cause", NO_LEDGER)))))
    };
}

macro_rules! engine {
    ($name:literal, Command, $reach:ident, $purpose:literal, $request:ty => $response:ty, [$($code:ident),*], $read:ident, $method:ident) => {
        row!($name, Command, $reach, $purpose, $request => $response, engine_errors!($($code),*), with_ledger!(engine, caller, text, engine.$method(caller, &strict::$read(text)?).await?))
    };
    ($name:literal, Ledger, $reach:ident, $purpose:literal, $request:ty => $response:ty, [$($code:ident),*], $read:ident, $method:ident) => {
        row!($name, Read, $reach, $purpose, $request => $response, engine_errors!($($code),*), with_ledger!(engine, caller, text, engine.$method(caller, &strict::$read(text)?).await?))
    };
    ($name:literal, Read, $reach:ident, $purpose:literal, $request:ty => $response:ty, [$($code:ident),*], $read:ident, $method:ident) => {
        row!($name, Read, $reach, $purpose, $request => $response, engine_errors!($($code),*), Run::Engine(|engine, caller, text| Box::pin(async move {
            let request: $request = strict::$read(text)?;
            let response: $response = engine.$method(caller, &request).await?;
            written(&response)
        })))
    };
}

/// What only a server can do: an engine that forwards knows its routes.
macro_rules! session {
    ($name:literal, $purpose:literal, $request:ty => $response:ty, [$($code:ident),*]) => {
        row!($name, Session, HostOnly, $purpose, $request => $response, &[Code::BadField, Code::ServerUnreachable, Code::ServerUnknown $(, Code::$code)*], Run::Alone(session::nowhere))
    };
}

fn written<T: Serialize>(response: &T) -> Result<String> {
    serde_json::to_string(response).map_err(|_| Error::internal("responses serialise"))
}

static TABLE: &[Op] = &[
    pure!("age.at", Network, "Says how old somebody is on a day, in years, months and days, and as the text for a record.",
        patient::AgeRequest => patient::AgeResponse, [BadField], |q| q.run()),
    engine!("attention.list", Ledger, Network, "Lists what needs a person: held or overdue machines of one kind.",
        service::AttentionListRequest => service::AttentionListResponse, [], request, attention_list),
    engine!("attention.resolve", Command, Network, "Applies what a person decided about a machine, with the evidence.",
        service::AttentionResolveRequest => service::AttentionResolveResponse, [BadField, KeyReused, Conflict], exact, attention_resolve),
    engine!("audit.run", Ledger, Network, "Checks the invariants that are visible at rest over the whole store of a hospital.",
        service::AuditRunRequest => service::AuditReport, [], request, audit),
    pure!("bill.group", Network, "Groups the unpaid charge lines of one patient into bills, by visit, then by executing department.",
        bill::GroupRequest => bill::GroupResponse, [BadField, AmountRange, MixedPatients, UnknownVisit, DuplicateLine, LineAmount, BadPolicy], |q| q.run()),
    pure!("bill.total", Network, "Totals lines by the hospital's rounding rules.",
        bill::TotalRequest => bill::TotalResponse, [AmountRange, LineAmount], |q| q.run()),
    #[cfg(feature = "pay-wechat")]
    pure!("channel.wechat.verify", HostOnly, "Verifies and reads a WeChat Pay callback from its raw bytes.",
        menjie_pay_wechat::verify::VerifyRequest => menjie_pay_wechat::verify::VerifyResponse, [BadField, BadSignature, StaleMessage, BadKey, SealBroken, ChannelAnswer], |q| menjie_pay_wechat::verify::run(&q)),
    pure!("charge.validate", Network, "Checks charge lines by every rule; tells all that is wrong, not only the first.",
        validate::ChargeRequest => validate::ChargeResponse, [], |q| q.run()),
    pure!("code.list", Network, "Lists a national code table.",
        code::ListRequest => code::ListResponse, [BadField], |q| q.run()),
    pure!("code.lookup", Network, "Finds the name of a code, or the code of a name, in a national code table.",
        code::LookupRequest => code::LookupResponse, [BadField], |q| q.run()),
    pure!("code.map", Network, "Says how another system writes a code, or why it has none for it.",
        code::MapRequest => code::MapResponse, [BadField], |q| q.run()),
    pure!("crypto.sm2_sign", HostOnly, "Signs bytes with SM2 (GM/T 0009); the same key and bytes give the same signature.",
        gm::Sm2SignRequest => gm::Sm2SignResponse, [BadField, BadKey], |q| q.run()),
    pure!("crypto.sm2_verify", HostOnly, "Says whether an SM2 signature of bytes holds.",
        gm::Sm2VerifyRequest => gm::Sm2VerifyResponse, [BadField, BadKey], |q| q.run()),
    pure!("crypto.sm3", HostOnly, "Hashes bytes with SM3.",
        gm::Sm3Request => gm::Sm3Response, [BadField], |q| q.run()),
    pure!("crypto.sm4_gcm_open", HostOnly, "Opens what was sealed with SM4-GCM; any change is refused.",
        gm::Sm4GcmOpenRequest => gm::Sm4GcmOpenResponse, [BadField, BadKey, SealBroken], |q| q.run()),
    pure!("crypto.sm4_gcm_seal", HostOnly, "Seals bytes with SM4-GCM. A nonce must never repeat under one key.",
        gm::Sm4GcmSealRequest => gm::Sm4GcmSealResponse, [BadField, BadKey], |q| q.run()),
    pure!("echo", Network, "Gives back what it got, to test a host's marshalling.",
        EchoRequest => EchoResponse, [], |q| Ok(q.run())),
    pure!("id_document.check", Network, "Checks the number of an identity document and reads what it tells: birth date, sex, nationality.",
        patient::DocumentCheckRequest => patient::DocumentCheckResponse, [BadField], |q| q.run()),
    row!("identity.check_code", Command, HostOnly, "Checks a one-time code that was sent to a phone. Each try counts, a right one is used up.",
    service::CheckCodeRequest => service::CheckCodeResponse, engine_errors!(BadField, Conflict), with_ledger!(engine, caller, text, engine.check_code(&caller.hospital, &strict::request(text)?).await?)),
    row!("identity.login", Command, HostOnly, "Asks WeChat who came through the official account; the host makes an account session of it.",
    service::LoginRequest => service::LoginResponse, engine_errors!(BadField, NotifyUnreachable, NotifyAnswer), Run::Engine(|engine, caller, text| Box::pin(async move {
        written(&engine.login(&caller.hospital, &strict::request(text)?).await?)
    }))),
    row!("identity.send_code", Command, HostOnly, "Sends a one-time code to a phone. The answer does not tell whether anybody has this phone.",
    service::SendCodeRequest => service::SendCodeResponse, engine_errors!(BadField, Conflict, NotifyUnreachable), with_ledger!(engine, caller, text, engine.send_code(&caller.hospital, &strict::request(text)?).await?)),
    engine!("insurance.authorise", Command, HostOnly, "Takes what a patient has authorised on the national page; the host keeps it sealed and uses it once. Another person's is refused.",
        service::AuthoriseRequest => service::AuthoriseResponse, [BadField, HisUnreachable, HisAnswer, InsurerUnreachable, InsurerAnswer], request, authorise),
    engine!("insurance.binding", Read, Network, "How a patient is insured, and which institutions he has designated. Waits for HIS and the insurer.",
        service::InsuranceBindingRequest => service::InsuranceBindingResponse, [HisUnreachable, HisAnswer, InsurerUnreachable, InsurerAnswer], request, insurance_binding),
    pure!("insurance.check_split", Network, "Checks that an insured settlement's split closes (H-1 to H-6, I-1 to I-5, W-1 to W-3) and says its parts.",
        insurance::CheckSplitRequest => insurance::CheckSplitResponse, [BadField, AmountRange], |q| q.run()),
    pure!("insurance.notice", Network, "The notice before an insured payment: until which day it can be refunded.",
        insurance::NoticeRequest => insurance::Notice, [BadPolicy], |q| q.run()),
    pure!("insurance.validate", Network, "Checks an upload of insured fees before it is sent to the insurer.",
        validate::UploadRequest => validate::UploadResponse, [], |q| q.run()),
    pure!("invoice.amount_in_words", Network, "Writes an amount in Chinese capital words (大写金额).",
        invoice::AmountInWordsRequest => invoice::AmountInWordsResponse, [], |q| q.run()),
    pure!("invoice.check_split", Network, "Checks the two money splits on a ticket: who paid, and how the patient's share is borne.",
        invoice::CheckSplitRequest => invoice::CheckSplitResponse, [BadField, AmountRange], |q| q.run()),
    pure!("name.match", Network, "Says whether two systems mean the same name: dots, blanks, width, rare characters.",
        patient::MatchRequest => patient::MatchResponse, [], |q| q.run()),
    row!("patient.filing", Read, HostOnly, "How far the filing of a first visit is; may wait for HIS's answer. The host shows it only to whoever made it.",
    service::FilingRequest => service::FilingResponse, engine_errors!(BadField), with_ledger!(engine, caller, text, engine.filing(&caller.hospital, &strict::request(text)?).await?)),
    row!("patient.identify", Read, HostOnly, "Finds a patient in HIS by what he shows; the host makes a session of it.",
    service::IdentifyRequest => service::IdentifyResponse, engine_errors!(BadField, HisUnreachable, HisAnswer, InsurerUnreachable, InsurerAnswer, HealthCodeUnreachable, HealthCodeAnswer), Run::Engine(|engine, caller, text| Box::pin(async move {
        written(&engine.identify(&caller.hospital, &strict::request(text)?).await?)
    }))),
    row!("patient.register", Command, HostOnly, "Files somebody at his first visit; a document that has a file gets no second one. Waits for HIS to learn whether it has.",
    service::RegisterRequest => service::RegisterResponse, engine_errors!(BadField, KeyReused, Conflict, HisUnreachable, HisAnswer), with_ledger!(engine, caller, text, engine.register(&caller.hospital, &strict::exact(text)?).await?)),
    pure!("patient.validate", Network, "Checks the record of a first visit by every rule, and derives what follows from it.",
        validate::ValidateRequest => validate::ValidateResponse, [BadField], |q| q.run()),
    pure!("patient.validate_batch", Network, "Checks many records of first visits; issues by row.",
        validate::BatchRequest => validate::BatchResponse, [BadField], |q| q.run()),
    engine!("payment.accept", Command, Network, "Takes the patient's agreement to what the insurer pays, after he has seen the notice.",
        service::PaymentAcceptRequest => service::PaymentAcceptResponse, [KeyReused, Conflict], exact, accept),
    engine!("payment.cancel", Command, Network, "Gives a payment up: its order is closed, with proof.",
        service::PaymentCancelRequest => service::PaymentCancelResponse, [KeyReused, Conflict], exact, cancel),
    pure!("policy.check", Network, "Checks a policy document and says what it means with its defaults.",
        policy::CheckRequest => policy::CheckResponse, [BadPolicy], |q| q.run()),
    engine!("reconcile.day", Command, Network, "Reconciles a day of a channel: fetches every side, tells the machines what bills prove, keeps the differences. Waits for the counterparts.",
        service::ReconcileDayRequest => service::ReconcileDayResponse, [BadField, KeyReused, Conflict], exact, reconcile_day_asked),
    engine!("reconcile.get", Ledger, Network, "A day of a channel as it was reconciled: its numbers, its differences, and what people did about them.",
        service::ReconcileGetRequest => service::Day, [], request, reconcile_get),
    engine!("reconcile.list", Ledger, Network, "How the days of some weeks end, channel by channel, and which are not reconciled yet.",
        service::ReconcileListRequest => service::ReconcileListResponse, [BadField], request, reconcile_list),
    engine!("reconcile.resolve", Command, Network, "Deals with a difference: asks, decides where a machine waits for it, or keeps what was done by hand. Needs a note.",
        service::ReconcileResolveRequest => service::ReconcileResolveResponse, [BadField, KeyReused, Conflict], exact, reconcile_resolve),
    pure!("reconcile.run", Network, "Reconciles one day: channel bill, insurer bill, HIS and ledger, with the suspense pool across the day boundary.",
        reconcile::RunRequest => reconcile::RunResponse, [BadField, AmountRange], |q| q.run()),
    engine!("refund.answer", Command, Network, "The patient's answer to what an approver asks him; one question is open at a time.",
        service::RefundAnswerRequest => service::RefundAnswerResponse, [BadField, KeyReused, Conflict], exact, refund_answer),
    pure!("refund.check", Network, "May this be refunded? Every reason against it, the plan, and what is charged again.",
        refund::CheckRequest => refund::CheckResponse, [BadField, AmountRange, BadPolicy], |q| q.run()),
    engine!("refund.decide", Command, Network, "An approver's word about a refund, yes, no or a question to the patient: order, once and four eyes are checked when it is spoken.",
        service::RefundDecideRequest => service::RefundDecideResponse, [BadField, KeyReused, Conflict], exact, refund_decide),
    engine!("refund.get", Ledger, Network, "How far a refund is: plan, timeline, what comes next; may wait for the next change. Roles, never persons.",
        service::RefundGetRequest => service::RefundView, [BadField], request, refund_get),
    engine!("refund.list", Ledger, Network, "The work list of an approver: what waits at his step, of his own departments.",
        service::RefundListRequest => service::RefundListResponse, [], request, refund_list),
    engine!("refund.preview", Ledger, Network, "What a request for a refund would meet: what stands in the way, its steps, what goes back and where. Waits for HIS.",
        service::RefundPreviewRequest => service::RefundPreviewResponse, [BadField, HisUnreachable, HisAnswer], request, refund_preview),
    engine!("refund.request", Command, Network, "Asks for a refund, of all or of a part. Everything is read live and judged; the money is set aside. Waits for HIS.",
        service::RefundRequestRequest => service::RefundRequestResponse, [BadField, KeyReused, Conflict, HisUnreachable, HisAnswer], exact, refund_request),
    engine!("refund.withdraw", Command, Network, "Takes a request for a refund back, while nobody has decided yet.",
        service::RefundWithdrawRequest => service::RefundWithdrawResponse, [KeyReused, Conflict], exact, refund_withdraw),
    engine!("registration.list", Read, Network, "The registrations of a patient on a day, as the check-in list shows them. Waits for HIS.",
        service::RegistrationListRequest => service::RegistrationListResponse, [HisUnreachable, HisAnswer], request, registrations),
    pure!("report.run", HostOnly, "Makes reports of facts and partials: finance, volume, payers, income, refunds, ages, diseases; merges partials exactly.",
        report::RunRequest => report::RunResponse, [BadField, AmountRange, BadKey], |q| q.run()),
    #[cfg(feature = "log")]
    local!("seal.append", "Writes records into a sealed log on this machine; every BEGIN is on the disk before the answer.",
        seal::AppendRequest => seal::AppendResponse, [BadField, BadKey, SealBroken, LogFailed], exact),
    #[cfg(feature = "log")]
    local!("seal.copied", "Says how far the second copy of a sealed log is behind, and why.",
        seal::CopiedRequest => seal::CopiedResponse, [BadField, SealBroken, LogFailed], request),
    #[cfg(feature = "log")]
    local!("seal.read", "Shows the exchange of a record in a sealed log, masked unless a reason is given and recorded.",
        seal::ReadRequest => seal::LookResponse, [BadField, NotFound, BadKey, SealBroken, LogFailed], request),
    #[cfg(feature = "log")]
    local!("seal.search", "Finds exchanges in a sealed log, masked unless a reason is given and recorded.",
        seal::SearchRequest => seal::LookResponse, [BadField, BadKey, SealBroken, LogFailed], request),
    #[cfg(feature = "log")]
    local!("seal.verify", "Says whether a sealed log is as it was written, and where it is not.",
        seal::VerifyRequest => seal::VerifyResponse, [BadField, BadKey, SealBroken, LogFailed], request),
    session!("session.choose", "Chooses one of several files that were found for whoever identified himself.",
        session::ChooseRequest => session::Identified, [NotFound]),
    session!("session.exit", "Ends the session of whoever stands here; the engine forgets it even when the server cannot be told.",
        session::ExitRequest => session::ExitResponse, []),
    session!("session.identify", "Identifies whoever stands here at the hospital's server, and makes every later call of this engine his, until he leaves. Whoever was here before has left; an answer that comes when the next one is being asked about lets nobody in.",
        session::IdentifyRequest => session::Identified, [NotFound, HisUnreachable, HisAnswer, InsurerUnreachable, InsurerAnswer, HealthCodeUnreachable, HealthCodeAnswer]),
    session!("session.send_code", "Has the hospital's server send a one-time code to the phone of whoever stands here, to identify by it. The answer does not tell whether anybody has this phone.",
        session::SendCodeRequest => service::SendCodeResponse, [Conflict, NotifyUnreachable]),
    engine!("settlement.detail", Ledger, Network, "One settlement with its lines.",
        service::SettlementDetailRequest => service::SettlementDetailResponse, [], request, detail),
    engine!("settlement.get", Ledger, Network, "How far a payment is; may wait for the next change.",
        service::SettlementGetRequest => service::SettlementGetResponse, [BadField], request, get),
    engine!("settlement.pay", Command, Network, "Takes a payment on for quoted bills; everything later is read with settlement.get.",
        service::PayRequest => service::PayResponse, [BadField, KeyReused, Conflict], exact, pay),
    engine!("settlement.quote", Command, Network, "Fixes what is to be paid for some bills, until it expires. Waits for HIS.",
        service::QuoteRequest => service::QuoteResponse, [BadField, HisUnreachable, HisAnswer, InsurerUnreachable, InsurerAnswer], request, quote),
    engine!("suspension.choose", Command, Network, "The patient of a stopped clinic chooses another time or his fee back.",
        service::SuspensionChooseRequest => service::SuspensionChooseResponse, [KeyReused, Conflict], exact, choose),
    engine!("suspension.get", Ledger, Network, "What a stopped clinic means for one registration; may wait for a choice to be done.",
        service::SuspensionGetRequest => service::SuspensionView, [BadField], request, suspension),
    engine!("suspension.list", Ledger, Network, "What stopped clinics mean for the registrations of a patient, newest first.",
        service::SuspensionListRequest => service::SuspensionListResponse, [BadField], request, suspensions),
    pure!("text.mask", Network, "Masks a name, document number, phone or card number for display.",
        access::MaskRequest => access::MaskResponse, [], |q| q.run()),
    engine!("visit.check_in", Command, Network, "Checks in for a registration of today; a repeat is the first one. Waits for HIS's list.",
        service::AttendRequest => service::AttendResponse, [BadField, KeyReused, Conflict, HisUnreachable, HisAnswer], exact, check_in),
    engine!("visit.paid", Ledger, Network, "What a patient has paid, newest first, page by page.",
        service::PaidListRequest => service::PaidListResponse, [BadField], request, paid),
    engine!("visit.progress", Ledger, Network, "How far a check-in or taking of a number is; may wait for HIS's answer.",
        service::VisitProgressRequest => service::VisitProgressResponse, [BadField], request, visit_progress),
    engine!("visit.take_number", Command, Network, "Takes a number for a registration of today; a repeat is the first one. Waits for HIS's list.",
        service::AttendRequest => service::AttendResponse, [BadField, KeyReused, Conflict, HisUnreachable, HisAnswer], exact, take_number),
    engine!("visit.unpaid", Read, Network, "What a patient may pay, grouped into bills. Waits for HIS.",
        service::UnpaidRequest => service::UnpaidResponse, [HisUnreachable, HisAnswer], request, unpaid),
];

/// Every operation, by name.
pub fn table() -> &'static [Op] {
    TABLE
}

/// An operation by name.
pub fn find(name: &str) -> Result<&'static Op> {
    TABLE.iter().find(|op| op.name == name).ok_or_else(|| Error::new(Code::UnknownOperation))
}
