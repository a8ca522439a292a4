//! Bodies and answers of the methods. Pure: no bytes, no clock.

use menjie::access::Private;
use menjie::calendar::Timestamp;
use menjie::charge::ChargeLine;
use menjie::code::{Mapped, find_code_map, find_code_table};
use menjie::ident::BusinessNo;
use menjie::invoice::{CheckSplitRequest, InvoiceOrder, InvoiceState, Issued, RedOrder, Reddened};
use menjie::money::Money;
use serde_json::{Map, Value, json};

use crate::config::{InvoiceConfig, PlatformVersion};
use crate::summary;
use menjie_transport::Shape;

/// The result code of a success.
pub const OK: &str = "S0000";
/// The front-end machine could not pass the request on, or lost the answer: the outcome is unknown.
pub const PROXY_FAILED: &str = "ISIP0001";

/// Which ticket an order becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticket {
    /// 门诊.
    Outpatient,
    /// 挂号: nothing but registration fees.
    Registration,
}

impl Ticket {
    /// The ticket of an order.
    pub fn of(config: &InvoiceConfig, order: &InvoiceOrder) -> Ticket {
        let registers = |line: &ChargeLine| config.registration.fee_classes.contains(&line.fee_class.0);
        if !order.lines.is_empty() && order.lines.iter().all(registers) { Ticket::Registration } else { Ticket::Outpatient }
    }

    /// The method that issues it.
    pub const fn method(self, config: &InvoiceConfig) -> &str {
        match self {
            Ticket::Outpatient => config.methods.issue.as_str(),
            Ticket::Registration => config.methods.issue_registration.as_str(),
        }
    }

    const fn bus_type(self, config: &InvoiceConfig) -> &str {
        match self {
            Ticket::Outpatient => config.bus_type.as_str(),
            Ticket::Registration => config.registration.bus_type.as_str(),
        }
    }
}

/// The issue body of an order. An error says which sum does not close; nothing may be sent then.
pub fn issue(config: &InvoiceConfig, order: &InvoiceOrder) -> Result<Value, &'static str> {
    if !order.total_fen.is_positive() {
        return Err("the total is not positive");
    }
    let rows = summary::rows(config, order)?;
    let split = CheckSplitRequest::of(order).map_err(|_| "the parts do not add up to the total")?;
    let (total, zero) = (order.total_fen.to_yuan(), Money::ZERO.to_yuan());
    let (care_type, care_name) = care_type(order.insurance_type.as_deref());
    let payer = &order.payer;
    let mut body = json!({
        "busNo": order.bus_no.as_str(), "busType": Ticket::of(config, order).bus_type(config), "payer": payer.name.reveal(), "busDateTime": order.settled_at.digits(),
        "placeCode": config.place_code, "payee": config.payee, "author": config.author, "totalAmt": total, "payerType": "1",
        "cardType": config.card_type, "cardNo": payer.patient_id.as_str(),
        "medicalInstitution": config.medical_institution, "medCareTypeCode": care_type, "medicalCareType": care_name,
        "consultationDate": consultation_date(config.version, order), "patientNo": order.visit_id.as_str(), "caseNumber": payer.patient_id.as_str(),
        "sex": payer.sex, "age": payer.age,
        "accountPay": split.account_fen.to_yuan(), "fundPay": split.fund_fen.to_yuan(), "otherfundPay": split.other_fen.to_yuan(),
        "selfCashPay": split.cash_fen.to_yuan(), "ownPay": split.own_fen.to_yuan(), "selfConceitedAmt": zero, "selfPayAmt": split.shared_fen.to_yuan(), "isArrears": "1",
        "payChannelDetail": channels(config, order)?,
        "chargeDetail": rows.charge_detail, "listDetail": rows.list_detail,
    });
    if let Value::Object(fields) = &mut body {
        let mut put = |field: &str, text: &str| drop(fields.insert(field.to_owned(), text.into()));
        for field in config.version.department_fields() {
            put(field, &order.dept_name);
        }
        if let Some(id_no) = &payer.id_no {
            put("idCardNo", id_no.reveal());
        }
        if let Some(phone) = &payer.phone {
            put("tel", phone.reveal());
        }
        if !order.trade_no.is_empty() && config.wechat_channels.iter().any(|wechat| wechat == order.channel.as_str()) {
            put("weChatOrderNo", &order.trade_no);
        }
    }
    closes(&body)?;
    Ok(body)
}

