//! Approvers who go through their lists: they agree, say no at every step, and ask the patient first.

use std::sync::Arc;

use menjie::access::{Caller, Role};
use menjie::ident::RequestKey;
use menjie::port::Clock;
use menjie::refund::Stage;
use menjie::service::{Engine, RefundDecideRequest, RefundDecideResponse, RefundListRequest, RefundVerdict, RefundWork};
use menjie::testkit::exec::VirtualClock;

use crate::book::{Shared, open};
use crate::dice::Dice;
use crate::fault::Fault;
use crate::house::{DEPARTMENTS, House};

/// What approvers do besides agreeing.
#[derive(Clone, Copy)]
pub struct Habit {
    /// An approval is given twice.
    pub twice: bool,
    /// The patient is asked, or told no, in some cases.
    pub asks: bool,
}

/// Who decides about refunds.
pub struct Approvers {
    doctor: Caller,
    departments: Caller,
    finance: Caller,
    clock: Arc<VirtualClock>,
    slow: bool,
}

impl Approvers {
    /// A doctor, the departments and finance; at times one person who is doctor and finance, and must not be both for one refund.
    pub fn of(house: &House, dice: &Dice, one_person: bool) -> Approvers {
        let departments = house.member("e1", &[Role::ExecDept], &DEPARTMENTS);
        if one_person {
            let both = house.member("x1", &[Role::Doctor, Role::Finance], &["MZ01"]);
            return Approvers { doctor: both.clone(), departments, finance: both, clock: house.exec.clock(), slow: false };
        }
        let n = 1 + dice.of(2);
        let (doctor, finance) = (house.member(&format!("d{n}"), &[Role::Doctor], &["MZ01"]), house.member(&format!("f{n}"), &[Role::Finance], &[]));
        Approvers { doctor, departments, finance, clock: house.exec.clock(), slow: house.knobs.has(Fault::ApproveLate) }
    }

    /// Everybody goes through his list once; some cases are turned down or asked about; at times an approval is given twice.
    pub async fn go_through_lists(self, engine: Engine, key: RequestKey, dice: Dice, habit: Habit, book: Shared) {
        let Approvers { doctor, departments, finance, clock, slow } = &self;
        let steps = [(doctor, RefundWork::Doctor, Stage::Doctor), (departments, RefundWork::Unconfirm, Stage::Unconfirm), (finance, RefundWork::Finance, Stage::Finance)];
        for (caller, step, stage) in steps {
            // Not everybody is there every time, so that requests wait between two steps, too.
            if habit.asks && dice.one_in(4) {
                continue;
            }
            let Ok(list) = engine.refund_list(caller, &RefundListRequest { step, after: None }).await else { return };
            for item in list.items {
                if *slow {
                    clock.sleep_until(clock.now().plus_millis(dice.ms(20_000))).await;
                }
                let verdict = match dice.of(18) {
                    0 => RefundVerdict::Reject,
                    1 if habit.asks => RefundVerdict::Ask,
                    _ => RefundVerdict::Approve,
                };
                let key = RequestKey::new(&format!("{key}-{}-{}", item.refund_id, step as u8)).unwrap();
                let request = RefundDecideRequest { key, refund_id: item.refund_id, stage, verdict, note: "已核对".to_owned() };
                for _ in 0..2 {
                    match engine.refund_decide(caller, &request).await {
                        Ok(RefundDecideResponse::Refused { refusal }) if refusal.reason == "ended" => {
                            open(&book).met(Fault::ApproveLate);
                            break;
                        }
                        Ok(_) => break,
                        Err(_) => {}
                    }
                }
                if habit.twice {
                    let again = RequestKey::new(&format!("{}-2", request.key)).unwrap();
                    if engine.refund_decide(caller, &RefundDecideRequest { key: again, ..request }).await.is_ok() {
                        open(&book).met(Fault::ApproveTwice);
                    }
                }
            }
        }
    }
}
