//! Passwords: what is too weak, and what is kept of the rest (Argon2id, docs/adr/0017-argon2id-for-passwords.md).

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroize;

use super::login::LoginName;
use crate::access::Private;
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::port::Entropy;

/// A password has at least so many characters, of three kinds …
const LEAST: usize = 8;
/// … or so many of any kind (口令短语).
const PHRASE: usize = 16;
/// More is not a password but an attack on our time.
const MOST: usize = 128;
/// So many different characters at least.
const DIFFERENT: usize = 5;
/// What everybody tries first.
const COMMON: [&str; 14] =
    ["password", "passw0rd", "p@ssw0rd", "p@ssword", "qwerty", "1qaz2wsx", "abc123", "abcd1234", "admin", "123456", "88888888", "letmein", "welcome", "hospital"];

/// Costs of a new verifier (OWASP's first recommendation for Argon2id): memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);
const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;

/// Without what is easily mistaken for something else.
const ALPHABET: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
/// Bytes from here on would make the first letters likelier.
const EVEN: u8 = 224;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// Shorter than eight characters.
    Short,
    /// Shorter than a phrase and of fewer than three kinds.
    FewKinds,
    /// Longer than 128 characters.
    Long,
    /// Hardly any different characters.
    Monotonous,
    /// It holds the login name.
    HoldsLogin,
    /// It holds what everybody tries first.
    Common,
    /// It is one of the last five.
    Earlier,
}

impl Weak {
    /// For the person who chose it.
    pub const fn text(self) -> &'static str {
        match self {
            Weak::Short => "密码至少8位",
            Weak::FewKinds => "密码须含大写字母、小写字母、数字、符号中的三类；或使用16位以上的口令短语",
            Weak::Long => "密码不能超过128位",
            Weak::Monotonous => "密码中相同的字符太多",
            Weak::HoldsLogin => "密码不能包含登录名",
            Weak::Common => "密码过于常见，请换一个",
            Weak::Earlier => "不能使用最近5次用过的密码",
        }
    }
}

/// What is wrong with a new password, if anything; that it was used before is for [`super::Account`] to say.
pub fn weakness(login: &LoginName, password: &Private) -> Option<Weak> {
    let text = normal(password);
    let text = text.reveal();
    let length = text.chars().count();
    let lower = text.to_lowercase();
    let kinds = [char::is_lowercase as fn(char) -> bool, char::is_uppercase, char::is_numeric, |c: char| !c.is_alphanumeric()];
    let different: std::collections::BTreeSet<char> = text.chars().collect();
    match () {
        () if length < LEAST => Some(Weak::Short),
        () if length > MOST => Some(Weak::Long),
        () if different.len() < DIFFERENT => Some(Weak::Monotonous),
        () if lower.contains(login.as_str()) => Some(Weak::HoldsLogin),
        () if COMMON.iter().any(|common| lower.contains(common)) => Some(Weak::Common),
        () if length < PHRASE && kinds.into_iter().filter(|kind| text.chars().any(kind)).count() < 3 => Some(Weak::FewKinds),
        () => None,
    }
}

/// A password to be used once and changed: four groups of four, 92 bits.
pub fn one_time(entropy: &dyn Entropy) -> Private {
    let mut text = String::with_capacity(19);
    let mut letters = 0;
    while letters < 16 {
        let mut byte = [0u8];
        entropy.fill(&mut byte);
        let [byte] = byte;
        if byte >= EVEN {
            continue;
        }
        if letters > 0 && letters % 4 == 0 {
            text.push('-');
        }
        text.extend(ALPHABET.get(usize::from(byte) % ALPHABET.len()).map(|b| char::from(*b)));
        letters += 1;
    }
    Private::new(text)
}

/// What is kept of a password. It says with what it was made, so costs can rise without anybody noticing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    /// Hex.
    salt: String,
    /// Hex.
    hash: Private,
}

impl Verifier {
    /// Of a new password.
    pub fn of(password: &Private, entropy: &dyn Entropy) -> Result<Verifier> {
        let mut salt = [0u8; SALT_LEN];
        entropy.fill(&mut salt);
        let (memory_kib, passes, lanes) = COST;
        let mut verifier = Verifier { memory_kib, passes, lanes, salt: gm::hex(&salt), hash: Private::default() };
        verifier.hash = verifier.hash_of(password)?;
        Ok(verifier)
    }

