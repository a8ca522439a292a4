//! Visits and charge lines for tests.

use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::charge::{ChargeLine, FeeClass, ItemKind, PayerClass, Visit};
use crate::error::Result;
use crate::ident::{DeptCode, LineKey, PatientId, ScheduleId, VisitId};
use crate::insurance::InsuredPerson;
use crate::money::{Money, Quantity, UnitPrice, line_amount};
use crate::visit::{Affected, Contact, Registration, Session, Standing, StopKind, StopNotice, StopReason, Substitute};

/// A self-paid visit of today's patient.
pub fn visit(patient: &PatientId, id: &str) -> Result<Visit> {
    Ok(Visit {
        visit_id: VisitId::new(id)?,
        patient_id: patient.clone(),
        date: crate::calendar::BizDate::parse("2026-03-02")?,
        dept_code: DeptCode::new("MZ01")?,
        dept_name: "门诊一".to_owned(),
        doctor_name: Some("医生甲".to_owned()),
        payer: PayerClass::SelfPay,
        med_type: None,
        dise_codg: None,
    })
}

/// The person of [`patient_file`](super::patient_file), insured as an employee (310).
pub fn insured_person() -> InsuredPerson {
    InsuredPerson {
        psn_no: Private::new("44050000000000000001"),
        name: Private::new("测试甲"),
        id_type: "01".to_owned(),
        id_no: Private::new("440599199003070058"),
        insurance_type: "310".to_owned(),
        insured_place: "440500".to_owned(),
        balance_fen: None,
        active: true,
    }
}

/// One service line executed by `dept`.
pub fn charge(visit: &Visit, line: &str, dept: &str, price: &str, quantity: &str) -> Result<ChargeLine> {
    let (price, quantity) = (UnitPrice::parse(price)?, Quantity::parse(quantity)?);
    Ok(ChargeLine {
        line_id: LineKey::new(line)?,
        version: 1,
        patient_id: visit.patient_id.clone(),
        visit_id: visit.visit_id.clone(),
        order_no: Some(format!("RX-{}", visit.visit_id)),
        line_no: 1,
        kind: ItemKind::Service,
        fee_class: FeeClass("05".to_owned()),
        item_code: "T0001".to_owned(),
        item_name: "治疗项目".to_owned(),
        spec: None,
        unit: Some("次".to_owned()),
        price,
        quantity,
        doses: 1,
        amount_fen: line_amount(price, quantity, 1)?,
        order_dept_code: visit.dept_code.clone(),
        order_dept_name: visit.dept_name.clone(),
        exec_dept_code: Some(DeptCode::new(dept)?),
        exec_dept_name: Some(format!("科室{dept}")),
        pharmacy_code: None,
        pharmacy_name: None,
        atomic_key: None,
        main_line: false,
        self_paid_item: false,
        reverses: None,
        ordered_at: None,
    })
}

/// A free registration of a morning session that starts at nine; reached as `openid` and `phone`.
pub fn booking(patient: &PatientId, visit: &str, schedule: &str, day: &str, openid: Option<&str>, phone: Option<&str>) -> Result<Affected> {
    let at = |time: &str| Timestamp::parse(&format!("{day}T{time}:00+08:00"));
    let registration = Registration {
        visit_id: VisitId::new(visit)?,
        patient_id: patient.clone(),
        schedule_id: ScheduleId::new(schedule)?,
        date: BizDate::parse(day)?,
        session: Session::Am,
        starts_at: at("09:00")?,
        ends_at: at("12:00")?,
        dept_code: DeptCode::new("MZ01")?,
        dept_name: "门诊一".to_owned(),
        doctor_name: Some("医生甲".to_owned()),
        place: Some("门诊楼二楼".to_owned()),
        standing: Standing::Booked,
        paid: true,
        fee_fen: Money::ZERO,
        settlement_no: None,
        queue: None,
    };
    Ok(Affected { registration, contact: Contact { openid: openid.map(Private::new), phone: phone.map(Private::new) } })
}

/// The notice that this morning session does not take place; `instead` is offered.
pub fn stop(schedule: &str, day: &str, version: u32, instead: Option<&str>) -> Result<StopNotice> {
    let at = |time: &str| Timestamp::parse(&format!("{day}T{time}:00+08:00"));
    let date = BizDate::parse(day)?;
    let substitute = match instead {
        Some(id) => Some(Substitute { schedule_id: ScheduleId::new(id)?, date, session: Session::Pm, doctor_name: Some("医生乙".to_owned()) }),
        None => None,
    };
    Ok(StopNotice {
        schedule_id: ScheduleId::new(schedule)?,
        date,
        session: Session::Am,
        version,
        kind: StopKind::Stopped,
        dept_code: DeptCode::new("MZ01")?,
        dept_name: "门诊一".to_owned(),
        doctor_name: Some("医生甲".to_owned()),
        starts_at: at("09:00")?,
        ends_at: at("12:00")?,
        reason: StopReason::DoctorAway,
        substitute,
    })
}
