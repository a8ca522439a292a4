//! An operator who decides what needs a person, by what is found at the counterparts; at times rashly.

use menjie::access::{Caller, Role};
use menjie::ident::PatientId;
use menjie::service::{AttentionListRequest, AttentionResolveRequest, AttentionResolveResponse, Resolution};
use menjie::testkit::world::Plan;
use menjie::visit::QueueTicket;
use menjie::workflow::{Key, MachineKind, check_in, filing, invoice, notice, payment, refund, settlement, stop, suspension};

use crate::book::open;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::house::House;
use crate::visits;

const MINUTE: i64 = 60_000;

/// Who may decide everything: operator and finance in one.
pub fn operator(house: &House) -> Caller {
    house.member("op1", &[Role::Operator, Role::Finance, Role::Auditor], &[])
}

/// While everything goes on: what moves no money is decided, and what only asks a counterpart again.
pub fn in_between(house: &mut House, dice: &Dice, at: usize) {
    if house.knobs.has(Fault::Rash) && dice.one_in(3) {
        rashly(house, dice, at);
    }
    decide(house, at, |house, machine, st, held| match machine {
        Key::CheckIn(_) | Key::Filing(_) | Key::Stop(_) | Key::Suspension(_) | Key::Notice(_) | Key::Invoice(_) => found(house, dice, machine, st, held),
        Key::Payment(_) if held => vec![Resolution::Payment(payment::Decision::AskAgain)],
        Key::Refund(_) if held => vec![Resolution::Refund(refund::Decision::AskAgain)],
        Key::Payment(_) | Key::Refund(_) | Key::Settlement(_) => Vec::new(),
    });
}

/// HIS has been silent for long about a place or a file; somebody decides without looking, in the moment in which it is asked again.
fn rashly(house: &mut House, dice: &Dice, at: usize) {
    let before: Vec<Key> = open(&house.book).rows.keys().copied().collect();
    if dice.one_in(2) {
        // Most are booked for another day or hour.
        for _ in 0..8 {
            visits::attend(house, dice, at);
        }
    } else {
        visits::register(house, dice, at);
    }
    let begun = |house: &House| {
        let book = open(&house.book);
        let new = |key: &&Key| matches!(key, Key::CheckIn(_) | Key::Filing(_)) && !before.contains(key);
        book.rows.keys().find(new).copied()
    };
    let until = house.now().plus_millis(20_000);
    while begun(house).is_none() && house.now() < until && house.exec.step() {}
    let Some(machine) = begun(house) else { return };
    let silent = ("his.", Plan { lost_before: 1_000, ..Plan::calm() });
    house.world.trouble(Plan { apart: std::iter::once(silent).chain(house.plan.apart.clone()).collect(), ..house.plan.clone() });
    house.wait(32 * MINUTE);
    house.world.trouble(house.plan.clone());
    let waits = open(&house.book).rows.get(&machine).is_some_and(|row| row.st() == "asking" && row.base().attention.is_some());
    let (no, until) = (machine.business_no(), house.now().plus_millis(90 * MINUTE));
    while waits && house.now() < until && !open(&house.book).is_asked(no.as_str()) && house.exec.step() {}
    if waits && open(&house.book).is_asked(no.as_str()) {
        house.met(Fault::Rash);
        for resolution in wrongly(machine, dice) {
            resolve(house, at, machine, resolution);
        }
    }
}

/// When all is calm: whatever hangs. How much was decided.
pub fn at_rest(house: &mut House, dice: &Dice) -> u32 {
    decide(house, 0, |house, machine, st, held| found(house, dice, machine, st, held))
}

fn decide(house: &mut House, at: usize, what: impl Fn(&House, Key, &str, bool) -> Vec<Resolution>) -> u32 {
    let mut decided = 0;
    for kind in MachineKind::ALL {
        let (engine, asked) = (house.replicas[at].engine.clone(), operator(house));
        let Ok(list) = house.block(async move { engine.attention_list(&asked, &AttentionListRequest { kind, after: None }).await }) else { continue };
        for item in list.items {
            for resolution in what(house, item.machine, &item.st, item.held) {
                if resolve(house, at, item.machine, resolution) {
                    decided += 1;
                    break;
                }
            }
        }
    }
    decided
}

