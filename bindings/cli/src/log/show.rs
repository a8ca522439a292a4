//! `menjie log show`: one exchange with its bodies.

use clap::ArgMatches;

use super::table::{self, Form};
use super::{access, failed, viewer};
use crate::exit::{Exit, Stop};
use crate::output;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let viewer = viewer(given, words)?;
    let seq = given.get_one::<u64>("seq").copied().unwrap_or_default();
    let sight = access::sight(given, &viewer, &format!("seq={seq}"), words)?;
    match viewer.show(seq).map_err(|error| failed(&error, words))? {
        Some(item) => table::write(&[item], Form::of(given, Form::Pretty), sight, words).map(|()| Exit::Done),
        None => {
            output::complain(words.pick("there is no record of this number", "没有此序号的记录"));
            Ok(Exit::Refused)
        }
    }
}
