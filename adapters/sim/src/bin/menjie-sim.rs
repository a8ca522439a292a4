//! Starts the hospital in a box and prints where it is.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use menjie::{Error, Result};
use menjie_sim::Faults;
use menjie_sim::day::{self, DayPlan};
use menjie_sim::hospital::HospitalOptions;
use menjie_sim::shell::{SimAddresses, SimConfig, SimServer};

const HELP: &str = "menjie-sim [--seed N] [--day FILE] [--port-base N] [--faults SEED] [--write-day FOLDER]

  --seed N            seed of the generated day and of the machines (1)
  --day FILE          run on this day instead (docs/day.schema.json)
  --port-base N       HIS, WeChat Pay, invoice platform, admin and the identity peers listen on N to N+4 of loopback (9400)
  --faults SEED       let things go wrong at random
  --write-day FOLDER  write the day as day.json, patients.csv, visits.csv, lines.csv and end
";

struct Arguments {
    seed: u64,
    day: Option<PathBuf>,
    port_base: u16,
    faults: Option<u64>,
    write_day: Option<PathBuf>,
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Option<Arguments>> {
    let mut arguments = Arguments { seed: 1, day: None, port_base: 9400, faults: None, write_day: None };
    while let Some(name) = given.next() {
        if name == "--help" || name == "-h" {
            return Ok(None);
        }
        let value = given.next().ok_or_else(|| Error::field(name.clone(), "needs a value"))?;
        let bad = || Error::field(name.clone(), "is not a number in range");
        match name.as_str() {
            "--seed" => arguments.seed = value.parse().map_err(|_| bad())?,
            "--day" => arguments.day = Some(PathBuf::from(value)),
            "--port-base" => arguments.port_base = value.parse().map_err(|_| bad())?,
            "--faults" => arguments.faults = Some(value.parse().map_err(|_| bad())?),
            "--write-day" => arguments.write_day = Some(PathBuf::from(value)),
            _ => return Err(Error::field(name, "is not an option of menjie-sim")),
        }
    }
    Ok(Some(arguments))
}

fn write_day(day: &day::Day, folder: &std::path::Path) -> Result<()> {
    let broken = |_| Error::field("--write-day", "the folder cannot be written");
    std::fs::create_dir_all(folder).map_err(broken)?;
    day::write_json(day, File::create(folder.join("day.json")).map_err(broken)?)?;
    day::write_csv(day, folder)
}

async fn run(arguments: Arguments) -> Result<()> {
    let day = match &arguments.day {
        Some(path) => day::read_json(File::open(path).map_err(|_| Error::field("--day", "the file cannot be opened"))?)?,
        None => day::generate(arguments.seed, &DayPlan::default())?,
    };
    if let Some(folder) = &arguments.write_day {
        return write_day(&day, folder);
    }
    let (visits, lines) = (day.visits.len(), day.lines.len());
    let config = SimConfig {
        addresses: SimAddresses::loopback(arguments.port_base),
        options: HospitalOptions { seed: arguments.seed, ..HospitalOptions::default() },
        faults: arguments.faults.map_or_else(Faults::none, Faults::bad_day),
        ..SimConfig::local(day)
    };
    let server = SimServer::start(config).await?;
    let urls = server.urls();
    let faults = arguments.faults.map_or_else(|| "off".to_owned(), |seed| format!("seed {seed}"));
    let text = format!(
        "menjie-sim: {visits} visits, {lines} lines, seed {}, faults {faults}\nHIS      {}\nWeChat   {}\nInvoice  {}\nAdmin    {}/admin/truth\nIdentity {}\nInsurer  {}\nPay here {}/wechat\nPhone    {}/phone\n",
        arguments.seed, urls.his, urls.wechat, urls.invoice, urls.admin, urls.identity, urls.insurer, urls.wechat, urls.wechat
    );
    let told = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    told.map_err(|_| Error::field("stdout", "cannot be written"))?;
    tokio::signal::ctrl_c().await.map_err(|_| Error::internal("interrupts can be awaited"))?;
    server.stop().await;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match arguments(std::env::args().skip(1)) {
        Ok(Some(arguments)) => run(arguments).await,
        Ok(None) => io::stdout().write_all(HELP.as_bytes()).map_err(|_| Error::field("stdout", "cannot be written")),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when even standard error is closed.
            let _told = writeln!(io::stderr(), "menjie-sim: {error}");
            ExitCode::FAILURE
        }
    }
}
