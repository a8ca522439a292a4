//! Transactions of the institution interface: persons, designations, statements, settlements found.

use std::time::Instant;

use menjie::calendar::BizDate;
use menjie::insurance::{Designation, InsuredPerson, PersonKey, Statement};
use menjie::port::{CallCx, Fault, InsurerBillRow, No, Outcome};
use menjie::{Money, gm};
use menjie_transport::{ApiRequest, Client, HttpResponse, Shape, later};
use serde_json::{Map, Value};

use super::{MedInsurance, absent};
use crate::field::short;
use crate::gateway::settle::{self, Settlement};
use crate::gateway::statement::{self, ResultFile, Totals};
use crate::gateway::{Caller, MsgId, MsgIds, Reply, Visit, designation, open, person, request, tif_headers, undo};
use crate::zip;

/// The gateway, reached.
pub(super) struct Gateway {
    pub(super) client: Client,
    pub(super) ids: MsgIds,
}

type Fields = Map<String, Value>;

/// 门诊 (clr_type).
const OUTPATIENT: &str = "11";

impl MedInsurance {
    /// The next number of a transaction (msgid); keep it before a settlement is sent. None when this process has used up its
    /// serials of this second, or has no gateway.
    pub fn next_msgid(&self, now: menjie::Timestamp) -> Option<MsgId> {
        self.gateway.as_ref()?.ids.next(now)
    }

    /// Does this town's fund_pay_sumamt hold the personal account? It is `account_in_fund` of `insurance.check_split`.
    pub fn fund_includes_account(&self) -> Option<bool> {
        self.config.gateway.as_ref()?.fund_includes_account
    }

    /// Who is it, and how is he insured (1101)?
    pub async fn person(&self, cx: &CallCx, key: &PersonKey) -> Outcome<Vec<InsuredPerson>> {
        let Some(gateway) = &self.config.gateway else { return absent("gateway") };
        let place = match key {
            PersonKey::Voucher { insured_place, .. } => insured_place,
            PersonKey::Document { .. } => "",
        };
        read(self.transact(cx, person::INFNO, None, None, place, person::ask(key, gateway.certificate)).await, person::rows)
    }

    /// Which institutions has he designated (5302)?
    pub async fn designations(&self, cx: &CallCx, person: &InsuredPerson) -> Outcome<Vec<Designation>> {
        read(self.transact(cx, designation::ASK, None, None, &person.insured_place, designation::ask(&person.psn_no)).await, designation::rows)
    }

    /// Designates this institution (2505).
    pub async fn designate(&self, cx: &CallCx, person: &InsuredPerson, from: BizDate) -> Outcome<String> {
        let Some(gateway) = &self.config.gateway else { return absent("gateway") };
        let input = designation::file(person, from, &self.config.org_id, &gateway.institution_name);
        read(self.transact(cx, designation::FILE, None, None, &person.insured_place, input).await, designation::filed)
    }

    /// What is settled (5203)?
    pub async fn find_settlement(&self, cx: &CallCx, visit: Visit<'_>, setl_id: &str) -> Outcome<Settlement> {
        let input = settle::find(visit, setl_id);
        read(self.transact(cx, settle::FIND, None, Some(visit.mdtrt_id), &visit.person.insured_place, input).await, |output| settle::settlement(output, visit.mdtrt_id))
    }

    /// Compares a day's totals (3201).
    pub async fn compare_totals(&self, cx: &CallCx, totals: &Totals) -> Outcome<Statement> {
        read(self.transact(cx, statement::TOTALS, None, None, "", statement::totals(totals)).await, statement::compared)
    }

    /// Compares a day one by one (3202); `file_no` is that of our uploaded list.
    pub async fn compare_details(&self, cx: &CallCx, totals: &Totals, file_no: &str) -> Outcome<ResultFile> {
        read(self.transact(cx, statement::DETAILS, None, None, "", statement::details(totals, file_no)).await, statement::detailed)
    }

    /// What the insurer settled and gave back on a day: the comparison with an empty list of ours.
    pub async fn settled_on(&self, cx: &CallCx, day: BizDate) -> Outcome<Vec<InsurerBillRow>> {
        let Some(gateway) = self.config.gateway.as_ref().filter(|gateway| gateway.day_by_statement) else { return absent("statement") };
        let (started, name) = (Instant::now(), format!("{}.txt", day.to_string().replace('-', "")));
        let upload = statement::upload(&zip::packed(&name, b""), &format!("{name}.zip"), &self.config.org_id);
        let input = [("fsUploadIn".to_owned(), Value::Object(upload))].into_iter().collect();
        let file_no = match read(self.transact_as(cx, statement::UPLOAD, None, None, "", input).await, statement::uploaded) {
            Outcome::Done(no) => no,
            other => return other.map(|_| Vec::new()),
        };
        let nothing = Totals {
            insurance_type: String::new(),
            clearing_type: OUTPATIENT.to_owned(),
            place: gateway.clearing_place.clone().unwrap_or_else(|| gateway.place.clone()),
            from: day,
            until: day,
            total_fen: Money::ZERO,
            fund_fen: Money::ZERO,
            account_fen: Money::ZERO,
            cash_fen: Money::ZERO,
            count: 0,
            reversals: false,
        };
        let file = match self.compare_details(&later(cx, started), &nothing, &file_no).await {
            Outcome::Done(file) => file,
            other => return other.map(|_| Vec::new()),
        };
        let input = [("fsDownloadIn".to_owned(), Value::Object(statement::download(&file, &self.config.org_id)))].into_iter().collect();
        let archive = match self.exchange(&later(cx, started), statement::DOWNLOAD, None, None, "", input).await {
            Outcome::Done(response) => response.body,
            other => return other.map(|_| Vec::new()),
        };
        let rows = zip::unpacked(&archive).and_then(|text| statement::rows(&String::from_utf8_lossy(&text))).and_then(|rows| statement::bill_rows(&rows, day));
        rows.map_or_else(|shape| Outcome::Unknown(shape.into()), Outcome::Done)
    }

