//! Around visits: registrations with and without a fee, stopped clinics, check-ins, and newcomers who open a file.

use menjie::access::Private;
use menjie::charge::PayerClass;
use menjie::patient::Record;
use menjie::port::NoticeChannel;
use menjie::service::RegisterRequest;
use menjie::testkit::world::{booking, charge, stop, visit};
use menjie::visit::{StopKind, StopNotice};
use menjie::workflow::{Row, StopSt, SuspensionSt};

use crate::book::open;
use crate::dice::Dice;
use crate::events::{pays, person, recent};
use crate::fault::Fault;
use crate::house::{DEPARTMENTS, House};

const DAY: i64 = 86_400_000;
/// What a registration costs that is not free.
const FEE: &str = "10.00";

/// Somebody books for today or a later day; half of them owe a fee, which is charged like anything else, and some pay it at once.
pub fn book(house: &mut House, dice: &Dice, at: usize) {
    house.serial += 1;
    let whose = dice.at(house.patients.len());
    let day = house.now().plus_millis(if dice.one_in(2) { 0 } else { DAY + dice.ms(2 * DAY) }).biz_date();
    let (openid, phone) = (format!("o{}", house.serial), format!("139{:08}", house.serial));
    let (openid, phone) = ((!dice.one_in(4)).then_some(openid), (!dice.one_in(4)).then_some(phone));
    if house.knobs.has(Fault::NoticeRefused) && dice.one_in(3) {
        for (channel, to) in [(NoticeChannel::Account, &openid), (NoticeChannel::Sms, &phone)] {
            if let Some(to) = to {
                house.world.notifier.refuse_notice(channel, to, "43101");
            }
        }
    }
    let (schedule, number) = (format!("S{}", dice.of(2)), format!("G{:04}", house.serial));
    let patient = house.patients[whose].clone();
    let Ok(mut booking) = booking(&patient.id, &number, &schedule, &day.to_string(), openid.as_deref(), phone.as_deref()) else { return };
    house.booked.push((schedule, day, booking.registration.visit_id.clone(), whose));
    let owes = dice.one_in(2);
    if owes {
        let Ok(mut visit) = visit(&patient.id, &number) else { return };
        visit.date = day;
        visit.payer = if patient.insured { PayerClass::Insured } else { PayerClass::SelfPay };
        let fee = charge(&visit, &format!("F{:04}", house.serial), DEPARTMENTS[0], FEE, "1").unwrap();
        booking.registration.paid = false;
        booking.registration.fee_fen = fee.amount_fen;
        house.lines.push(fee.line_id.clone());
        house.world.his.add(visit, vec![fee]);
    }
    house.world.his.book(booking);
    if owes && !dice.one_in(3) {
        pays(house, dice, at, whose);
        house.wait(2_000);
        let known: Vec<_> = recent(&house.payments.lock().unwrap()).to_vec();
        for payment in known.into_iter().rev().take(4) {
            house.world.pay(payment);
        }
    }
}

/// Presses check-in, or takes a number.
pub fn attend(house: &mut House, dice: &Dice, at: usize) {
    let Some((.., visit, whose)) = dice.pick(recent(&house.booked)) else { return };
    let Some(person) = person(house, dice, at, Some(whose)) else { return };
    house.ask(at, person.attends(visit));
}

/// A clinic somebody has booked does not take place, or does after all; HIS pushes it, again, or lets us read it. At times it takes its
/// word back in the same moment, or while a person looks at it.
pub fn stopped(house: &mut House, dice: &Dice, at: usize) {
    let held = open(&house.book).rows.values().find_map(|row| if let Row::Stop(s) = row { (s.st == StopSt::Held).then(|| s.notice.clone()) } else { None });
    if let Some(notice) = held.filter(|_| dice.one_in(2)) {
        tell(house, dice, at, StopNotice { kind: StopKind::Withdrawn, substitute: None, ..notice });
        return;
    }
    let Some((schedule, day, ..)) = dice.pick(recent(&house.booked)) else { return };
    let Ok(notice) = stop(&schedule, &day.to_string(), 0, Some("S8")) else { return };
    let withdrawn = StopNotice { kind: StopKind::Withdrawn, substitute: None, ..notice.clone() };
    match dice.of(6) {
        0 => tell(house, dice, at, withdrawn),
        1 => {
            tell(house, dice, at, notice);
            tell(house, dice, at, withdrawn);
        }
        _ => tell(house, dice, at, notice),
    }
}

/// HIS says it, under its next version.
fn tell(house: &mut House, dice: &Dice, at: usize, notice: StopNotice) {
    house.serial += 1;
    let notice = house.world.his.stop(StopNotice { version: house.serial, ..notice });
    for _ in 0..dice.of(3) {
        let (engine, hospital, notice) = (house.replicas[at].engine.clone(), house.hospital.clone(), notice.clone());
        house.ask(at, async move {
            let _ = engine.push_notice(&hospital, &notice).await;
        });
        house.wait(dice.ms(60));
    }
}

/// Somebody whose clinic is stopped chooses.
pub fn choose(house: &mut House, dice: &Dice, at: usize) {
    let waiting: Vec<_> = {
        let book = open(&house.book);
        let may = |row: &Row| if let Row::Suspension(s) = row { (s.st == SuspensionSt::Notified).then(|| s.registration.patient_id.clone()) } else { None };
        book.rows.values().filter_map(may).collect()
    };
    let Some(patient) = dice.pick(&waiting) else { return };
    let whose = house.patients.iter().position(|p| p.id == patient);
    let Some(person) = whose.and_then(|whose| person(house, dice, at, Some(whose))) else { return };
    house.ask(at, person.chooses());
}

/// An 18-digit number of a synthetic resident: area, birth date, serial, check digit.
fn id_no(serial: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("440599{}{:02}07{:03}", 1950 + serial / 1000 % 60, 1 + serial / 60_000 % 12, serial % 1000);
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{body}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize])
}

/// A newcomer opens a file; some press twice, some are there already.
pub fn register(house: &mut House, dice: &Dice, at: usize) {
    if !dice.one_in(6) {
        house.newcomers += 1;
    }
    let record = Record {
        name: Private::new("陈测安"),
        marital: "10".into(),
        ethnic: "01".into(),
        id_type: "01".into(),
        id_no: Private::new(id_no(house.newcomers)),
        address: Private::new("广东省汕头市龙湖区测试路1号"),
        phone: Private::new(format!("138{:08}", house.newcomers)),
        contact_name: Private::new("陈测宁"),
        contact_relation: "51".into(),
        pay_method: "07".into(),
        ..Record::default()
    };
    let (engine, hospital, key, again) = (house.replicas[at].engine.clone(), house.hospital.clone(), house.key(), dice.one_in(3));
    house.ask(at, async move {
        let request = RegisterRequest { key, record };
        for _ in 0..3 {
            if engine.register(&hospital, &request).await.is_ok() && !again {
                return;
            }
        }
    });
}
