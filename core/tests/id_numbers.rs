//! Identity numbers against an unrelated implementation, the crate `cinv`, on 100,000 random numbers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::BizDate;
use menjie::patient::{AreaCheck, DocumentFault, DocumentKind, check_document};

/// SplitMix64: the same numbers on every run; `MENJIE_ID_SEED` asks for others.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Provinces the crate knows too.
const PROVINCES: [&str; 31] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63",
    "64", "65",
];

/// A number with a real province; one of eight has an impossible date, one of eight a wrong check character.
fn number(seeded: &mut Seeded) -> String {
    let province = PROVINCES[seeded.below(31) as usize];
    let (month, day) = if seeded.below(8) == 0 { (seeded.below(15), seeded.below(34)) } else { (1 + seeded.below(12), 1 + seeded.below(28)) };
    let body = format!("{province}{:04}{:04}{month:02}{day:02}{:03}", seeded.below(10_000), 1900 + seeded.below(126), seeded.below(1_000));
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(weights).map(|(c, w)| c.to_digit(10).unwrap() * w).sum();
    let right = b"10X98765432"[sum as usize % 11];
    let check = if seeded.below(8) == 0 { b"0123456789X"[seeded.below(11) as usize] } else { right };
    format!("{body}{}", char::from(check))
}

#[test]
#[allow(clippy::disallowed_methods)] // a test may be told its seed; the rules may not
fn the_crate_and_we_agree_on_a_hundred_thousand_numbers() {
    let seed = std::env::var("MENJIE_ID_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_310);
    let today = BizDate::parse("2026-03-10").unwrap();
    let mut seeded = Seeded(seed);
    let (mut valid, mut explained) = (0, 0);
    for _ in 0..100_000 {
        let number = number(&mut seeded);
        let (_, fault) = check_document(DocumentKind::ResidentId, &number, today, AreaCheck::Province);
        let theirs = cinv::is_valid(&number);
        // The crate knows no upper limit of age and no future: both are ours alone.
        if matches!(fault, Some(DocumentFault::Future | DocumentFault::TooOld)) && theirs {
            explained += 1;
            continue;
        }
        assert_eq!(fault.is_none(), theirs, "{number}: {fault:?} (seed {seed})");
        valid += u32::from(fault.is_none());
    }
    assert!((60_000..100_000).contains(&valid) && explained < 1_000, "{valid} valid, {explained} explained");
}
