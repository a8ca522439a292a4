//! Ports that a configuration expects of its host, before anything is opened.

use std::sync::Arc;

use crate::config::{Config, Problem};
use crate::ports::{Desk, PortName};

/// The ports that are named and not there.
pub(super) fn missing(config: &Config, desk: Option<&Arc<Desk>>) -> Vec<Problem> {
    let hospitals = config.hospitals.iter().enumerate();
    let named = hospitals.flat_map(|(at, hospital)| hospital.host.named().into_iter().map(move |(field, port)| (format!("hospitals[{at}].host.{field}"), port)));
    let copy = config.log.copy.map(|_| ("log.copy".to_owned(), PortName::Log));
    named.chain(copy).filter(|(_, port)| !desk.is_some_and(|desk| desk.implements(*port))).map(|(place, _)| nobody(&place)).collect()
}

/// The host has no such port.
pub(super) fn nobody(place: &str) -> Problem {
    Problem::new(place, "is for a program that implements this port itself, and this one does not", "name an adapter, or give the port to the engine")
}
