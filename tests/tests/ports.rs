//! The adapters keep the laws of their ports, over sockets, against the simulated counterparts. Each case has a hospital of
//! its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "ports/channel.rs"]
mod channel;
#[path = "ports/his.rs"]
mod his;
#[path = "ports/insurer.rs"]
mod insurer;
#[path = "ports/invoice.rs"]
mod invoice;
#[path = "ports/notifier.rs"]
mod notifier;

use std::sync::Arc;

use menjie::Timestamp;
use menjie::access::Private;
use menjie::ident::HospitalId;
use menjie::port::{CallCx, CallLog, Clock, RecentTransfers};
use menjie::testkit::conformance::{Mishap, Told};
use menjie_host::SystemClock;
use menjie_sim::day::{Day, DayPatient, DayVisit, Department, FORMAT};
use menjie_sim::faults::{Fault, Peer};
use menjie_sim::shell::{SimConfig, SimServer};
use menjie_sim::{Hospital, HospitalOptions};
use tokio::runtime::Runtime;

/// A hospital in a box that holds the day of the suites.
struct Boxed {
    sim: SimServer,
    log: Arc<RecentTransfers>,
    runtime: Runtime,
}

impl Boxed {
    fn open(options: HospitalOptions) -> Boxed {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sim = runtime.block_on(SimServer::start(SimConfig { options, ..SimConfig::local(day()) })).unwrap();
        Boxed { sim, log: Arc::new(RecentTransfers::new(100)), runtime }
    }

    /// A busy machine answers late: nothing here is about deadlines.
    fn cx(&self) -> CallCx {
        let (hospital, now) = (HospitalId::new("h1").unwrap(), SystemClock.now());
        CallCx { hospital: hospital.clone(), attempt: 1, now, deadline: now.plus_millis(20_000), log: CallLog::new(self.log.clone(), hospital) }
    }

    fn close(self) {
        self.runtime.block_on(self.sim.stop());
    }
}

/// Whatever a counterpart does by itself after a payment has happened until then.
const SOON_MS: i64 = 1_000;

/// The patient whom the insurer knows, too.
const INSURED: &str = "P00001";

/// His name and the number of his identity card, of nobody: area 440599 was never given.
fn insured() -> (Private, Private) {
    (Private::new("陈测安"), Private::new("440599199003070058"))
}

/// A mishap on the wire.
fn fault(mishap: Mishap) -> Fault {
    match mishap {
        Mishap::RequestLost => Fault::TimeoutBefore { ms: 0 },
        Mishap::AnswerLost => Fault::TimeoutAfter { ms: 0 },
        Mishap::BrokenAfter => Fault::ServerErrorAfter,
    }
}

/// Does what is due until then, and takes what this counterpart would post.
fn sent(hospital: &mut Hospital, peer: Peer, until: Timestamp) -> Vec<Told> {
    let callbacks = hospital.advance(until);
    callbacks.iter().for_each(|callback| hospital.answered(callback.id, Some(200)));
    callbacks.into_iter().filter(|callback| callback.peer == peer).map(|callback| Told { headers: callback.headers, body: callback.body }).collect()
}

fn day() -> Day {
    let held = menjie::testkit::conformance::his::day().unwrap();
    let date = held[0].0.date;
    let arrives_at = Timestamp::parse(&format!("{date}T10:00:00+08:00")).unwrap();
    let patient = |at: usize, visit: &menjie::charge::Visit| DayPatient {
        patient_id: visit.patient_id.clone(),
        card_no: Private::new(format!("K{at:08}")),
        name: insured().0,
        sex_code: "1".to_owned(),
        birth_date: date,
        id_no: (visit.patient_id.as_str() == INSURED).then(|| insured().1),
        phone: None,
    };
    Day {
        format: FORMAT.to_owned(),
        seed: None,
        date,
        departments: vec![Department { code: held[0].1[0].exec_dept_code.clone().unwrap(), name: "西药房".to_owned(), guidance: "一楼窗口".to_owned() }],
        patients: held.iter().enumerate().map(|(at, (visit, _))| patient(at, visit)).collect(),
        visits: held.iter().map(|(visit, _)| DayVisit { visit: visit.clone(), arrives_at }).collect(),
        lines: held.iter().flat_map(|(_, lines)| lines.clone()).collect(),
    }
}