/// Through which channels the money came: the cash through ours, everything else through the insurer.
fn channels(config: &InvoiceConfig, order: &InvoiceOrder) -> Result<Vec<Value>, &'static str> {
    let ours = config.channels.get(order.channel.as_str()).unwrap_or(&config.other_channel);
    let insured = order.amounts.insured().total().map_err(|_| "the insurer's part is out of range")?;
    let rows = [(ours, order.amounts.cash_fen), (&config.insurer_channel, insured)];
    let row = |(code, amount): (&String, Money)| json!({ "payChannelCode": code, "payChannelValue": amount.to_yuan() });
    Ok(rows.into_iter().filter(|(_, amount)| !amount.is_zero()).map(row).collect())
}

/// Code and name of the payer type (医疗付费方式); an insurance the ticket has no word for counts as 其他社会保险.
fn care_type(insurance_type: Option<&str>) -> (&'static str, &'static str) {
    const SELF_PAY: (&str, &str) = ("07", "自费");
    const OTHER: &str = "99";
    let Some(code) = insurance_type else { return SELF_PAY };
    let code = match find_code_map("insutype_invoice").map(|map| map.outward(code)) {
        Some(Mapped::To(code)) => code,
        _ => OTHER,
    };
    (code, find_code_table("invoice_payer_type").and_then(|table| table.name(code)).unwrap_or_default())
}

/// Checks an issue body as it is about to leave: payment sources (identity 1, domain/hospital.md §3.4), channels, fee classes and
/// items each add up to `totalAmt`. The error says which do not.
pub fn closes(body: &Value) -> Result<(), &'static str> {
    let amount = |field: Option<&Value>| Money::from_yuan(field.and_then(Value::as_str).unwrap_or_default(), "amount").ok();
    let rows = |list: &str, field: &str| match body.get(list) {
        Some(Value::Array(rows)) => rows.iter().try_fold(Money::ZERO, |sum, row| sum.plus(amount(row.get(field))?).ok()),
        _ => None,
    };
    let total = amount(body.get("totalAmt")).ok_or("totalAmt is not an amount")?;
    let sources = ["fundPay", "otherfundPay", "accountPay", "selfCashPay"].iter().try_fold(Money::ZERO, |sum, field| sum.plus(amount(body.get(*field))?).ok());
    let sums = [
        (sources, "the payment sources do not add up to the total"),
        (rows("payChannelDetail", "payChannelValue"), "the channels do not add up to the total"),
        (rows("chargeDetail", "amt"), "the fee classes do not add up to the total"),
        (rows("listDetail", "amt"), "the items do not add up to the total"),
    ];
    sums.into_iter().find(|(sum, _)| *sum != Some(total)).map_or(Ok(()), |(_, problem)| Err(problem))
}

/// The body of a look-up by business number.
pub fn by_bus_no(bus_no: &BusinessNo) -> Value {
    json!({ "busNo": bus_no.as_str() })
}

/// The body of a look-up by code and number, of the state as of the booking.
pub fn by_number(batch_code: &str, bill_no: &str) -> Value {
    json!({ "billBatchCode": batch_code, "billNo": bill_no })
}

/// The body of a red invoice.
pub fn red(config: &InvoiceConfig, order: &RedOrder) -> Value {
    let reason: String = order.reason.chars().take(200).collect();
    json!({
        "billBatchCode": order.batch_code, "billNo": order.bill_no, "reason": reason, "operator": config.author,
        "busDateTime": order.at.digits(), "placeCode": config.place_code,
    })
}

fn consultation_date(version: PlatformVersion, order: &InvoiceOrder) -> String {
    let date = order.visit_date.to_string();
    match version {
        PlatformVersion::V32 => date.replace('-', ""),
        PlatformVersion::V31 => date,
    }
}

