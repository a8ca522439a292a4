//! A HIS of one's own: whoever implements the port's trait has the engine's rules over his charges.
//!
//! Here the HIS is a file and can only list; the engine has no ledger, so it pays nothing. In other languages the same port takes and gives
//! JSON (docs/contract/ports.md).
//!
//! `cargo run -p menjie-examples --example own_his`

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use menjie::Timestamp;
use menjie::access::Caller;
use menjie::ident::{HospitalId, PatientId, WorkerName};
use menjie::policy::{Pace, Terms};
use menjie::port::{CallCx, Fault, His, HisAnswer, HisCall, HisTraits, No, Outcome, UnpaidCharges};
use menjie::service::{Engine, Hospital, Parts, UnpaidRequest};
use menjie::testkit::block_on;
use menjie::testkit::host::{ManualClock, SeededEntropy, SeededIds};
use menjie::testkit::world::World;
use menjie_bridge::ports::NoLedger;

/// What the HIS holds: the lines of one patient.
const HELD: &str = include_str!("../data/unpaid.json");

struct FileHis {
    reachable: bool,
}

#[async_trait::async_trait]
impl His for FileHis {
    /// What it cannot do is said, and never tried.
    fn traits(&self) -> HisTraits {
        HisTraits {
            lock: false,
            query_post: false,
            cancel_post: false,
            upload_facts: false,
            reverse: false,
            query_reverse: false,
            notices: false,
            check_in: false,
            query_check_in: false,
            rebook: false,
            query_rebook: false,
            open_file: false,
            query_file: false,
        }
    }

    async fn call(&self, _: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
        match call {
            // Proven not to have left: anything less certain is `Unknown`, never `Refused`.
            HisCall::Unpaid { .. } if !self.reachable => Outcome::Unsent(Fault::new("connect", "no connection")),
            HisCall::Unpaid { patient } => {
                let Ok(held) = serde_json::from_str::<UnpaidCharges>(HELD) else { return Outcome::Unknown(Fault::new("shape", "the file is not what it was")) };
                let lines = held.lines.into_iter().filter(|line| line.patient_id == *patient).collect();
                Outcome::Done(HisAnswer::Unpaid(UnpaidCharges { visits: held.visits.into_iter().filter(|visit| visit.patient_id == *patient).collect(), lines }))
            }
            _ => Outcome::Refused(No::new("not_here", "this HIS only lists charges")),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    std::io::stdout().write_all(run()?.as_bytes())?;
    Ok(())
}

/// What is printed; the tests run it too.
pub(crate) fn run() -> Result<String, Box<dyn Error>> {
    let mut told = String::new();
    let engine = engine(true)?;
    for patient in ["P1", "P2"] {
        let unpaid = block_on(engine.unpaid(&caller(patient)?, &UnpaidRequest { patient_id: PatientId::new(patient)? }))?;
        for bill in unpaid.visits.iter().flat_map(|visit| &visit.bills) {
            writeln!(told, "{} {} {}", bill.visit_id, bill.dept_name, bill.total_fen.to_yuan())?;
        }
        writeln!(told, "{patient}: payable {}", unpaid.payable_fen.to_yuan())?;
    }
    if let Err(error) = block_on(self::engine(false)?.unpaid(&caller("P1")?, &UnpaidRequest { patient_id: PatientId::new("P1")? })) {
        writeln!(told, "P1: error {}", error.code().number())?;
    }
    Ok(told)
}

fn caller(patient: &str) -> Result<Caller, Box<dyn Error>> {
    Ok(Caller::patient(HospitalId::new("H1")?, PatientId::new(patient)?))
}

fn engine(reachable: bool) -> Result<Engine, Box<dyn Error>> {
    let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-03-10T10:00:00+08:00")?));
    // Whom nobody asks here is the testkit's.
    let others = World::new(Arc::clone(&clock) as _, 1).hospital(&HospitalId::new("H1")?, Terms::default(), Pace::default())?;
    let parts = Parts {
        store: Arc::new(NoLedger::default()),
        clock,
        ids: Arc::new(SeededIds::new(1)),
        entropy: Arc::new(SeededEntropy::new(1)),
        worker: WorkerName::new("w1")?,
        hospitals: vec![Hospital { his: Arc::new(FileHis { reachable }), ..others }],
    };
    Ok(block_on(Engine::new(parts))?)
}