    /// Nobody's: checking against it takes as long as against anybody's, and fails.
    pub fn nobodys() -> Verifier {
        let (memory_kib, passes, lanes) = COST;
        Verifier { memory_kib, passes, lanes, salt: "0".repeat(SALT_LEN * 2), hash: Private::default() }
    }

    /// Is it this password? Nobody outside knows the salt, so the order in which hashes differ tells nothing.
    pub fn admits(&self, password: &Private) -> Result<bool> {
        Ok(self.hash_of(password)? == self.hash)
    }

    fn hash_of(&self, password: &Private) -> Result<Private> {
        let broken = || Error::new(Code::StoreCorrupt).with("record", "staff");
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_LEN)).map_err(|_| broken())?;
        let salt = gm::unhex(&self.salt).ok_or_else(broken)?;
        let mut hash = [0u8; HASH_LEN];
        let text = normal(password);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(text.reveal().as_bytes(), &salt, &mut hash).map_err(|_| broken())?;
        let hex = gm::hex(&hash);
        hash.zeroize();
        Ok(Private::new(hex))
    }
}

/// One way to write what looks alike, so that keyboards do not matter. Nothing longer than a password is looked at.
fn normal(password: &Private) -> Private {
    Private::new(password.reveal().chars().take(MOST + 1).nfkc().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::host::SeededEntropy;

    fn weak(password: &str) -> Option<Weak> {
        weakness(&LoginName::parse("li.wei").unwrap(), &Private::new(password))
    }

    #[test]
    fn weak_passwords_are_named() {
        for (password, wanted) in [
            ("", Some(Weak::Short)),
            ("Ab1!xyz", Some(Weak::Short)),
            ("abcdefgh", Some(Weak::FewKinds)),
            ("abcdefg1", Some(Weak::FewKinds)),
            ("Abcdefg1", None),
            ("abcdefg1!", None),
            ("ABCDEFG1!", None),
            ("correct horse battery staple", None),
            ("一段足够长的口令短语不需要符号啊", None),
            ("aaaaaaaaaaaaaaaa", Some(Weak::Monotonous)),
            ("A1!A1!A1!A1!", Some(Weak::Monotonous)),
            ("xLi.Wei2026!", Some(Weak::HoldsLogin)),
            ("Admin2026!", Some(Weak::Common)),
            ("P@ssw0rd!", Some(Weak::Common)),
        ] {
            assert_eq!(weak(password), wanted, "{password}");
        }
        assert_eq!(weak(&"Ab1!x".repeat(30)), Some(Weak::Long));
    }

    #[test]
    fn a_verifier_admits_its_password_only_however_it_is_typed() {
        let entropy = SeededEntropy::new(1);
        let one = Verifier::of(&Private::new("Ｃorrect-1"), &entropy).unwrap();
        let two = Verifier::of(&Private::new("Correct-1"), &entropy).unwrap();
        assert_ne!(one, two, "two salts");
        assert!(one.admits(&Private::new("Correct-1")).unwrap(), "a full-width letter is the same letter");
        assert!(!one.admits(&Private::new("correct-1")).unwrap() && !one.admits(&Private::default()).unwrap());
        assert!(!Verifier::nobodys().admits(&Private::default()).unwrap());
        assert!(!format!("{one:?}").contains(one.hash.reveal()));
    }

    /// RFC 9106 has vectors with secret and data only; this one is from the reference implementation's test suite.
    #[test]
    fn it_is_argon2id() {
        let made = Verifier { memory_kib: 65_536, passes: 2, lanes: 1, salt: gm::hex(b"somesalt"), hash: Private::default() }.hash_of(&Private::new("password")).unwrap();
        assert_eq!(made.reveal(), "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }

    #[test]
    fn one_time_passwords_are_strong_and_legible() {
        let entropy = SeededEntropy::new(3);
        let (one, two) = (one_time(&entropy), one_time(&entropy));
        assert_ne!(one, two);
        for password in [&one, &two] {
            assert_eq!(password.reveal().len(), 19);
            assert_eq!(weak(password.reveal()), None);
            assert!(!password.reveal().contains(['0', 'O', '1', 'l', 'I', 'o']));
        }
    }
}
