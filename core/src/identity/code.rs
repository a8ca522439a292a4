//! One-time codes to a phone: what may be sent, what is accepted. Pure: a state, an instant, a secret.
//!
//! Six digits, for five minutes, at most five tries, used once; a newer one replaces an older one. A phone gets one a minute,
//! five an hour, ten a day, which is also what the gateways allow (domain/payments.md §4.3).

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::phone::{MobileNo, half_width};
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::gm;
use crate::ident::{PatientId, VisitId};
use crate::port::Entropy;
use crate::visit::Attend;

/// A code is accepted for this long.
const LIFE_MS: i64 = 300_000;
/// So many wrong tries end it.
const TRIES: u32 = 5;
/// Pause between two codes.
const PAUSE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// Codes an hour.
const AN_HOUR: usize = 5;
/// Codes a day.
const A_DAY: usize = 10;
/// Below this a random 32-bit number maps evenly onto six digits.
const EVEN: u32 = u32::MAX - u32::MAX % 1_000_000;
const DRAWS: usize = 64;

/// What a code is for; one for this does not open that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodePurpose {
    /// To find the patient files of this phone.
    Identify,
    /// To bind a patient to an account of the official account.
    Bind,
}

impl CodePurpose {
    const fn code(self) -> &'static str {
        match self {
            CodePurpose::Identify => "identify",
            CodePurpose::Bind => "bind",
        }
    }
}

/// The secret of a hospital under which phones, codes, documents and the numbers of patients and visits are hashed: all of them are found at once from
/// a hash without a key.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeSecret([u8; 32]);

impl CodeSecret {
    /// A new one.
    pub fn draw(entropy: &dyn Entropy) -> CodeSecret {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        CodeSecret(bytes)
    }

    /// Under what a phone's codes are kept.
    pub fn key_of(&self, phone: &MobileNo) -> Result<String> {
        gm::hmac_sm3(&self.0, &[b"phone\0", phone.digits().reveal().as_bytes()]).map(|hash| gm::hex(&hash))
    }

    /// Under what the filing of a document is kept.
    pub fn document_key(&self, id_type: &str, id_subtype: &str, id_no: &Private) -> Result<String> {
        let parts = [b"document\0", id_type.as_bytes(), b"\0", id_subtype.as_bytes(), b"\0", id_no.reveal().as_bytes()];
        gm::hmac_sm3(&self.0, &parts).map(|hash| gm::hex(&hash))
    }

    /// Under what the accounts of a patient are kept.
    pub fn contact_key(&self, patient: &PatientId) -> Result<String> {
        gm::hmac_sm3(&self.0, &[b"contact\0", patient.as_str().as_bytes()]).map(|hash| gm::hex(&hash))
    }

    /// Under what the present check-in of a registration is kept: its number may say who it is.
    pub fn place_key(&self, what: Attend, visit: &VisitId) -> Result<String> {
        gm::hmac_sm3(&self.0, &[b"place\0", what.code().as_bytes(), b"\0", visit.as_str().as_bytes()]).map(|hash| gm::hex(&hash))
    }

    fn hash(&self, phone: &MobileNo, purpose: CodePurpose, code: &str) -> Result<String> {
        let parts = [b"code\0", phone.digits().reveal().as_bytes(), b"\0", purpose.code().as_bytes(), b"\0", code.as_bytes()];
        gm::hmac_sm3(&self.0, &parts).map(|hash| gm::hex(&hash))
    }
}

impl std::fmt::Debug for CodeSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeSecret(***)")
    }
}

/// A code that may still be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Live {
    purpose: CodePurpose,
    hash: String,
    until: Timestamp,
    tries: u32,
}

/// Everything about the codes of one phone.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PhoneCodes {
    live: Vec<Live>,
    /// When codes were sent during the last day, oldest first.
    sent: Vec<Timestamp>,
}

/// Why no code is sent now, and from when on it may be asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCode {
    /// The last one is too recent.
    TooSoon(Timestamp),
    /// The hour's share is used up.
    Hour(Timestamp),
    /// The day's share is used up.
    Day(Timestamp),
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Right.
    Right,
    /// Wrong; so many tries are left.
    Wrong {
        /// How many.
        left: u32,
    },
    /// There is none to compare with: never sent, expired, used, replaced, or given up after five tries.
    NoneLive,
}

