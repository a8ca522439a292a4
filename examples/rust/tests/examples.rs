//! Every example runs and prints what its reader is promised.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code)]
#[path = "../examples/clinic_day.rs"]
mod clinic_day;
#[allow(dead_code)]
#[path = "../examples/group_bills.rs"]
mod group_bills;
#[allow(dead_code)]
#[path = "../examples/own_his.rs"]
mod own_his;
#[allow(dead_code)]
#[path = "../examples/server_kiosk.rs"]
mod server_kiosk;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[test]
fn group_bills_prints_four_bills_in_yuan() {
    let text = group_bills::run(group_bills::UNPAID).unwrap();
    let bills: Vec<&str> = text.lines().filter(|l| !l.starts_with(' ')).map(|l| l.split(" (").next().unwrap()).collect();
    assert_eq!(bills, ["V1 电生理室 120.00", "V1 检验科 89.87", "V1 西药房 121.32", "V2 门诊 25.00", "total 356.19"]);
    assert!(text.contains("    药品A 3.265 × 28 = 91.42\n"), "{text}");
}

#[test]
fn clinic_day_settles_both_bills_and_the_books_agree() {
    let text = clinic_day::run().unwrap();
    assert_eq!(text.matches("settled  ").count(), 2, "{text}");
    assert_eq!(text.matches("receipt yes invoice issued").count(), 2, "{text}");
    assert!(text.contains("quoted   209.87\n") && text.contains("callback 200\n"), "{text}");
    assert!(text.ends_with("audit    HIS 20987 channel 20987 invoices 20987 ledger 20987 fen, 0 violations\n"), "{text}");
}

/// What the same kiosk in C prints, but for how it writes an error.
#[test]
fn own_his_lists_what_its_file_holds() {
    let wanted = include_str!("../../c/own_his.txt").replace("status 300, retry same_key", "error 300");
    assert_eq!(own_his::run().unwrap(), wanted);
}

/// A hospital of its own on free ports of loopback: simulators and server, steered by commands (`menjie-demo --help`).
struct Hospital {
    demo: Child,
    tell: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Hospital {
    /// Starts it; its addresses.
    fn open(folder: &Path) -> (Hospital, serde_json::Value) {
        let program = std::env::current_exe().unwrap().parent().unwrap().with_file_name(format!("menjie-demo{}", std::env::consts::EXE_SUFFIX));
        let mut command = Command::new(&program);
        command.args(["--control", "--seed", "7", "--visits", "24", "--folder"]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut demo = command.spawn().unwrap_or_else(|e| panic!("{}: {e}; build it with cargo build -p menjie-server", program.display()));
        let (tell, told) = (demo.stdin.take(), BufReader::new(demo.stdout.take().unwrap()));
        let mut hospital = Hospital { demo, tell, told };
        let addresses = hospital.line();
        (hospital, serde_json::from_str(&addresses).unwrap_or_else(|_| panic!("the hospital does not open: {addresses}")))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn command(&mut self, word: &str) -> String {
        writeln!(self.tell.as_mut().unwrap(), "{word}").unwrap();
        self.line()
    }
}

impl Drop for Hospital {
    /// It ends in good order with its standard input.
    fn drop(&mut self) {
        drop(self.tell.take());
        self.demo.wait().unwrap();
    }
}

/// What differs from day to day; the kiosk in C is compared in the same way.
fn timeless(line: &str) -> String {
    ["请扫码支付", "收据号", "缴费时间"].iter().find(|start| line.starts_with(**start)).map_or_else(|| line.to_owned(), |start| format!("{start} …"))
}

#[test]
fn server_kiosk_pays_prints_and_is_refused_across_the_month_as_the_one_in_c() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hospital, addresses) = Hospital::open(&folder.path().join("hospital"));
    let earlier = hospital.command("earlier");
    let whose: serde_json::Value = serde_json::from_str(&earlier).unwrap_or_else(|_| panic!("{earlier}"));
    let (url, mut screen, mut drawn) = (addresses["base"].as_str().unwrap(), Vec::new(), Vec::new());
    let mut show = |line: &str| {
        if let Some(code) = line.strip_prefix("请扫码支付 ") {
            assert_eq!(hospital.command(&format!("scan {code}")), "done");
        }
        if line.starts_with(['█', '▀', '▄', ' ']) && line.chars().all(|c| "█▀▄ ".contains(c)) {
            drawn.push(line.chars().count());
        } else {
            screen.push(timeless(line));
        }
        Ok(())
    };
    server_kiosk::run(url, whose["card_no"].as_str().unwrap(), &folder.path().join("kiosk"), &mut show).unwrap();
    // A square with its quiet zone: 21 modules and more, two to a line.
    assert!(drawn.len() > 14 && drawn.iter().all(|width| *width == drawn[0] && width.div_ceil(2) == drawn.len()), "{drawn:?}");
    let wanted: Vec<&str> = include_str!("../../c/server_kiosk.txt").lines().collect();
    assert_eq!(screen, wanted, "{}", screen.join("\n"));
    assert!(screen.iter().any(|line| line.contains("cross_month")), "{screen:?}");

    // A card that nobody has: the refusal is shown, and nothing else is asked.
    let mut nobody = Vec::new();
    let failed = server_kiosk::run(url, "NOBODY", &folder.path().join("nobody"), &mut |line| {
        nobody.push(line.to_owned());
        Ok(())
    })
    .unwrap_err();
    assert_eq!((failed.to_string().as_str(), nobody.len()), ("nobody was identified", 1), "{nobody:?}");
    drop(hospital);
    let away = server_kiosk::run(url, "NOBODY", &folder.path().join("away"), &mut |_| Ok(())).unwrap_err();
    assert!(away.to_string().contains(r#""code":710"#), "{away}");
}

#[test]
fn no_example_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut found: Vec<String> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, ["clinic_day.rs", "group_bills.rs", "own_his.rs", "server_kiosk.rs"], "an example without a test");
}
