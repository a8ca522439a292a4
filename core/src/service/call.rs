//! The only caller of ports: deadline, transfer log for ports that do not write it themselves, one exhaustive match.

use futures_util::future::{Either, select};

use super::engine::{Engine, Hospital};
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::port::{Answer, Call, CallCx, Direction, Fault, HisAnswer, HisCall, No, Outcome, TransferBegin, TransferEnd, TransferResult};

impl Engine {
    /// Performs a call under its lane's deadline. A call that does not answer in time is `Unknown`, never a failure.
    pub(crate) async fn perform(&self, hospital: &Hospital, call: &Call, attempt: u32) -> Outcome<Answer> {
        let now = self.now();
        let deadline = now.plus_millis(i64::from(hospital.pace.deadline_ms(call.lane())));
        let cx = CallCx { hospital: hospital.id.clone(), attempt, now, deadline, log: hospital.call_log() };
        if wire_is_logged(hospital, call) {
            return self.in_time(&cx, answer(hospital, &cx, call)).await;
        }
        let begin = match begin(&cx, call) {
            Ok(begin) => begin,
            Err(error) => return Outcome::Unsent(Fault::new("log", error.to_string())),
        };
        let id = match hospital.log.begin(begin).await {
            Ok(id) => id,
            Err(_) if planted!(SentUnlogged) => return self.in_time(&cx, answer(hospital, &cx, call)).await,
            Err(error) => return Outcome::Unsent(Fault::new("log", error.to_string())),
        };
        let outcome = self.in_time(&cx, answer(hospital, &cx, call)).await;
        hospital.log.end(id, end(self.now(), outcome.clone())).await;
        outcome
    }

    async fn in_time(&self, cx: &CallCx, work: impl Future<Output = Outcome<Answer>>) -> Outcome<Answer> {
        let timer = self.inner.clock.sleep_until(cx.deadline);
        match select(Box::pin(work), timer).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), _)) => Outcome::Unknown(Fault::new("deadline", "no answer before the deadline")),
        }
    }

    /// A read from HIS that a person waits for.
    pub(crate) async fn read_his(&self, hospital: &Hospital, call: HisCall) -> Result<HisAnswer> {
        let call = Call::His { call };
        match self.perform(hospital, &call, 1).await {
            Outcome::Done(Answer::His(answer)) => Ok(answer),
            Outcome::Done(Answer::Channel(_) | Answer::Invoice(_) | Answer::HealthCode(_) | Answer::Insurer(_) | Answer::Notify(_)) => {
                Err(Error::new(Code::HisAnswer).with("call", call.name()))
            }
            Outcome::Refused(No { code, .. }) => Err(Error::new(Code::HisAnswer).with("call", call.name()).with("his_code", code)),
            Outcome::Unsent(Fault { code, .. }) => Err(Error::new(Code::HisUnreachable).with("call", call.name()).with("cause", code)),
            Outcome::Unknown(Fault { code, text }) => {
                let error = match code.as_str() {
                    "shape" => Error::new(Code::HisAnswer).with("problem", text),
                    // A port has failed inside: that is no fault of HIS.
                    "panicked" => Error::new(Code::Panicked),
                    _ => Error::new(Code::HisUnreachable),
                };
                Err(error.with("call", call.name()).with("cause", code))
            }
        }
    }
}

fn wire_is_logged(hospital: &Hospital, call: &Call) -> bool {
    match call {
        Call::His { .. } => hospital.his.logs_wire(),
        Call::Channel { channel, .. } => hospital.channels.get(channel).is_some_and(|c| c.logs_wire()),
        Call::Invoice { .. } => hospital.invoice.logs_wire(),
        Call::HealthCode { .. } => hospital.health_code.as_ref().is_some_and(|p| p.logs_wire()),
        Call::Insurer { .. } => hospital.insurer.as_ref().is_some_and(|p| p.logs_wire()),
        Call::Notify { .. } => hospital.notifier.as_ref().is_some_and(|p| p.logs_wire()),
    }
}

async fn answer(hospital: &Hospital, cx: &CallCx, call: &Call) -> Outcome<Answer> {
    match call {
        Call::His { call } => hospital.his.call(cx, call).await.map(Answer::His),
        Call::Channel { channel, call } => match hospital.channels.get(channel) {
            Some(port) => port.call(cx, call).await.map(Answer::Channel),
            None => Outcome::Unsent(Fault::new("no_channel", "this channel is not configured")),
        },
        Call::Invoice { call } => hospital.invoice.call(cx, call).await.map(Answer::Invoice),
        Call::HealthCode { call } => match &hospital.health_code {
            Some(port) => port.call(cx, call).await.map(Answer::HealthCode),
            None => no_port(),
        },
        Call::Insurer { call } => match &hospital.insurer {
            Some(port) => port.call(cx, call).await.map(Answer::Insurer),
            None => no_port(),
        },
        Call::Notify { call } => match &hospital.notifier {
            Some(port) => port.call(cx, call).await.map(Answer::Notify),
            None => no_port(),
        },
    }
}

fn no_port() -> Outcome<Answer> {
    Outcome::Unsent(Fault::new("no_port", "this hospital is not connected there"))
}

fn begin(cx: &CallCx, call: &Call) -> Result<TransferBegin> {
    let body = serde_json::to_vec(call.for_log().as_ref()).map_err(|_| Error::internal("calls serialise"))?;
    let peer = match call {
        Call::His { .. } => "his",
        Call::Channel { channel, .. } => channel.as_str(),
        Call::Invoice { .. } => "invoice",
        Call::HealthCode { .. } => "health_code",
        Call::Insurer { .. } => "insurer",
        Call::Notify { .. } => "notify",
    };
    Ok(TransferBegin {
        hospital: cx.hospital.clone(),
        at: cx.now,
        direction: Direction::Out,
        peer: peer.to_owned(),
        interface: call.name().to_owned(),
        business_no: call.business_no().map(str::to_owned),
        digest: gm::hex(&gm::sm3(&body)),
        body,
    })
}

fn end(at: crate::calendar::Timestamp, outcome: Outcome<Answer>) -> TransferEnd {
    let (result, status) = match &outcome {
        Outcome::Done(_) => (TransferResult::Answered, "done".to_owned()),
        Outcome::Refused(no) => (TransferResult::Answered, no.code.clone()),
        Outcome::Unsent(fault) => (TransferResult::Unsent, fault.code.clone()),
        Outcome::Unknown(fault) => (TransferResult::Unknown, fault.code.clone()),
    };
    // An outcome of a port always serialises; an empty body would only lose the copy, never the exchange.
    let body = serde_json::to_vec(&outcome.map(|answer| answer.for_log())).unwrap_or_default();
    TransferEnd { at, result, status, digest: gm::hex(&gm::sm3(&body)), body }
}
