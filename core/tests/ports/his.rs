//! The stage of HIS.

use menjie::ident::{LineKey, PatientId, ScheduleId, VisitId};
use menjie::port::{CallCx, His};
use menjie::testkit::conformance::his;
use menjie::testkit::world::{Plan, Trouble, booking, stop};

use crate::Wireless;

impl his::HisStage for Wireless {
    fn his(&self) -> &dyn His {
        &*self.his
    }

    fn cx(&self) -> CallCx {
        Wireless::cx(self)
    }

    fn lose_answer(&self, interface: &'static str) {
        self.world.trouble(Plan::scripted(interface, [Some(Trouble::LostAfter)]));
    }

    fn pay_at_window(&self, line: &LineKey) {
        self.world.his.pay_at_window(line);
    }

    fn book(&self, patient: &PatientId, visit: &VisitId, schedule: &ScheduleId) {
        self.world.his.book(booking(patient, visit.as_str(), schedule.as_str(), &self.today(), None, None).unwrap());
    }

    fn stop(&self, schedule: &ScheduleId) {
        self.world.his.stop(stop(schedule.as_str(), &self.today(), 1, None).unwrap());
    }
}