/// Takes a decision to a machine; false when it is refused or does not arrive.
pub fn resolve(house: &mut House, at: usize, machine: Key, resolution: Resolution) -> bool {
    let request = AttentionResolveRequest { key: house.key(), machine, resolution, evidence: "已核对".to_owned() };
    let (engine, operator) = (house.replicas[at].engine.clone(), operator(house));
    matches!(house.block(async move { engine.attention_resolve(&operator, &request).await }), Ok(AttentionResolveResponse::Accepted { .. }))
}

/// What somebody decides who has not looked: HIS says something else then.
fn wrongly(machine: Key, dice: &Dice) -> Vec<Resolution> {
    match (machine, dice.one_in(2)) {
        (Key::CheckIn(_), true) => {
            let ticket = QueueTicket { number: "A00".to_owned(), ahead: None, room: None };
            vec![Resolution::CheckIn(check_in::Decision::CheckedIn { ticket })]
        }
        (Key::CheckIn(_), false) => vec![Resolution::CheckIn(check_in::Decision::NotCheckedIn)],
        (Key::Filing(_), true) => vec![Resolution::Filing(filing::Decision::Filed { patient_id: PatientId::new("N-other").unwrap() })],
        (Key::Filing(_), false) => vec![Resolution::Filing(filing::Decision::NotFiled)],
        _ => Vec::new(),
    }
}

/// What a person may decide, by what is found at the counterparts; the likely first.
fn found(house: &House, dice: &Dice, machine: Key, st: &str, held: bool) -> Vec<Resolution> {
    match machine {
        Key::Payment(id) if held => of_payment(house, dice, id),
        Key::Settlement(id) if held || st == "posting" => of_settlement(house, dice, id, held),
        Key::Refund(id) => of_refund(house, dice, id, st, held),
        Key::Invoice(_) if held => vec![Resolution::Invoice(invoice::Decision::GoOn)],
        // A place or a file that contradicts itself is given back at the window at times.
        Key::CheckIn(_) if held && dice.one_in(3) => vec![Resolution::CheckIn(check_in::Decision::NotCheckedIn)],
        Key::Filing(_) if held && dice.one_in(3) => vec![Resolution::Filing(filing::Decision::NotFiled)],
        Key::CheckIn(id) => match house.world.his.ticket(&id.business_no()) {
            Some(ticket) => vec![Resolution::CheckIn(check_in::Decision::CheckedIn { ticket })],
            None if may_come(house, machine) => Vec::new(),
            None => vec![Resolution::CheckIn(check_in::Decision::NotCheckedIn)],
        },
        Key::Filing(id) => match house.world.his.opened(&id.business_no()) {
            Some(opened) => vec![Resolution::Filing(filing::Decision::Filed { patient_id: opened.file.patient_id })],
            None if may_come(house, machine) => Vec::new(),
            None => vec![Resolution::Filing(filing::Decision::NotFiled)],
        },
        Key::Stop(_) => vec![Resolution::Stop(if dice.one_in(2) { stop::Decision::AskAgain } else { stop::Decision::ToldByHand })],
        Key::Suspension(_) if dice.one_in(2) => vec![Resolution::Suspension(suspension::Decision::AtWindow)],
        Key::Suspension(_) => vec![Resolution::Suspension(suspension::Decision::Told), Resolution::Suspension(suspension::Decision::AtWindow)],
        Key::Notice(_) => vec![Resolution::Notice(notice::Decision::NotReached)],
        Key::Payment(_) | Key::Settlement(_) | Key::Invoice(_) => Vec::new(),
    }
}

/// What has not happened yet may be on its way there: nobody says "never" in the first minutes.
fn may_come(house: &House, machine: Key) -> bool {
    let since = open(&house.book).rows.get(&machine).map(|row| row.base().since);
    since.is_some_and(|since| house.now().since(since) < 10 * MINUTE)
}

