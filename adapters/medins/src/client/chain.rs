//! The chain of the window (2201 to 2208, 2601) for hosts that settle without the mobile centre. Each call ends as
//! domain/medins.md §5.3 wants it: what a time-out leaves open is [`Outcome::Unknown`], and the msgid that the host kept before
//! it asked says what to undo.

use menjie::ident::VisitId;
use menjie::insurance::{HisSplit, InsuredPerson, PersonKey, UploadFacts};
use menjie::port::{CallCx, No, Outcome};
use serde_json::{Map, Value};

use super::MedInsurance;
use super::gateway::{REVERSED_BEFORE, read};
use crate::gateway::fees::{self, FeeResult};
use crate::gateway::settle::{self, Batch, Settlement};
use crate::gateway::undo::{self, Reversal};
use crate::gateway::{MsgId, Visit, visit};

impl MedInsurance {
    /// 2201: registers a visit; the insurer's number of it.
    pub async fn register(&self, cx: &CallCx, person: &InsuredPerson, key: &PersonKey, visit_id: &VisitId, facts: &UploadFacts) -> Outcome<String> {
        let input = visit::register(person, key, visit_id, facts);
        let answered = self.transact(cx, visit::REGISTER, None, Some(visit_id.as_str()), &person.insured_place, input).await;
        read(answered, |output| visit::registered(output, person, visit_id))
    }

    /// 2202: takes a registration back.
    pub async fn withdraw(&self, cx: &CallCx, of: Visit<'_>, visit_id: &VisitId) -> Outcome<()> {
        self.of_visit(cx, visit::WITHDRAW, of, visit::withdraw(of, visit_id)).await.map(drop)
    }

    /// 2203 or its variant: what was found.
    pub async fn describe(&self, cx: &CallCx, of: Visit<'_>, facts: &UploadFacts) -> Outcome<()> {
        self.transact_as(cx, visit::DESCRIBE, None, Some(of.mdtrt_id), &of.person.insured_place, visit::describe(of, facts)).await.map(drop)
    }

    /// 2204: uploads the fees of a batch.
    pub async fn upload_fees(&self, cx: &CallCx, of: Visit<'_>, batch_no: &str, facts: &UploadFacts) -> Outcome<Vec<FeeResult>> {
        let input = [("feedetail".to_owned(), Value::Array(fees::upload(of, batch_no, facts)))].into_iter().collect();
        read(self.transact_as(cx, fees::UPLOAD, None, Some(of.mdtrt_id), &of.person.insured_place, input).await, fees::uploaded)
    }

    /// 2205: takes the fees of a batch back, or with [`fees::ALL_BATCHES`] all that are not settled.
    pub async fn void_fees(&self, cx: &CallCx, of: Visit<'_>, batch_no: &str) -> Outcome<()> {
        self.of_visit(cx, fees::VOID, of, fees::void(of, batch_no)).await.map(drop)
    }

    /// 2206: prices a batch; repeat it freely.
    pub async fn price_batch(&self, cx: &CallCx, batch: &Batch<'_>) -> Outcome<Settlement> {
        read(self.of_visit(cx, settle::PRICE, batch.visit, settle::price(batch)).await, |output| settle::settlement(output, batch.visit.mdtrt_id))
    }

    /// 2207: settles a batch under a msgid that was kept. Unknown: [`MedInsurance::find_settlement`] by the visit, then
    /// [`MedInsurance::correct`] with the msgid, then settle again under a new one.
    pub async fn settle_batch(&self, cx: &CallCx, msgid: &MsgId, batch: &Batch<'_>, priced: &HisSplit, invoice_no: &str) -> Outcome<Settlement> {
        let input = settle::settle(batch, priced, invoice_no);
        let answered = self.transact(cx, settle::SETTLE, Some(msgid), Some(batch.visit.mdtrt_id), &batch.visit.person.insured_place, input).await;
        read(answered, |output| settle::settlement(output, batch.visit.mdtrt_id))
    }

    /// 2208: reverses a settlement. Unknown: repeat it; "reversed before" is done.
    pub async fn reverse_settlement(&self, cx: &CallCx, msgid: &MsgId, of: Visit<'_>, setl_id: &str) -> Outcome<Reversal> {
        let answered = self.transact(cx, undo::REVERSE, Some(msgid), Some(of.mdtrt_id), &of.person.insured_place, undo::reverse(of, setl_id)).await;
        match read(answered, |output| undo::reversed(output, of.mdtrt_id)) {
            Outcome::Refused(no) if no.code == REVERSED_BEFORE => Outcome::Done(Reversal::Before),
            other => other,
        }
    }

    /// 2601: undoes a transaction whose end is unknown.
    pub async fn correct(&self, cx: &CallCx, of: Visit<'_>, original: &MsgId, infno: &str) -> Outcome<()> {
        match undo::correct(of, original, infno) {
            Some(input) => self.of_visit(cx, undo::CORRECT, of, input).await.map(drop),
            None => Outcome::Refused(No::new("request", "2601 does not undo this transaction")),
        }
    }

    async fn of_visit(&self, cx: &CallCx, infno: &str, of: Visit<'_>, input: Map<String, Value>) -> Outcome<Map<String, Value>> {
        self.transact(cx, infno, None, Some(of.mdtrt_id), &of.person.insured_place, input).await
    }
}
