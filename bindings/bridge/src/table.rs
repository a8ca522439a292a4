//! The operation table: one row per operation. A new operation is a request and a response beside its rule in the core,
//! a row here, and a vector or scenario in tests/vectors.

use menjie::error::Code;
use menjie::{Error, Result, access, bill, gm, insurance, invoice, policy, reconcile, refund, service};
use serde::Serialize;

use crate::echo::{EchoRequest, EchoResponse};
use crate::op::{Kind, Op, Reach, Run};
use crate::strict;

/// What every operation may fail with.
pub const COMMON_ERRORS: &[Code] = &[Code::UnknownOperation, Code::BadRequest, Code::Internal, Code::Panicked];

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
        row!($name, Pure, $reach, $purpose, $request => $response, &[$(Code::$code),*], Run::Pure(|text| {
            let run: fn($request) -> Result<$response> = $run;
            written(&run(strict::request(text)?)?)
        }))
    };
}

macro_rules! engine {
    ($name:literal, $kind:ident, $reach:ident, $purpose:literal, $request:ty => $response:ty, [$($code:ident),*], $read:ident, $method:ident) => {
        row!($name, $kind, $reach, $purpose, $request => $response, engine_errors!($($code),*), Run::Engine(|engine, caller, text| Box::pin(async move {
            let request: $request = strict::$read(text)?;
            let response: $response = engine.$method(caller, &request).await?;
            written(&response)
        })))
    };
}

fn written<T: Serialize>(response: &T) -> Result<String> {
    serde_json::to_string(response).map_err(|_| Error::internal("responses serialise"))
}

