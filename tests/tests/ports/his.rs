//! `his-front` before the simulated HIS.

use std::sync::Arc;

use menjie::access::Private;
use menjie::ident::{LineKey, PatientId, ScheduleId, VisitId};
use menjie::port::{CallCx, His};
use menjie::testkit::conformance::{Case, Verdict, broken, his};
use menjie::visit::{StopKind, StopReason};
use menjie_his_front::{HisFront, HisFrontConfig};
use menjie_host::OsEntropy;
use menjie_sim::faults::{Fault, Peer};
use menjie_sim::his::{HisOptions, NewStop, WindowAction};
use menjie_sim::{HospitalOptions, SimCredentials};

use crate::Boxed;

struct Stage {
    hospital: Boxed,
    front: HisFront,
}

impl Stage {
    fn act(&self, action: &WindowAction) {
        self.hospital.sim.with(|hospital, now| hospital.his.act(action, now)).unwrap();
    }
}

impl his::HisStage for Stage {
    fn his(&self) -> &dyn His {
        &self.front
    }

    fn cx(&self) -> CallCx {
        self.hospital.cx()
    }

    fn lose_answer(&self, interface: &'static str) {
        let interface = interface.strip_prefix("his.").unwrap();
        self.hospital.sim.with(|hospital, _| hospital.faults.next(Peer::His, interface, Fault::TimeoutAfter { ms: 0 }));
    }

    fn pay_at_window(&self, line: &LineKey) {
        self.act(&WindowAction::Pay { lines: vec![line.clone()] });
    }

    fn book(&self, patient: &PatientId, visit: &VisitId, schedule: &ScheduleId) {
        self.act(&WindowAction::BookNow { visit_id: visit.clone(), patient_id: patient.clone(), schedule_id: schedule.clone(), minutes: 60, openid: None });
    }

    fn stop(&self, schedule: &ScheduleId) {
        self.act(&WindowAction::Stop(NewStop { schedule_id: schedule.clone(), date: None, version: 1, kind: StopKind::Stopped, reason: StopReason::DoctorAway, substitute: None }));
    }
}

fn play(options: HisOptions, case: Case<dyn his::HisStage>) -> Verdict {
    let hospital = Boxed::open(HospitalOptions { his: options, ..HospitalOptions::default() });
    let credentials = SimCredentials::fixed();
    let config = HisFrontConfig::new(hospital.sim.urls().his.clone(), credentials.his_app, Private::new(credentials.his_secret));
    let stage = Stage { front: HisFront::connect(config, Arc::new(OsEntropy)).unwrap(), hospital };
    let verdict = stage.hospital.runtime.block_on(case(&stage));
    stage.hospital.close();
    verdict
}

#[test]
fn the_default_profile_keeps_every_law() {
    assert_eq!(broken(his::CASES, |case| play(HisOptions::default(), case)), []);
}

/// Some HIS answer "already settled" to a repeat: menjie lives with that, but it is not the profile.
#[test]
fn a_his_that_refuses_repeats_is_noticed() {
    let found = broken(his::CASES, |case| play(HisOptions { refuse_repeats: true, ..HisOptions::default() }, case));
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["a_number_is_posted_once", "a_number_reverses_once", "what_happened_is_found_when_the_answer_is_lost"]);
}
