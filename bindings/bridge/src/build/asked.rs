//! Who is asked about a person: each is optional per hospital, and left out of a build without its feature.

use std::sync::Arc;

use menjie::port::{Entropy, HealthCode, Insurer, Notifier};

use super::at_desk;
use crate::config::{HospitalConfig, Problem};
use crate::ports::{Desk, HostInsurer, HostNotifier};

/// The ports of one hospital.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) health_code: Option<Arc<dyn HealthCode>>,
    pub(super) insurer: Option<Arc<dyn Insurer>>,
    pub(super) notifier: Option<Arc<dyn Notifier>>,
}

/// Builds what is configured; `place` is the hospital's path.
#[cfg_attr(not(any(feature = "health-code", feature = "medins", feature = "notify")), expect(unused_variables, reason = "only adapters need it"))]
pub(super) fn asked(config: &HospitalConfig, place: &str, entropy: &Arc<dyn Entropy>, desk: Option<&Arc<Desk>>) -> Result<Asked, Vec<Problem>> {
    let (mut asked, mut problems) = (Asked::default(), Vec::new());
    if let Some(traits) = config.host.insurer {
        match at_desk(desk, &format!("{place}.host.insurer")) {
            Ok(desk) => asked.insurer = Some(Arc::new(HostInsurer::new(desk, traits))),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(traits) = config.host.notifier {
        match at_desk(desk, &format!("{place}.host.notifier")) {
            Ok(desk) => asked.notifier = Some(Arc::new(HostNotifier::new(desk, traits))),
            Err(problem) => problems.push(problem),
        }
    }
    #[cfg(feature = "health-code")]
    if let Some(health_code) = &config.health_code {
        match menjie_health_code::HealthCodeFront::connect(health_code.clone(), Arc::clone(entropy)) {
            Ok(port) => asked.health_code = Some(Arc::new(port)),
            Err(error) => problems.push(Problem::of(&error, &format!("{place}.health_code"))),
        }
    }
    #[cfg(feature = "medins")]
    if let Some(insurer) = &config.insurer {
        match menjie_medins::MedInsurance::connect(insurer.clone(), Arc::clone(entropy)) {
            Ok(port) => asked.insurer = Some(Arc::new(port)),
            Err(error) => problems.push(Problem::of(&error, &format!("{place}.insurer"))),
        }
    }
    #[cfg(feature = "notify")]
    if let Some(notify) = &config.notify {
        match menjie_notify::NotifyFront::connect(notify.clone(), Arc::clone(entropy)) {
            Ok(port) => asked.notifier = Some(Arc::new(port)),
            Err(error) => problems.push(Problem::of(&error, &format!("{place}.notify"))),
        }
    }
    if problems.is_empty() { Ok(asked) } else { Err(problems) }
}
