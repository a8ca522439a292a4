//! The command line.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const HELP: &str = "menjie-demo [--headless] [--crash-loop N] [options]

  without --headless  start simulators and server on loopback, print the addresses and what to try
  --headless          settle a whole day through the HTTP API and check that all figures agree
  --crash-loop N      the same while the server is killed N times

  --insured           with --headless: the day of payers. Insured bills are paid with insurance, refunds are asked for, approved and
                      given back, what was prescribed anew is paid again, and the day is reconciled on four sides

  --seed N            seed of the generated day (1)
  --visits N          visits of the generated day (400)
  --day FILE          run on this day instead (docs/day.schema.json)
  --his URL           use this HIS (docs/his-front.yaml) instead of the simulated one; needs --day with its patients;
                      application and secret come from MENJIE_DEMO_HIS_APP and MENJIE_DEMO_HIS_SECRET
  --faults [SEED]     let things go wrong at random; the seed is printed
  --control           for programs: free ports, one line of JSON with the addresses, then commands on standard input, each answered by
                      one line: `kill`, `start`, `restart`; `scan CODE` (a payer scans it and confirms); `earlier` (an insured bill is
                      settled as of an earlier month; JSON says whose, and his card); ends when standard input ends
  --folder PATH       keep the database here (a fresh folder below target/ or the system's temporary folder)
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) headless: bool,
    pub(crate) insured: bool,
    pub(crate) crashes: Option<u32>,
    pub(crate) seed: u64,
    pub(crate) visits: u32,
    pub(crate) day: Option<PathBuf>,
    pub(crate) his: Option<String>,
    pub(crate) faults: Option<u64>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) control: bool,
}

impl Arguments {
    /// Is it to be tried by a person?
    pub(crate) fn by_hand(&self) -> bool {
        !self.headless && !self.control && self.crashes.is_none()
    }
}

/// Reads it; `None` asks for help.
pub(crate) fn read(given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments { headless: false, insured: false, crashes: None, seed: 1, visits: 400, day: None, his: None, faults: None, folder: None, control: false };
    let mut given = given.peekable();
    while let Some(name) = given.next() {
        match name.as_str() {
            "--help" | "-h" => return Ok(None),
            "--headless" => arguments.headless = true,
            "--control" => arguments.control = true,
            "--insured" => arguments.insured = true,
            "--faults" => {
                let seed = given.next_if(|next| !next.starts_with("--"));
                arguments.faults = Some(seed.map_or_else(|| Ok(chance()), |seed| number(&name, &seed))?);
            }
            "--crash-loop" | "--seed" | "--visits" | "--day" | "--his" | "--folder" => {
                let value = given.next().ok_or_else(|| format!("{name} needs a value"))?;
                match name.as_str() {
                    "--crash-loop" => arguments.crashes = Some(number(&name, &value)?),
                    "--seed" => arguments.seed = number(&name, &value)?,
                    "--visits" => arguments.visits = number(&name, &value)?,
                    "--day" => arguments.day = Some(PathBuf::from(value)),
                    "--his" => arguments.his = Some(value),
                    _ => arguments.folder = Some(PathBuf::from(value)),
                }
            }
            _ => return Err(format!("{name} is not an option; --help lists them")),
        }
    }
    if arguments.visits == 0 {
        return Err("--visits must be at least 1".to_owned());
    }
    if arguments.insured && (!arguments.headless || arguments.his.is_some() || arguments.crashes.is_some()) {
        return Err("--insured goes with --headless, and with neither --his nor --crash-loop".to_owned());
    }
    if arguments.his.is_some() && arguments.day.is_none() {
        return Err("--his needs --day: without it nobody knows which patients to identify".to_owned());
    }
    if arguments.his.is_some() && arguments.crashes.is_some() {
        return Err("--crash-loop compares with the truth of the simulated HIS; leave --his out".to_owned());
    }
    Ok(Some(arguments))
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name}: the value is no number in range"))
}

/// A seed nobody chose; it is printed, so the run can be repeated.
fn chance() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| u64::from(since.subsec_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(line: &str) -> Result<Option<Arguments>, String> {
        read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_and_wrong_ones_named() {
        let read = read_all("--headless --seed 7 --visits 20 --faults --folder x").unwrap().unwrap();
        assert!(read.headless && read.seed == 7 && read.visits == 20 && read.faults.is_some() && read.folder == Some("x".into()));
        assert_eq!(read_all("--faults 9 --headless").unwrap().unwrap().faults, Some(9));
        assert!(read_all("--help").unwrap().is_none());
        for (line, named) in [
            ("--sed 1", "--sed"),
            ("--seed", "--seed"),
            ("--seed x", "--seed"),
            ("--visits 0", "--visits"),
            ("--insured", "--headless"),
            ("--headless --insured --his http://x --day y", "--insured"),
            ("--his http://x", "--day"),
            ("--his http://x --day y --crash-loop 2", "--crash-loop"),
        ] {
            assert!(read_all(line).unwrap_err().contains(named), "{line}");
        }
    }
}