impl PhoneCodes {
    /// Makes a code for a purpose, in place of an older one. Neither changes when it is not allowed.
    pub fn issue(&mut self, secret: &CodeSecret, phone: &MobileNo, purpose: CodePurpose, now: Timestamp, entropy: &dyn Entropy) -> Result<std::result::Result<Private, NoCode>> {
        self.forget(now);
        if let Some(no) = self.why_not(now) {
            return Ok(Err(no));
        }
        let code = draw(entropy)?;
        let hash = secret.hash(phone, purpose, code.reveal())?;
        self.live.retain(|live| live.purpose != purpose);
        self.live.push(Live { purpose, hash, until: now.plus_millis(LIFE_MS), tries: TRIES });
        self.sent.push(now);
        Ok(Ok(code))
    }

    /// Compares what was typed; a right code is used up.
    pub fn check(&mut self, secret: &CodeSecret, phone: &MobileNo, purpose: CodePurpose, typed: &Private, now: Timestamp) -> Result<Checked> {
        let checked = self.compare(secret, phone, purpose, typed, now)?;
        if checked == Checked::Right {
            self.live.retain(|live| live.purpose != purpose);
        }
        Ok(checked)
    }

    /// The same, but a right code stays: for whoever must ask somebody else before anything comes of it. What is compared are
    /// keyed hashes, so the time it takes tells nothing.
    pub fn compare(&mut self, secret: &CodeSecret, phone: &MobileNo, purpose: CodePurpose, typed: &Private, now: Timestamp) -> Result<Checked> {
        self.forget(now);
        let Some(at) = self.live.iter().position(|live| live.purpose == purpose) else { return Ok(Checked::NoneLive) };
        let typed = Private::new(typed.reveal().trim().chars().map(half_width).collect::<String>());
        let hash = secret.hash(phone, purpose, typed.reveal())?;
        let Some(live) = self.live.get_mut(at) else { return Ok(Checked::NoneLive) };
        if live.hash == hash {
            return Ok(Checked::Right);
        }
        live.tries = live.tries.saturating_sub(1);
        let left = live.tries;
        if left == 0 {
            self.live.remove(at);
        }
        Ok(Checked::Wrong { left })
    }

    /// A code made at `now` is accepted until then.
    pub const fn until(now: Timestamp) -> Timestamp {
        now.plus_millis(LIFE_MS)
    }

    /// After a code was sent at `now`, the next may be asked for from then on.
    pub const fn again(now: Timestamp) -> Timestamp {
        now.plus_millis(PAUSE_MS)
    }

    /// Nothing of it matters after this.
    pub fn expires(&self, now: Timestamp) -> Timestamp {
        self.sent.last().copied().unwrap_or(now).max(now).plus_millis(DAY_MS)
    }

    fn forget(&mut self, now: Timestamp) {
        self.live.retain(|live| live.until > now);
        self.sent.retain(|at| now.since(*at) < DAY_MS);
    }

    fn why_not(&self, now: Timestamp) -> Option<NoCode> {
        let last = self.sent.last()?;
        if now.since(*last) < PAUSE_MS {
            return Some(NoCode::TooSoon(last.plus_millis(PAUSE_MS)));
        }
        // The share is free again when the oldest of the last `most` has left the window.
        let full = |most: usize, window: i64| {
            let oldest = self.sent.iter().rev().nth(most.checked_sub(1)?)?;
            (now.since(*oldest) < window).then(|| oldest.plus_millis(window))
        };
        full(A_DAY, DAY_MS).map(NoCode::Day).or_else(|| full(AN_HOUR, HOUR_MS).map(NoCode::Hour))
    }
}

