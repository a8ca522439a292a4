//! A hospital without wires: its counterparts as ports with a truth of their own.
//!
//! Each counterpart keeps what really happened there ([`World::truth`]), answers in virtual time, and goes wrong as its
//! [`Plan`] says: unsent, lost before the effect, lost after it, done later. Invariants compare truth and ledger.

mod asked;
mod bookings;
mod channel;
mod his;
mod his_day;
mod his_refunds;
mod his_truth;
mod insurer;
mod invoice;
mod people;
mod plan;
mod truth;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::Private;
use crate::calendar::BizDate;
use crate::error::Result;
use crate::ident::{ChannelCode, HospitalId, PaymentId};
use crate::policy::{Pace, Terms};
use crate::port::{Clock, LogSink, RecentTransfers};
use crate::service::Hospital;

use super::host::SeededEntropy;

pub use asked::{FakeHealthCodes, FakeNotifier};
pub use channel::FakeChannel;
pub use his::{FakeHis, HisHabits};
pub use his_truth::HisLies;
pub use insurer::{FakeInsurer, InsurerHabits};
pub use invoice::FakeInvoices;
pub use people::{booking, charge, insured_person, stop, visit};
pub use plan::{Plan, Trouble};
pub use truth::{Truth, TruthViolation};

/// The counterparts of one hospital.
#[derive(Clone)]
pub struct World {
    /// HIS.
    pub his: Arc<FakeHis>,
    /// The channel `wechat`.
    pub channel: Arc<FakeChannel>,
    /// The invoice platform.
    pub invoices: Arc<FakeInvoices>,
    /// The health-code platform.
    pub health_codes: Arc<FakeHealthCodes>,
    /// The insurer.
    pub insurer: Arc<FakeInsurer>,
    /// SMS gateway and official account.
    pub notifier: Arc<FakeNotifier>,
    /// The transfer log.
    pub log: Arc<RecentTransfers>,
    plan: Arc<Mutex<Plan>>,
    met: Arc<plan::Met>,
}

impl World {
    /// Counterparts that live by `clock` and whose troubles come from `seed`; none at first.
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> World {
        let plan = Arc::new(Mutex::new(Plan::calm()));
        let met = Arc::new(plan::Met::default());
        let line = |salt: u64| plan::Line::new(Arc::clone(&clock), Arc::clone(&plan), SeededEntropy::new(seed ^ salt), Arc::clone(&met));
        World {
            his: Arc::new(FakeHis::new(line(0x15))),
            channel: Arc::new(FakeChannel::new(line(0xc4))),
            invoices: Arc::new(FakeInvoices::new(line(0x1f))),
            health_codes: Arc::new(FakeHealthCodes::new(line(0x4c))),
            insurer: Arc::new(FakeInsurer::new(line(0x15a))),
            notifier: Arc::new(FakeNotifier::new(line(0x107))),
            log: Arc::new(RecentTransfers::new(64)),
            plan,
            met,
        }
    }

    /// What really went wrong on the wires so far: interface (`his.post`) and what (`unsent`, `lost_before`, `lost_after`,
    /// `later`, `slow`, `gray`, `dropped_before`, `dropped_after`) → how often.
    pub fn met(&self) -> std::collections::BTreeMap<(&'static str, &'static str), u64> {
        self.met.all()
    }

    /// The payer pays an order: his cash at the channel, and with it whatever the insurer has priced for it.
    pub fn pay(&self, payment: PaymentId) -> bool {
        let paid = self.channel.pay(&payment.business_no());
        if paid {
            self.insurer.settle(payment);
        }
        paid
    }

    /// What goes wrong from now on.
    pub fn trouble(&self, plan: Plan) {
        *lock(&self.plan) = plan;
    }

    /// The hospital as an engine sees it.
    pub fn hospital(&self, id: &HospitalId, terms: Terms, pace: Pace) -> Result<Hospital> {
        let log: Arc<dyn LogSink> = Arc::clone(&self.log) as Arc<dyn LogSink>;
        Ok(Hospital {
            id: id.clone(),
            terms,
            pace,
            his: Arc::clone(&self.his) as Arc<dyn crate::port::His>,
            channels: [(ChannelCode::new("wechat")?, Arc::clone(&self.channel) as Arc<dyn crate::port::PaymentChannel>)].into(),
            invoice: Arc::clone(&self.invoices) as Arc<dyn crate::port::InvoicePlatform>,
            health_code: Some(Arc::clone(&self.health_codes) as Arc<dyn crate::port::HealthCode>),
            insurer: Some(Arc::clone(&self.insurer) as Arc<dyn crate::port::Insurer>),
            notifier: Some(Arc::clone(&self.notifier) as Arc<dyn crate::port::Notifier>),
            log,
        })
    }

    /// What really happened.
    pub fn truth(&self) -> Truth {
        Truth::of(&self.his, &self.channel, &self.insurer, &self.invoices)
    }
}

/// A patient file for tests: synthetic.
pub fn patient_file(id: &crate::ident::PatientId) -> crate::port::PatientFile {
    crate::port::PatientFile {
        patient_id: id.clone(),
        name: Private::new("测试甲"),
        sex_code: "1".to_owned(),
        birth_date: BizDate::parse("1990-03-07").ok(),
        id_no: Some(Private::new("440599199003070058")),
        phone: None,
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
