//! Wall and CPU time of runs, medians, and the checksum that we and the peers must agree on before anything is timed.

use std::time::{Duration, Instant};

use serde::Deserialize;

/// Times of one piece of work, as the peers print them (one JSON object a line).
#[derive(Clone, Debug, Deserialize)]
pub struct Timing {
    /// Who.
    pub peer: String,
    /// What.
    pub work: String,
    /// Wall time of each run, in microseconds.
    pub us: Vec<f64>,
    /// CPU time of each run, all threads, in microseconds.
    pub cpu_us: Vec<f64>,
    /// [`checksum`] of the result.
    pub check: String,
}

impl Timing {
    /// Median CPU time in microseconds.
    pub fn cpu(&self) -> f64 {
        median(&self.cpu_us)
    }

    /// Median wall time in microseconds.
    pub fn wall(&self) -> f64 {
        median(&self.us)
    }

    /// Lowest and highest CPU time around the median, in percent.
    pub fn spread(&self) -> String {
        let (low, high) = self.cpu_us.iter().fold((f64::MAX, 0f64), |(l, h), t| (l.min(*t), h.max(*t)));
        let percent = |t: f64| (t / self.cpu() - 1.0) * 100.0;
        format!("{:+.0}..{:+.0} %", percent(low), percent(high))
    }
}

/// The middle one; of an even number the upper middle one.
pub fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The delay that `per_cent` of all do not exceed, in milliseconds. `sorted` is in ascending order.
pub fn percentile_ms(sorted: &[Duration], per_cent: usize) -> f64 {
    let at = (sorted.len() * per_cent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1e3)
}

/// CPU time of this thread in nanoseconds; our side runs on one.
pub fn cpu_ns() -> u64 {
    // Linux counts what a thread has used since the last tick (4 ms) only when the thread gives way.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Runs `work` `runs` times, each run `times` times, after one run that is thrown away.
pub fn measure<T>(work_name: &str, runs: usize, times: u32, check: String, mut work: impl FnMut() -> T) -> Timing {
    let mut timing = Timing { peer: "menjie".to_owned(), work: work_name.to_owned(), us: Vec::new(), cpu_us: Vec::new(), check };
    for run in 0..=runs {
        let (wall, cpu) = (Instant::now(), cpu_ns());
        for _ in 0..times {
            std::hint::black_box(work());
        }
        let (wall, cpu) = (wall.elapsed(), cpu_ns() - cpu);
        if run > 0 {
            timing.us.push(wall.as_secs_f64() * 1e6 / f64::from(times));
            timing.cpu_us.push(cpu as f64 / 1e3 / f64::from(times));
        }
    }
    timing
}

/// `documents:fen:mix` over (visit, department, total): mix = Σ total × (1 + crc32("visit|department")) modulo 2^64.
pub fn checksum<'a>(docs: impl Iterator<Item = (&'a str, &'a str, i64)>) -> String {
    let (mut count, mut sum, mut mix) = (0u64, 0i64, 0u64);
    for (visit, dept, total) in docs {
        count += 1;
        sum += total;
        let text = visit.bytes().chain([b'|']).chain(dept.bytes());
        mix = mix.wrapping_add((total as u64).wrapping_mul(1 + u64::from(crc32(text))));
    }
    format!("{count}:{sum}:{mix}")
}

fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_delays() {
        let delays: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!([percentile_ms(&delays, 50), percentile_ms(&delays, 99), percentile_ms(&delays, 100)], [101.0, 199.0, 200.0]);
        assert!(percentile_ms(&[], 50).is_nan());
    }

    #[test]
    fn the_checksum_is_the_one_of_the_peers() {
        assert_eq!(crc32(b"123456789".iter().copied()), 0xcbf4_3926);
        assert_eq!(checksum([("V1", "A", 5), ("V1", "B", -5)].into_iter()).split(':').take(2).collect::<Vec<_>>(), ["2", "0"]);
    }
}