fn of_payment(house: &House, dice: &Dice, id: menjie::ident::PaymentId) -> Vec<Resolution> {
    use payment::Decision as Of;
    let (no, row) = (id.business_no(), open(&house.book).payment_row(id).cloned());
    let unproven = row.as_ref().is_some_and(|p| p.proof.is_none());
    let insured = row.as_ref().is_some_and(|p| p.insured.is_some());
    let seen = house.world.channel.captured(&no).filter(|_| unproven).map(|proof| Of::Money { proof });
    let nothing = (seen.is_none() && !insured && house.world.channel.is_closed(&no)).then_some(Of::NoMoney);
    let looked = seen.or(nothing).filter(|_| dice.one_in(2));
    looked.into_iter().chain([Of::AskAgain]).map(Resolution::Payment).collect()
}

fn of_settlement(house: &House, dice: &Dice, id: menjie::ident::SettlementId, held: bool) -> Vec<Resolution> {
    use settlement::Decision as Of;
    let seen = match house.world.his.receipt(&id.business_no()) {
        Some(receipt) => Of::Posted { receipt },
        None => Of::NeverPosted,
    };
    // What is no contradiction waits for a HIS that cannot be asked.
    let order = if held && dice.one_in(2) { [Of::AskAgain, seen, Of::Unlocked] } else { [seen, Of::AskAgain, Of::Unlocked] };
    order.map(Resolution::Settlement).to_vec()
}

fn of_refund(house: &House, dice: &Dice, id: menjie::ident::RefundId, st: &str, held: bool) -> Vec<Resolution> {
    use refund::Decision as Of;
    let world = &house.world;
    if st == "finance" {
        // HIS has reversed already: a no is a question, and is answered another time.
        return [Of::Disagree, Of::Agree].into_iter().skip(usize::from(!dice.one_in(4))).map(Resolution::Refund).collect();
    }
    if !held && st != "his" {
        return Vec::new();
    }
    let row = open(&house.book).refund_row(id).cloned();
    let given = row.as_ref().and_then(|r| world.channel.given_back(&r.payment.business_no()).get(&id.business_no()).copied());
    let reclaimed = row.as_ref().is_some_and(|r| !r.insurers().is_nothing() && world.insurer.kept(r.payment) == 0);
    let reversed = world.his.reversals().contains(&id.business_no());
    let back = given.filter(|_| dice.one_in(2)).map(|_| Of::GivenBack { refund_no: format!("50{}", id.business_no()) });
    // What HIS charged again is read from its screen and entered by hand, where HIS itself does not tell.
    let charged = row.as_ref().filter(|_| reversed).and_then(|r| {
        let mut made = r.asked.as_ref()?.as_proposed("", house.now())?;
        made.receipt = world.his.receipt(&made.receipt.no)?;
        Some(Of::ChargedAgain { made: Box::new(made) })
    });
    let moved = given.is_some() || reclaimed || reversed;
    let mut order = match (moved, st == "his") {
        (true, true) => vec![Of::Reversed, Of::AskAgain, Of::GiveUp],
        (true, false) => vec![Of::AskAgain, Of::Reversed, Of::GiveUp, Of::Agree],
        (false, true) => vec![Of::GiveUp, Of::AskAgain],
        (false, false) if dice.one_in(2) => vec![Of::AskAgain, Of::GiveUp, Of::Agree],
        (false, false) => vec![Of::GiveUp, Of::AskAgain, Of::Agree],
    };
    // Whoever says so has seen it at HIS; that the insurer has given back proves nothing about HIS.
    order.retain(|decision| reversed || *decision != Of::Reversed);
    // A HIS that can be asked says the same, so it is tried the other way round at times.
    let (first, last) = if st == "his" || dice.one_in(2) { (charged, None) } else { (None, charged) };
    back.into_iter().chain(first).chain(order).chain(last).map(Resolution::Refund).collect()
}
