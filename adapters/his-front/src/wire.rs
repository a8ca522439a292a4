//! Calls as records of the default profile, and records as answers. Pure: no bytes, no clock.

mod file;
mod insured;
mod refund;
mod visit;

use menjie::access::Private;
use menjie::charge::{ChargeLine, FeeClass, ItemKind, PayerClass, Visit};
use menjie::ident::{BusinessNo, DeptCode, LineKey, PatientId, VisitId};
use menjie::port::{
    DayRow, DayRowKind, HisAnswer, HisBill, HisCall, HisNotice, HisNoticeKind, HisReceipt, IdentifyWay, LineRef, LockReceipt, PatientFile, PostState, UnpaidCharges,
};

use menjie::visit::AffectedPage;

use crate::lenient::Reader;
use crate::node::Node;
use crate::record::{self, Operation};
use menjie_transport::Shape;

/// The operation of a call.
pub(crate) const fn operation(call: &HisCall) -> &'static Operation {
    match call {
        HisCall::FindPatient { .. } => &record::FIND_PATIENT_OP,
        HisCall::Unpaid { .. } => &record::UNPAID_OP,
        HisCall::UploadFacts { .. } => &record::UPLOAD_FACTS_OP,
        HisCall::Lock { .. } => &record::LOCK_OP,
        HisCall::Unlock { .. } => &record::UNLOCK_OP,
        HisCall::Post { .. } => &record::POST_OP,
        HisCall::QueryPost { .. } => &record::QUERY_POST_OP,
        HisCall::CancelPost { .. } => &record::CANCEL_POST_OP,
        HisCall::Refundable { .. } => &record::REFUNDABLE_OP,
        HisCall::Reverse { .. } => &record::REVERSE_OP,
        HisCall::QueryReverse { .. } => &record::QUERY_REVERSE_OP,
        HisCall::Notices { .. } => &record::NOTICES_OP,
        HisCall::DayFile { .. } => &record::DAY_FILE_OP,
        HisCall::FindFiles { .. } => &record::FIND_FILES_OP,
        HisCall::OpenFile { .. } => &record::OPEN_FILE_OP,
        HisCall::QueryFile { .. } => &record::QUERY_FILE_OP,
        HisCall::Registrations { .. } => &record::REGISTRATIONS_OP,
        HisCall::TakeNumber { .. } => &record::TAKE_NUMBER_OP,
        HisCall::CheckIn { .. } => &record::CHECK_IN_OP,
        HisCall::QueryCheckIn { .. } => &record::QUERY_CHECK_IN_OP,
        HisCall::Affected { .. } => &record::AFFECTED_OP,
        HisCall::Rebook { .. } => &record::REBOOK_OP,
        HisCall::QueryRebook { .. } => &record::QUERY_REBOOK_OP,
    }
}

/// The request of a call, as the default profile has it.
pub fn request(call: &HisCall) -> Node {
    match call {
        HisCall::FindPatient { by } => {
            let way = match by.way {
                IdentifyWay::IdCard => "id_card",
                IdentifyWay::HealthCode => "health_code",
                IdentifyWay::EVoucher => "e_voucher",
                IdentifyWay::VisitNo => "visit_no",
                IdentifyWay::Phone => "phone",
                IdentifyWay::PatientNo => "patient_no",
            };
            map([("way", Node::text(way)), ("token", Node::text(by.token.reveal()))])
        }
        HisCall::Unpaid { patient } => map([("patient_id", Node::text(patient.as_str()))]),
        HisCall::UploadFacts { of } => insured::upload_request(of),
        HisCall::Lock { bill } => Node::Map(self::bill(bill)),
        HisCall::Unlock { no }
        | HisCall::QueryPost { no }
        | HisCall::CancelPost { no }
        | HisCall::QueryReverse { no }
        | HisCall::Refundable { no }
        | HisCall::QueryCheckIn { no }
        | HisCall::QueryFile { no }
        | HisCall::QueryRebook { no } => map([("no", Node::text(no.as_str()))]),
        HisCall::Post { posting } => {
            let mut fields = bill(&posting.bill);
            let mut put = |name: &str, value: Option<String>| fields.extend(value.map(|value| (name.to_owned(), Node::Text(value))));
            put("channel", posting.channel.as_ref().map(|c| c.as_str().to_owned()));
            put("out_trade_no", Some(posting.out_trade_no.as_str().to_owned()));
            put("trade_no", posting.trade_no.clone());
            put("paid_at", Some(posting.paid_at.to_string()));
            fields.extend(posting.insured.as_deref().map(|part| ("insured".to_owned(), insured::insured(part))));
            Node::Map(fields)
        }
        HisCall::Reverse { reversal } => refund::reversal_request(reversal),
        HisCall::Notices { after } => Node::Map(after.iter().map(|id| ("after".to_owned(), Node::text(id.as_str()))).collect()),
        HisCall::DayFile { date } => map([("date", Node::Text(date.to_string()))]),
        HisCall::FindFiles { document } => file::document_request(document),
        HisCall::OpenFile { order } => file::file_request(order),
        HisCall::Registrations { patient, date } => map([("patient_id", Node::text(patient.as_str())), ("date", Node::Text(date.to_string()))]),
        HisCall::TakeNumber { order } | HisCall::CheckIn { order } => visit::attend_request(order),
        HisCall::Affected { session, after, limit } => visit::affected_request(session, after.as_deref(), *limit),
        HisCall::Rebook { order } => visit::rebook_request(order),
    }
}