    /// One transaction: its input stands under the root key of its number.
    pub(super) async fn transact(
        &self,
        cx: &CallCx,
        infno: &str,
        msgid: Option<&MsgId>,
        business_no: Option<&str>,
        insured_place: &str,
        input: impl Into<Value>,
    ) -> Outcome<Fields> {
        let Some(gateway) = &self.config.gateway else { return absent("gateway") };
        let root = gateway.roots.get(infno).map_or("data", String::as_str);
        self.transact_as(cx, infno, msgid, business_no, insured_place, [(root.to_owned(), input.into())].into_iter().collect()).await
    }

    /// The same for an input with root keys of its own.
    pub(super) async fn transact_as(&self, cx: &CallCx, infno: &str, msgid: Option<&MsgId>, business_no: Option<&str>, insured_place: &str, input: Fields) -> Outcome<Fields> {
        let Some(config) = &self.config.gateway else { return absent("gateway") };
        let response = match self.exchange(cx, infno, msgid, business_no, insured_place, input).await {
            Outcome::Done(response) => response,
            other => return other.map(|_| Fields::new()),
        };
        match open(&response.body) {
            Ok(Reply::Done(output)) => Outcome::Done(output),
            Ok(Reply::No { text }) if infno == undo::REVERSE && undo::says_reversed(&text, &config.reversed_words) => {
                Outcome::Refused(No::new(REVERSED_BEFORE, "the centre had reversed it before"))
            }
            // Its words may name the person: the transfer log has them.
            Ok(Reply::No { .. }) => Outcome::Refused(No::new("-1", "the centre refused")),
            Ok(Reply::Unclear { code }) => Outcome::Unknown(Fault::new("infcode", format!("the gateway answered {}", short(&code)))),
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }

    /// Sends one transaction; the answer is not read yet.
    async fn exchange(&self, cx: &CallCx, infno: &str, msgid: Option<&MsgId>, business_no: Option<&str>, insured_place: &str, input: Fields) -> Outcome<HttpResponse> {
        let started = Instant::now();
        let (Some(config), Some(gateway)) = (&self.config.gateway, &self.gateway) else { return absent("gateway") };
        let fresh = if msgid.is_none() { gateway.ids.next(cx.now) } else { None };
        let Some(msgid) = msgid.or(fresh.as_ref()) else {
            return Outcome::Unsent(Fault::new("busy", "the serials of this second are used up"));
        };
        let cx = later(cx, started);
        let message = request(Caller { config: &self.config, gateway: config }, infno, msgid, insured_place, input, cx.now);
        let target = config.path.replace("{infno}", config.variants.get(infno).map_or(infno, String::as_str));
        let mut request = ApiRequest::post(target, message.to_string()).interface(infno).business_no(business_no.or(Some(msgid.as_str())));
        request = request.header("Content-Type", "application/json; charset=utf-8");
        if let Some(tif) = &config.tif {
            let mut noise = [0; 16];
            self.entropy.fill(&mut noise);
            request = tif_headers(tif, cx.now, &gm::hex(&noise)).into_iter().fold(request, |request, (name, value)| request.header(name, value));
        }
        let response = match gateway.client.exchange(&cx, request).await.answered() {
            Ok(response) => response,
            Err(failed) => return failed.into(),
        };
        if response.status != 200 {
            return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "the gateway answered with another status than 200"));
        }
        Outcome::Done(response)
    }
}

/// Our own code for a 2208 that was done before.
pub(super) const REVERSED_BEFORE: &str = "reversed_before";

/// Reads what was answered; what cannot be understood proves nothing.
pub(super) fn read<T>(answered: Outcome<Fields>, read: impl FnOnce(&Fields) -> Result<T, Shape>) -> Outcome<T> {
    match answered {
        Outcome::Done(output) => read(&output).map_or_else(|shape| Outcome::Unknown(shape.into()), Outcome::Done),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::Unsent(fault) => Outcome::Unsent(fault),
        Outcome::Unknown(fault) => Outcome::Unknown(fault),
    }
}