/// A blue invoice out of an answer. `known_total` is what was asked for, when the answer need not repeat it.
pub fn issued(fields: &Map<String, Value>, known_total: Option<Money>) -> Result<Issued, Shape> {
    let total = match (text(fields, "totalAmt"), known_total) {
        (Some(text), _) => Money::from_yuan(text.as_str(), "totalAmt").map_err(|_| Shape::new("totalAmt", "is not an amount in yuan"))?,
        (None, Some(total)) => total,
        (None, None) => return Err(Shape::new("totalAmt", "is missing")),
    };
    Ok(Issued {
        batch_code: required(fields, "billBatchCode")?,
        bill_no: required(fields, "billNo")?,
        check_code: required(fields, "random")?,
        issued_at: at(&required(fields, "createTime")?).ok_or(Shape::new("createTime", "is not yyyyMMddHHmmssSSS"))?,
        total_fen: total,
        url: Private::new(text(fields, "pictureNetUrl").or_else(|| text(fields, "pictureUrl")).unwrap_or_default()),
    })
}

/// A red invoice out of the answer to red.
pub fn reddened(fields: &Map<String, Value>) -> Result<Reddened, Shape> {
    Ok(Reddened {
        batch_code: required(fields, "eScarletBillBatchCode")?,
        bill_no: required(fields, "eScarletBillNo")?,
        at: at(&required(fields, "createTime")?).ok_or(Shape::new("createTime", "is not yyyyMMddHHmmssSSS"))?,
    })
}

/// What the state answer says about a blue invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillState {
    /// Valid.
    Normal,
    /// Reversed.
    Red(Reddened),
    /// Changed to paper.
    Paper,
    /// Booked by the payer's unit.
    Booked,
}

impl BillState {
    /// The same as the port says it.
    pub fn of(self, blue: Issued) -> InvoiceState {
        match self {
            BillState::Normal => InvoiceState::Blue(blue),
            BillState::Red(red) => InvoiceState::Red { blue, red },
            BillState::Paper => InvoiceState::Paper(blue),
            BillState::Booked => InvoiceState::Booked(blue),
        }
    }
}

/// Reads the state answer. Red counts before void, because a reversed invoice may be shown as void too; `learned` stands in for
/// the red's time where the platform does not tell it.
pub fn bill_state(config: &InvoiceConfig, fields: &Map<String, Value>, learned: Timestamp) -> Result<BillState, Shape> {
    let names = &config.state_fields;
    match required(fields, "isScarlet")?.as_str() {
        "1" => {
            let told = text(fields, &names.red_at).map(|text| at(&text).ok_or(Shape::new("scarletDateTime", "is not yyyyMMddHHmmssSSS"))).transpose()?;
            let batch_code = text(fields, &names.red_code).ok_or(Shape::new("scarletBillBatchCode", "is missing"))?;
            let bill_no = text(fields, &names.red_no).ok_or(Shape::new("scarletBillNo", "is missing"))?;
            return Ok(BillState::Red(Reddened { batch_code, bill_no, at: told.unwrap_or(learned) }));
        }
        "0" => {}
        _ => return Err(Shape::new("isScarlet", "is neither 0 nor 1")),
    }
    if required(fields, "state")? != "1" {
        return Err(Shape::new("state", "is not 1 (normal) although there is no red invoice"));
    }
    match text(fields, &names.paper).as_deref() {
        None | Some("0") => Ok(BillState::Normal),
        Some("1") => Ok(BillState::Paper),
        Some(_) => Err(Shape::new("isPrtPaper", "is neither 0 nor 1")),
    }
}

/// Reads the answer about booking.
pub fn booked(config: &InvoiceConfig, fields: &Map<String, Value>) -> Result<bool, Shape> {
    match text(fields, &config.state_fields.booked).as_deref() {
        Some("0") => Ok(false),
        Some("1") => Ok(true),
        _ => Err(Shape::new("accountStatus", "is neither 0 nor 1")),
    }
}

/// A text or number; nothing, blanks and "null" are absent.
fn text(fields: &Map<String, Value>, field: &str) -> Option<String> {
    let text = match fields.get(field)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if text.is_empty() || text == "null" || text == "NULL" { None } else { Some(text) }
}

fn required(fields: &Map<String, Value>, field: &'static str) -> Result<String, Shape> {
    text(fields, field).ok_or(Shape::new(field, "is missing"))
}

/// yyyyMMddHHmmss with or without milliseconds, UTC+8.
fn at(text: &str) -> Option<Timestamp> {
    if !matches!(text.len(), 14 | 17) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to);
    let millis = part(14, 17).unwrap_or("000");
    let rfc = format!("{}-{}-{}T{}:{}:{}.{millis}+08:00", part(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?);
    Timestamp::parse(&rfc).ok()
}