fn map<const N: usize>(fields: [(&str, Node); N]) -> Node {
    Node::Map(fields.into_iter().map(|(name, node)| (name.to_owned(), node)).collect())
}

fn bill(bill: &HisBill) -> Vec<(String, Node)> {
    let line = |line: &LineRef| {
        map([("line_id", Node::text(line.line_id.as_str())), ("version", Node::Number(line.version.to_string())), ("amount", Node::Text(line.amount_fen.to_yuan()))])
    };
    let fields = [
        ("no", Node::text(bill.no.as_str())),
        ("patient_id", Node::text(bill.patient_id.as_str())),
        ("visit_id", Node::text(bill.visit_id.as_str())),
        ("dept_code", Node::text(bill.dept_code.as_str())),
        ("lines", Node::List(bill.lines.iter().map(line).collect())),
        ("total", Node::Text(bill.total_fen.to_yuan())),
    ];
    fields.into_iter().map(|(name, node)| (name.to_owned(), node)).collect()
}

/// The answer to a call from the `data` of a success, as the default profile has it.
pub fn answer(call: &HisCall, data: &Node) -> Result<HisAnswer, Shape> {
    if let HisCall::Unlock { .. } = call {
        return Ok(HisAnswer::Unlock);
    }
    if let HisCall::CancelPost { .. } = call {
        return Ok(HisAnswer::CancelPost);
    }
    let data = Reader::root(data).map_err(|e| e.under("data"))?;
    Ok(match call {
        HisCall::FindPatient { .. } => HisAnswer::FindPatient(data.records("patients", patient)?),
        HisCall::Unpaid { patient } => HisAnswer::Unpaid(unpaid(&data, patient)?),
        HisCall::UploadFacts { .. } => HisAnswer::UploadFacts(Box::new(insured::upload_facts(&data)?)),
        HisCall::Lock { .. } => HisAnswer::Lock(LockReceipt { total_fen: data.amount("total")? }),
        HisCall::Unlock { .. } => HisAnswer::Unlock,
        HisCall::Post { .. } => HisAnswer::Post(receipt(&data)?),
        HisCall::QueryPost { .. } => HisAnswer::QueryPost(post_state(&data)?),
        HisCall::CancelPost { .. } => HisAnswer::CancelPost,
        HisCall::Refundable { .. } => HisAnswer::Refundable(refund::refundable(&data)?),
        HisCall::Reverse { .. } => HisAnswer::Reverse(refund::reversed(&data)?),
        HisCall::QueryReverse { .. } => HisAnswer::QueryReverse(match data.word("state", &[("reversed", true), ("not_recorded", false)])? {
            true => Some(refund::reversed(&data.record("reversal")?)?),
            false => None,
        }),
        HisCall::Notices { .. } => HisAnswer::Notices(data.records("notices", notice)?),
        HisCall::DayFile { .. } => HisAnswer::DayFile(data.records("rows", day_row)?),
        HisCall::FindFiles { .. } => HisAnswer::FindFiles(data.records("patients", patient)?),
        HisCall::OpenFile { .. } => HisAnswer::OpenFile(file::opened(&data)?),
        HisCall::QueryFile { .. } => HisAnswer::QueryFile(file::file_state(&data)?),
        HisCall::Registrations { .. } => HisAnswer::Registrations(data.records("registrations", visit::registration)?),
        HisCall::TakeNumber { .. } => HisAnswer::TakeNumber(visit::ticket(&data)?),
        HisCall::CheckIn { .. } => HisAnswer::CheckIn(visit::ticket(&data)?),
        HisCall::QueryCheckIn { .. } => HisAnswer::QueryCheckIn(visit::attended(&data)?),
        HisCall::Affected { limit, .. } => HisAnswer::Affected(visit::affected(&data, *limit)?),
        HisCall::Rebook { .. } => HisAnswer::Rebook(visit::rebooked(&data)?),
        HisCall::QueryRebook { .. } => HisAnswer::QueryRebook(visit::rebook_state(&data)?),
    })
}