/// Six digits, each of the million as likely as any other.
fn draw(entropy: &dyn Entropy) -> Result<Private> {
    let number = (0..DRAWS).find_map(|_| {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        Some(u32::from_le_bytes(bytes)).filter(|n| *n < EVEN)
    });
    let number = number.ok_or_else(|| Error::internal("randomness is random"))?;
    Ok(Private::new(format!("{:06}", number % 1_000_000)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes that never change, and a counter.
    struct Stuck(u8);
    impl Entropy for Stuck {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    struct Counting(std::sync::atomic::AtomicU32);
    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            let n = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst).wrapping_mul(0x9e37_79b9);
            buffer.iter_mut().zip(n.to_le_bytes().into_iter().cycle()).for_each(|(to, from)| *to = from);
        }
    }

    fn chance() -> Counting {
        Counting(std::sync::atomic::AtomicU32::new(1))
    }

    fn secret() -> CodeSecret {
        CodeSecret([7; 32])
    }

    fn phone(no: &str) -> MobileNo {
        MobileNo::parse(&Private::new(no)).unwrap()
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(1_772_413_200_000 + s * 1000)
    }

    const ONE: &str = "13900000001";
    const ID: CodePurpose = CodePurpose::Identify;

    fn issue(codes: &mut PhoneCodes, s: i64, chance: &Counting) -> std::result::Result<Private, NoCode> {
        codes.issue(&secret(), &phone(ONE), ID, at(s), chance).unwrap()
    }

    fn check(codes: &mut PhoneCodes, code: &str, s: i64) -> Checked {
        codes.check(&secret(), &phone(ONE), ID, &Private::new(code), at(s)).unwrap()
    }

    #[test]
    fn a_code_opens_once() {
        let mut codes = PhoneCodes::default();
        let code = issue(&mut codes, 0, &chance()).unwrap();
        assert!(code.reveal().len() == 6 && code.reveal().bytes().all(|b| b.is_ascii_digit()));
        assert_eq!(check(&mut codes, &format!(" {} ", code.reveal()), 299), Checked::Right);
        assert_eq!(check(&mut codes, code.reveal(), 299), Checked::NoneLive, "used");
    }

    #[test]
    fn a_code_that_is_compared_stays_until_it_is_checked_and_wrong_ones_count_alike() {
        let mut codes = PhoneCodes::default();
        let code = issue(&mut codes, 0, &chance()).unwrap();
        let compare = |codes: &mut PhoneCodes, code: &str, s| codes.compare(&secret(), &phone(ONE), ID, &Private::new(code), at(s)).unwrap();
        assert_eq!((compare(&mut codes, code.reveal(), 1), compare(&mut codes, code.reveal(), 2)), (Checked::Right, Checked::Right));
        assert_eq!((compare(&mut codes, "abcdef", 3), check(&mut codes, "abcdef", 4)), (Checked::Wrong { left: 4 }, Checked::Wrong { left: 3 }));
        assert_eq!(compare(&mut codes.clone(), code.reveal(), 300), Checked::NoneLive, "expired");
        assert_eq!((check(&mut codes, code.reveal(), 299), compare(&mut codes, code.reveal(), 299)), (Checked::Right, Checked::NoneLive));
    }

    #[test]
    fn a_code_dies_after_five_minutes_after_five_tries_and_by_a_newer_one() {
        let (mut codes, chance) = (PhoneCodes::default(), chance());
        let first = issue(&mut codes, 0, &chance).unwrap();
        assert_eq!(check(&mut codes.clone(), first.reveal(), 300), Checked::NoneLive, "expired");
        let second = issue(&mut codes, 60, &chance).unwrap();
        assert_ne!(first, second);
        assert_eq!(check(&mut codes, first.reveal(), 61), Checked::Wrong { left: 4 }, "replaced");
        for left in (0..4).rev() {
            assert_eq!(check(&mut codes, "abcdef", 62), Checked::Wrong { left });
        }
        assert_eq!(check(&mut codes, second.reveal(), 63), Checked::NoneLive, "given up");
    }

    #[test]
    fn a_code_is_bound_to_its_phone_and_purpose() {
        let (mut codes, chance) = (PhoneCodes::default(), chance());
        let code = issue(&mut codes, 0, &chance).unwrap();
        let bind = codes.clone().check(&secret(), &phone(ONE), CodePurpose::Bind, &code, at(1)).unwrap();
        assert_eq!(bind, Checked::NoneLive);
        let other = codes.clone().check(&secret(), &phone("13900000002"), ID, &code, at(1)).unwrap();
        assert_eq!(other, Checked::Wrong { left: 4 });
        // A code for the other purpose neither replaces this one nor escapes the limits.
        let no = codes.issue(&secret(), &phone(ONE), CodePurpose::Bind, at(59), &chance).unwrap();
        assert_eq!(no, Err(NoCode::TooSoon(at(60))));
        assert!(codes.issue(&secret(), &phone(ONE), CodePurpose::Bind, at(60), &chance).unwrap().is_ok());
        assert_eq!(check(&mut codes, code.reveal(), 61), Checked::Right);
    }

    #[test]
    fn one_a_minute_five_an_hour_ten_a_day() {
        let (mut codes, chance) = (PhoneCodes::default(), chance());
        for n in 0..5 {
            issue(&mut codes, n * 60, &chance).unwrap();
            assert_eq!(issue(&mut codes, n * 60 + 59, &chance), Err(NoCode::TooSoon(at(n * 60 + 60))));
        }
        assert_eq!(issue(&mut codes, 3_599, &chance), Err(NoCode::Hour(at(3_600))));
        for n in 0..5 {
            issue(&mut codes, 3_600 + n * 60, &chance).unwrap();
        }
        assert_eq!(issue(&mut codes, 80_000, &chance), Err(NoCode::Day(at(86_400))));
        assert!(issue(&mut codes, 86_400, &chance).is_ok());
        assert_eq!(issue(&mut codes, 86_430, &chance), Err(NoCode::TooSoon(at(86_460))));
    }

    /// Numbers of patients and visits are counted up: without the secret, whoever has the database would find them all by trying.
    #[test]
    fn numbers_are_hashed_under_the_secret_and_apart() {
        let keys = |secret: &CodeSecret| {
            let (patient, visit) = (PatientId::new("P1").unwrap(), VisitId::new("P1").unwrap());
            [secret.contact_key(&patient), secret.place_key(Attend::CheckIn, &visit), secret.place_key(Attend::TakeNumber, &visit)].map(Result::unwrap)
        };
        let (ours, theirs) = (keys(&secret()), keys(&CodeSecret([8; 32])));
        let all: std::collections::BTreeSet<&String> = ours.iter().chain(&theirs).collect();
        assert_eq!(all.len(), 6, "each secret and each meaning has keys of its own");
        assert_eq!(keys(&secret()), ours);
        let plain = ["P1", "contact:P1", "contact\0P1", "check_in:P1", "place\0check_in\0P1"].map(|text| gm::hex(&gm::sm3(text.as_bytes())));
        assert!(plain.iter().all(|hash| !all.contains(hash)));
    }

    #[test]
    fn nothing_kept_shows_the_code_or_the_phone() {
        let mut codes = PhoneCodes::default();
        let code = issue(&mut codes, 0, &chance()).unwrap();
        let kept = format!("{} {codes:?} {:?} {}", serde_json::to_string(&codes).unwrap(), secret(), secret().key_of(&phone(ONE)).unwrap());
        assert!(!kept.contains(code.reveal()) && !kept.contains(ONE), "{kept}");
        assert_ne!(secret().key_of(&phone(ONE)).unwrap(), CodeSecret([8; 32]).key_of(&phone(ONE)).unwrap());
    }

    #[test]
    fn broken_randomness_is_noticed_and_the_edge_of_the_range_is_even() {
        assert!(draw(&Stuck(0xff)).is_err());
        assert_eq!(draw(&Stuck(0)).unwrap().reveal(), "000000");
        assert_eq!(EVEN % 1_000_000, 0);
    }

    proptest! {
        /// Whatever is asked when, no window ever holds more codes than allowed, and only the last one opens.
        #[test]
        fn limits_hold_for_any_history(steps in prop::collection::vec(0i64..4_000, 1..80)) {
            let (mut codes, chance) = (PhoneCodes::default(), chance());
            let (mut now, mut sent) = (0, Vec::new());
            for step in steps {
                now += step;
                if let Ok(code) = issue(&mut codes, now, &chance) {
                    sent.push(now);
                    prop_assert_eq!(check(&mut codes.clone(), code.reveal(), now), Checked::Right);
                }
            }
            prop_assert!(sent.windows(2).all(|w| w[1] - w[0] >= 60));
            prop_assert!(sent.windows(6).all(|w| w[5] - w[0] >= 3_600));
            prop_assert!(sent.windows(11).all(|w| w[10] - w[0] >= 86_400));
        }

        /// Any history of guesses without the code gives five tries at most.
        #[test]
        fn guesses_are_counted(guesses in prop::collection::vec("\\PC{0,8}|[0-9]{6}", 0..20)) {
            let (mut codes, chance) = (PhoneCodes::default(), chance());
            let code = issue(&mut codes, 0, &chance).unwrap();
            let wrong: Vec<_> = guesses.iter().filter(|g| g.trim() != code.reveal()).collect();
            for guess in &wrong {
                prop_assert_ne!(check(&mut codes, guess, 1), Checked::Right);
            }
            prop_assert_eq!(check(&mut codes, code.reveal(), 1) == Checked::Right, wrong.len() < 5);
        }
    }
}