static TABLE: &[Op] = &[
    engine!("attention.list", Read, Network, "Lists what needs a person: held or overdue machines of one kind.",
        service::AttentionListRequest => service::AttentionListResponse, [], request, attention_list),
    engine!("attention.resolve", Command, Network, "Applies what a person decided about a machine, with the evidence.",
        service::AttentionResolveRequest => service::AttentionResolveResponse, [BadField, KeyReused, Conflict], exact, attention_resolve),
    engine!("audit.run", Read, Network, "Checks the invariants that are visible at rest over the whole store of a hospital.",
        service::AuditRunRequest => service::AuditReport, [], request, audit),
    pure!("bill.group", Network, "Groups the unpaid charge lines of one patient into bills, by visit, then by executing department.",
        bill::GroupRequest => bill::GroupResponse, [BadField, AmountRange, MixedPatients, UnknownVisit, DuplicateLine, LineAmount, BadPolicy], |q| q.run()),
    pure!("bill.total", Network, "Totals lines by the hospital's rounding rules.",
        bill::TotalRequest => bill::TotalResponse, [AmountRange, LineAmount], |q| q.run()),
    #[cfg(feature = "pay-wechat")]
    pure!("channel.wechat.verify", HostOnly, "Verifies and reads a WeChat Pay callback from its raw bytes.",
        menjie_pay_wechat::verify::VerifyRequest => menjie_pay_wechat::verify::VerifyResponse, [BadField, BadSignature, StaleMessage, BadKey, SealBroken, ChannelAnswer], |q| menjie_pay_wechat::verify::run(&q)),
    pure!("crypto.sm3", HostOnly, "Hashes bytes with SM3.",
        gm::Sm3Request => gm::Sm3Response, [BadField], |q| q.run()),
    pure!("crypto.sm4_gcm_open", HostOnly, "Opens what was sealed with SM4-GCM; any change is refused.",
        gm::Sm4GcmOpenRequest => gm::Sm4GcmOpenResponse, [BadField, BadKey, SealBroken], |q| q.run()),
    pure!("crypto.sm4_gcm_seal", HostOnly, "Seals bytes with SM4-GCM. A nonce must never repeat under one key.",
        gm::Sm4GcmSealRequest => gm::Sm4GcmSealResponse, [BadField, BadKey], |q| q.run()),
    pure!("echo", Network, "Gives back what it got, to test a host's marshalling.",
        EchoRequest => EchoResponse, [], |q| Ok(q.run())),
    row!("identity.check_code", Command, HostOnly, "Checks a one-time code that was sent to a phone. Each try counts, a right one is used up.",
    service::CheckCodeRequest => service::CheckCodeResponse, engine_errors!(BadField, Conflict), Run::Engine(|engine, caller, text| Box::pin(async move {
        written(&engine.check_code(&caller.hospital, &strict::request(text)?).await?)
    }))),
    row!("identity.login", Command, HostOnly, "Asks WeChat who came through the official account; the host makes an account session of it.",
    service::LoginRequest => service::LoginResponse, engine_errors!(BadField, NotifyUnreachable, NotifyAnswer), Run::Engine(|engine, caller, text| Box::pin(async move {
        written(&engine.login(&caller.hospital, &strict::request(text)?).await?)
    }))),
    row!("identity.send_code", Command, HostOnly, "Sends a one-time code to a phone. The answer does not tell whether anybody has this phone.",
    service::SendCodeRequest => service::SendCodeResponse, engine_errors!(BadField, Conflict, NotifyUnreachable), Run::Engine(|engine, caller, text| Box::pin(async move {
        written(&engine.send_code(&caller.hospital, &strict::request(text)?).await?)
    }))),
    pure!("insurance.check_split", Network, "Checks that an insured settlement's split closes (H-1 to H-6, I-1 to I-5, W-1 to W-3) and says its parts.",
        insurance::CheckSplitRequest => insurance::CheckSplitResponse, [BadField, AmountRange], |q| q.run()),
    pure!("insurance.notice", Network, "The notice before an insured payment: until which day it can be refunded.",
        insurance::NoticeRequest => insurance::Notice, [BadPolicy], |q| q.run()),
    pure!("invoice.amount_in_words", Network, "Writes an amount in Chinese capital words (大写金额).",
        invoice::AmountInWordsRequest => invoice::AmountInWordsResponse, [], |q| q.run()),
    pure!("invoice.check_split", Network, "Checks the two money splits on a ticket: who paid, and how the patient's share is borne.",
        invoice::CheckSplitRequest => invoice::CheckSplitResponse, [BadField, AmountRange], |q| q.run()),
    row!("patient.identify", Read, HostOnly, "Finds a patient in HIS by what he shows; the host makes a session of it.",
    service::IdentifyRequest => service::IdentifyResponse, engine_errors!(BadField, HisUnreachable, HisAnswer, InsurerUnreachable, InsurerAnswer, HealthCodeUnreachable, HealthCodeAnswer), Run::Engine(|engine, caller, text| Box::pin(async move {
        written(&engine.identify(&caller.hospital, &strict::request(text)?).await?)
    }))),
    engine!("payment.cancel", Command, Network, "Gives a payment up: its order is closed, with proof.",
        service::PaymentCancelRequest => service::PaymentCancelResponse, [KeyReused, Conflict], exact, cancel),
    pure!("policy.check", Network, "Checks a policy document and says what it means with its defaults.",
        policy::CheckRequest => policy::CheckResponse, [BadPolicy], |q| q.run()),
    pure!("reconcile.run", Network, "Reconciles one day: channel bill, insurer bill, HIS and ledger, with the suspense pool across the day boundary.",
        reconcile::RunRequest => reconcile::RunResponse, [BadField, AmountRange], |q| q.run()),
    pure!("refund.check", Network, "May this be refunded? Every reason against it, the plan, and what is charged again.",
        refund::CheckRequest => refund::CheckResponse, [BadField, AmountRange, BadPolicy], |q| q.run()),
    engine!("settlement.detail", Read, Network, "One settlement with its lines.",
        service::SettlementDetailRequest => service::SettlementDetailResponse, [], request, detail),
    engine!("settlement.get", Read, Network, "How far a payment is; may wait for the next change.",
        service::SettlementGetRequest => service::SettlementGetResponse, [BadField], request, get),
    engine!("settlement.pay", Command, Network, "Takes a payment on for quoted bills; everything later is read with settlement.get.",
        service::PayRequest => service::PayResponse, [BadField, KeyReused, Conflict], exact, pay),
    engine!("settlement.quote", Command, Network, "Fixes what is to be paid for some bills, until it expires. Waits for HIS.",
        service::QuoteRequest => service::QuoteResponse, [BadField, HisUnreachable, HisAnswer], request, quote),
    pure!("text.mask", Network, "Masks a name, document number, phone or card number for display.",
        access::MaskRequest => access::MaskResponse, [], |q| q.run()),
    engine!("visit.paid", Read, Network, "What a patient has paid, newest first, page by page.",
        service::PaidListRequest => service::PaidListResponse, [BadField], request, paid),
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