/// What "not found" means for a call where it is an answer.
pub(crate) const fn not_found(call: &HisCall) -> Option<HisAnswer> {
    match call {
        HisCall::FindPatient { .. } => Some(HisAnswer::FindPatient(Vec::new())),
        HisCall::Unlock { .. } => Some(HisAnswer::Unlock),
        HisCall::QueryPost { .. } => Some(HisAnswer::QueryPost(PostState::NotRecorded)),
        HisCall::QueryReverse { .. } => Some(HisAnswer::QueryReverse(None)),
        HisCall::QueryCheckIn { .. } => Some(HisAnswer::QueryCheckIn(None)),
        HisCall::QueryRebook { .. } => Some(HisAnswer::QueryRebook(None)),
        HisCall::FindFiles { .. } => Some(HisAnswer::FindFiles(Vec::new())),
        HisCall::QueryFile { .. } => Some(HisAnswer::QueryFile(None)),
        HisCall::OpenFile { .. }
        | HisCall::Registrations { .. }
        | HisCall::TakeNumber { .. }
        | HisCall::CheckIn { .. }
        | HisCall::Affected { .. }
        | HisCall::Rebook { .. }
        | HisCall::Unpaid { .. }
        | HisCall::UploadFacts { .. }
        | HisCall::Lock { .. }
        | HisCall::Post { .. }
        | HisCall::CancelPost { .. }
        | HisCall::Refundable { .. }
        | HisCall::Reverse { .. }
        | HisCall::Notices { .. }
        | HisCall::DayFile { .. } => None,
    }
}

/// What "done, without data" means for a call that can do without.
pub(crate) const fn no_data(call: &HisCall) -> Option<HisAnswer> {
    match call {
        HisCall::Unpaid { .. } => Some(HisAnswer::Unpaid(UnpaidCharges { visits: Vec::new(), lines: Vec::new() })),
        HisCall::CancelPost { .. } => Some(HisAnswer::CancelPost),
        HisCall::Notices { .. } => Some(HisAnswer::Notices(Vec::new())),
        HisCall::DayFile { .. } => Some(HisAnswer::DayFile(Vec::new())),
        HisCall::Registrations { .. } => Some(HisAnswer::Registrations(Vec::new())),
        HisCall::Affected { .. } => Some(HisAnswer::Affected(AffectedPage { items: Vec::new(), next: None })),
        HisCall::FindPatient { .. }
        | HisCall::Unlock { .. }
        | HisCall::QueryPost { .. }
        | HisCall::QueryReverse { .. }
        | HisCall::QueryCheckIn { .. }
        | HisCall::FindFiles { .. }
        | HisCall::QueryFile { .. }
        | HisCall::QueryRebook { .. } => not_found(call),
        HisCall::Lock { .. }
        | HisCall::UploadFacts { .. }
        | HisCall::Post { .. }
        | HisCall::Refundable { .. }
        | HisCall::Reverse { .. }
        | HisCall::TakeNumber { .. }
        | HisCall::CheckIn { .. }
        | HisCall::Rebook { .. }
        | HisCall::OpenFile { .. } => None,
    }
}

fn patient(r: &Reader<'_>) -> Result<PatientFile, Shape> {
    let sex_code = r.optional("sex_code")?.unwrap_or("9");
    if !matches!(sex_code, "0" | "1" | "2" | "9") {
        return Err(r.problem("sex_code", "is not one of 0, 1, 2, 9"));
    }
    Ok(PatientFile {
        patient_id: r.id("patient_id", PatientId::new)?,
        name: Private::new(r.text("name")?),
        sex_code: sex_code.to_owned(),
        birth_date: r.optional_date("birth_date")?,
        id_no: r.optional_private("id_no")?,
        phone: r.optional_private("phone")?,
    })
}

fn unpaid(r: &Reader<'_>, patient: &PatientId) -> Result<UnpaidCharges, Shape> {
    let own = |r: &Reader<'_>, whose: &PatientId| if whose == patient { Ok(()) } else { Err(r.problem("patient_id", "is another patient's")) };
    Ok(UnpaidCharges {
        visits: r.records("visits", |r| visit(r).and_then(|visit| own(r, &visit.patient_id).map(|()| visit)))?,
        lines: r.records("lines", |r| line(r).and_then(|line| own(r, &line.patient_id).map(|()| line)))?,
    })
}

fn visit(r: &Reader<'_>) -> Result<Visit, Shape> {
    Ok(Visit {
        visit_id: r.id("visit_id", VisitId::new)?,
        patient_id: r.id("patient_id", PatientId::new)?,
        date: r.date("date")?,
        dept_code: r.id("dept_code", DeptCode::new)?,
        dept_name: r.text("dept_name")?.to_owned(),
        doctor_name: r.optional_string("doctor_name")?,
        payer: r.word("payer", &[("self_pay", PayerClass::SelfPay), ("insured", PayerClass::Insured)])?,
        med_type: r.optional_string("med_type")?,
        dise_codg: r.optional_string("dise_codg")?,
    })
}

