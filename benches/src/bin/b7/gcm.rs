//! SM4-GCM with the key at hand and 40 bytes of associated data.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use menjie_benches::Fallible;
use menjie_benches::measure::{cpu_ns, median};
use menjie_sm4::{Backend, Sm4Gcm};

const SIZES: [usize; 4] = [256, 1024, 4096, 8192];
const KEY: [u8; 16] = [7; 16];
const NONCE: [u8; 12] = [9; 12];
const AAD: [u8; 40] = [3; 40];

/// Somebody who seals.
enum Contestant {
    Ours(Box<Sm4Gcm>),
    RustCrypto(Box<aes_gcm::AesGcm<sm4::Sm4, U12>>),
    Process(Child, ChildStdin, BufReader<ChildStdout>),
}

impl Contestant {
    fn process(program: &Path) -> Fallible<Contestant> {
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => Ok(Contestant::Process(child, stdin, BufReader::new(stdout))),
            _ => Err("a peer has no pipes".into()),
        }
    }

    /// Seals so many times; CPU nanoseconds and the tag of the first.
    fn slice(&mut self, bytes: usize, times: u64) -> Fallible<(u64, String)> {
        let mut text = vec![0x5a; bytes];
        match self {
            Contestant::Ours(key) => timed(times, || Ok(key.seal_detached(&NONCE, &AAD, &mut text)?)),
            Contestant::RustCrypto(key) => timed(times, || {
                let tag = key.encrypt_inout_detached(&NONCE.into(), &AAD, text.as_mut_slice().into()).map_err(|_| "does not seal")?;
                Ok(tag.into())
            }),
            Contestant::Process(_, stdin, stdout) => {
                writeln!(stdin, "{bytes} {times}")?;
                stdin.flush()?;
                let mut line = String::new();
                stdout.read_line(&mut line)?;
                let (ns, tag) = line.trim().split_once(' ').ok_or("a peer has ended")?;
                Ok((ns.parse()?, tag.to_owned()))
            }
        }
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        if let Contestant::Process(child, ..) = self {
            // It ends by itself when its input does; there is nothing to do about one that has.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn timed(times: u64, mut seal: impl FnMut() -> Fallible<[u8; 16]>) -> Fallible<(u64, String)> {
    let first = seal()?;
    let begun = cpu_ns();
    for _ in 0..times {
        std::hint::black_box(seal()?);
    }
    Ok((cpu_ns() - begun, menjie::gm::hex(&first)))
}

fn contestants(folder: &Path) -> Fallible<Vec<(String, Contestant)>> {
    let mut all = Vec::new();
    for backend in Backend::ALL {
        match Sm4Gcm::with_backend(&KEY, backend) {
            Some(key) => all.push((format!("menjie {backend:?}"), Contestant::Ours(Box::new(key)))),
            None => println!("This processor lacks what {backend:?} needs: not measured.\n"),
        }
    }
    all.push(("RustCrypto sm4 0.6, aes-gcm 0.11".to_owned(), Contestant::RustCrypto(Box::new(aes_gcm::AesGcm::new(&KEY.into())))));
    all.push(("OpenSSL 4.0.3".to_owned(), Contestant::process(&folder.join("openssl"))?));
    all.push(("libgcrypt (Debian)".to_owned(), Contestant::process(&folder.join("gcrypt"))?));
    Ok(all)
}

pub(crate) fn run(rounds: usize, slice_ns: u64, folder: &Path) -> Fallible<()> {
    let mut all = contestants(folder)?;
    println!("SM4-GCM, {rounds} slices each in turns, median of CPU time; ratios are medians of the ratios within a round (above 1: the row is faster).\n");
    println!("| bytes | who | ns a message | MB/s | spread (quartiles) | x RustCrypto | x OpenSSL | x libgcrypt |\n|---:|---|---:|---:|---|---:|---:|---:|");
    for bytes in SIZES {
        let mut times = Vec::new();
        let mut tag = None;
        for (name, contestant) in &mut all {
            // How many make a slice; the first call also warms up.
            let (ns, made) = contestant.slice(bytes, 50)?;
            if tag.get_or_insert_with(|| made.clone()) != &made {
                return Err(format!("{name} makes another tag").into());
            }
            times.push((slice_ns * 50 / ns.max(1)).max(1));
        }
        let mut taken: Vec<Vec<f64>> = vec![Vec::new(); all.len()];
        for _ in 0..rounds {
            for (((_, contestant), times), taken) in all.iter_mut().zip(&times).zip(&mut taken) {
                taken.push(contestant.slice(bytes, *times)?.0 as f64 / *times as f64);
            }
        }
        let peers: Vec<&Vec<f64>> = taken.iter().rev().take(3).rev().collect();
        for ((name, _), ours) in all.iter().zip(&taken) {
            let ratio = |peer: &Vec<f64>| median(&peer.iter().zip(ours).map(|(peer, ours)| peer / ours).collect::<Vec<_>>());
            let ratios: Vec<String> = peers.iter().map(|peer| format!("{:.2}", ratio(peer))).collect();
            let ns = median(ours);
            println!("| {bytes} | {name} | {ns:.0} | {:.0} | {} | {} |", bytes as f64 * 1e3 / ns, quartiles(ours), ratios.join(" | "));
        }
    }
    println!();
    Ok(())
}

/// How far the middle half lies around the median.
pub(crate) fn quartiles(times: &[f64]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |part: usize| sorted.get(sorted.len() * part / 4).copied().unwrap_or(f64::NAN);
    let percent = |t: f64| (t / at(2) - 1.0) * 100.0;
    format!("{:+.0}..{:+.0} %", percent(at(1)), percent(at(3)))
}