fn line(r: &Reader<'_>) -> Result<ChargeLine, Shape> {
    const KINDS: &[(&str, ItemKind)] = &[("drug", ItemKind::Drug), ("herb", ItemKind::Herb), ("material", ItemKind::Material), ("service", ItemKind::Service)];
    let doses = r.whole("doses", 1)?;
    if doses == 0 {
        return Err(r.problem("doses", "is zero"));
    }
    Ok(ChargeLine {
        line_id: r.id("line_id", LineKey::new)?,
        version: r.whole("version", 0)?,
        patient_id: r.id("patient_id", PatientId::new)?,
        visit_id: r.id("visit_id", VisitId::new)?,
        order_no: r.optional_string("order_no")?,
        line_no: r.whole("line_no", 0)?,
        kind: r.word("kind", KINDS)?,
        fee_class: FeeClass(r.text("fee_class")?.to_owned()),
        item_code: r.text("item_code")?.to_owned(),
        item_name: r.text("item_name")?.to_owned(),
        spec: r.optional_string("spec")?,
        unit: r.optional_string("unit")?,
        price: r.price("price")?,
        quantity: r.quantity("quantity")?,
        doses,
        amount_fen: r.amount("amount")?,
        order_dept_code: r.id("order_dept_code", DeptCode::new)?,
        order_dept_name: r.text("order_dept_name")?.to_owned(),
        exec_dept_code: r.optional_id("exec_dept_code", DeptCode::new)?,
        exec_dept_name: r.optional_string("exec_dept_name")?,
        pharmacy_code: r.optional_id("pharmacy_code", DeptCode::new)?,
        pharmacy_name: r.optional_string("pharmacy_name")?,
        atomic_key: r.optional_string("atomic_key")?,
        main_line: r.flag("main_line")?,
        self_paid_item: r.flag("self_paid_item")?,
        reverses: r.optional_id("reverses", LineKey::new)?,
        ordered_at: r.optional_instant("ordered_at")?,
    })
}

fn receipt(r: &Reader<'_>) -> Result<HisReceipt, Shape> {
    Ok(HisReceipt {
        receipt_no: r.text("receipt_no")?.to_owned(),
        no: r.id("no", BusinessNo::new)?,
        patient_id: r.id("patient_id", PatientId::new)?,
        total_fen: r.amount("total")?,
        posted_at: r.instant("posted_at")?,
        guidance: r.optional_string("guidance")?,
    })
}

fn post_state(r: &Reader<'_>) -> Result<PostState, Shape> {
    #[derive(Clone, Copy)]
    enum Word {
        Posted,
        NotRecorded,
        Cancelled,
    }
    Ok(match r.word("state", &[("posted", Word::Posted), ("not_recorded", Word::NotRecorded), ("cancelled", Word::Cancelled)])? {
        Word::Posted => PostState::Posted(receipt(&r.record("receipt")?)?),
        Word::NotRecorded => PostState::NotRecorded,
        Word::Cancelled => PostState::Cancelled,
    })
}

/// A notice that HIS pushes, from its record.
pub fn pushed(data: &Node) -> Result<HisNotice, Shape> {
    notice(&Reader::root(data)?)
}

fn notice(r: &Reader<'_>) -> Result<HisNotice, Shape> {
    #[derive(Clone, Copy)]
    enum Word {
        LinesChanged,
        Reversed,
        Stopped,
    }
    let what = match r.word("kind", &[("lines_changed", Word::LinesChanged), ("reversed", Word::Reversed), ("clinic_stopped", Word::Stopped)])? {
        Word::LinesChanged => HisNoticeKind::LinesChanged { lines: r.ids("lines", LineKey::new)? },
        Word::Reversed => HisNoticeKind::Reversed { settlement_no: r.id("settlement_no", BusinessNo::new)?, amount_fen: r.amount("amount")?, suspended: r.flag("suspended")? },
        Word::Stopped => HisNoticeKind::Stopped { stop: Box::new(visit::stop(&r.record("stop")?)?) },
    };
    Ok(HisNotice { id: r.text("id")?.to_owned(), at: r.instant("at")?, what })
}

fn day_row(r: &Reader<'_>) -> Result<DayRow, Shape> {
    let amount_fen = r.amount("amount")?;
    if amount_fen.is_negative() {
        return Err(r.problem("amount", "is negative"));
    }
    Ok(DayRow {
        kind: r.word("kind", &[("posted", DayRowKind::Posted), ("reversed", DayRowKind::Reversed)])?,
        settlement_no: r.id("settlement_no", BusinessNo::new)?,
        receipt_no: r.text("receipt_no")?.to_owned(),
        amount_fen,
        at: r.instant("at")?,
    })
}
