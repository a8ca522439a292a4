//! I18: secrets are looked for in whatever form a program may have written them down. A search that finds nothing proves
//! something only because the tests below plant every form and find it.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use encoding_rs::GB18030;
use menjie::gm::{hex, sm3};

/// A shorter form turns up by chance.
const LEAST: usize = 6;

/// A value that must stay secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Canary {
    /// What it is, for people: the value itself is never printed.
    pub what: String,
    value: Vec<u8>,
    /// Whoever has its hash tries all values until one fits.
    guessable: bool,
}

impl Canary {
    /// A name, a number, a word: something that can be guessed.
    pub fn of_a_person(what: impl Into<String>, value: &str) -> Canary {
        Canary { what: what.into(), value: value.into(), guessable: true }
    }

    /// A key, a token, a password: its hash tells nothing.
    pub fn random(what: impl Into<String>, value: impl Into<Vec<u8>>) -> Canary {
        Canary { what: what.into(), value: value.into(), guessable: false }
    }

    /// Is it of a person, and no key or token?
    pub fn is_of_a_person(&self) -> bool {
        self.guessable
    }

    /// Is it the same value, whatever it is called?
    pub fn is_the_same(&self, other: &Canary) -> bool {
        self.value == other.value
    }

    /// Any long number has such a one in it: it counts where it stands by itself.
    fn is_short_number(&self) -> bool {
        self.value.len() < 10 && self.value.iter().all(u8::is_ascii_digit)
    }

    /// Each form with its name.
    pub fn forms(&self) -> BTreeMap<Vec<u8>, &'static str> {
        let mut forms = BTreeMap::new();
        let mut add = |form: Vec<u8>, name| {
            forms.entry(form).or_insert(name);
        };
        add(self.value.clone(), "plain");
        let mut spelled = vec![(self.value.clone(), "plain")];
        if let Ok(text) = std::str::from_utf8(&self.value) {
            spelled.push((GB18030.encode(text).0.into_owned(), "GB18030"));
            spelled.push((text.encode_utf16().flat_map(u16::to_le_bytes).collect(), "UTF-16LE"));
            spelled.push((text.encode_utf16().flat_map(u16::to_be_bytes).collect(), "UTF-16BE"));
            for upper in [false, true] {
                add(escaped(text, upper).into_bytes(), "JSON escapes");
            }
        }
        for (bytes, name) in spelled {
            for upper in [false, true] {
                add(percent(&bytes, upper, false).into_bytes(), "percent-encoded");
                add(percent(&bytes, upper, true).into_bytes(), "percent-encoded throughout");
            }
            add(hex(&bytes).into_bytes(), "hex");
            add(hex(&bytes).to_uppercase().into_bytes(), "hex");
            for before in 0..3 {
                add(base64_within(&STANDARD_NO_PAD, &bytes, before), "base64");
                add(base64_within(&URL_SAFE_NO_PAD, &bytes, before), "base64url");
            }
            if self.guessable {
                add(sm3(&bytes).to_vec(), "SM3");
                add(hex(&sm3(&bytes)).into_bytes(), "SM3 in hex");
            }
            add(bytes, name);
        }
        forms.retain(|form, _| form.len() >= LEAST);
        forms
    }
}

/// `\u5f20`, as JSON writers for ASCII do it.
fn escaped(text: &str, upper: bool) -> String {
    let unit = |unit: u16| match u8::try_from(unit) {
        Ok(ascii) if ascii.is_ascii() => char::from(ascii).to_string(),
        _ if upper => format!("\\u{unit:04X}"),
        _ => format!("\\u{unit:04x}"),
    };
    text.encode_utf16().map(unit).collect()
}

fn percent(bytes: &[u8], upper: bool, all: bool) -> String {
    let one = |byte: &u8| match byte {
        byte if !all && byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte if upper => format!("%{byte:02X}"),
        byte => format!("%{byte:02x}"),
    };
    bytes.iter().map(one).collect()
}

/// What base64 makes of the bytes when `before` others stand before them: the characters that no neighbour changes.
fn base64_within(engine: &impl Engine, bytes: &[u8], before: usize) -> Vec<u8> {
    let text = engine.encode([&vec![0; before][..], bytes].concat());
    let (from, to) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
    text.into_bytes().into_iter().take(to).skip(from).collect()
}

/// Where a canary was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Which, by its place.
    pub at: usize,
    /// Which, in words.
    pub what: String,
    /// How it was written.
    pub form: &'static str,
}

/// Looks for many canaries in one pass.
pub struct Searcher {
    machine: AhoCorasick,
    /// What each form is, and whether it counts only by itself.
    forms: Vec<(Found, bool)>,
}

impl Searcher {
    /// Over these. A canary that is too short to be told from chance is refused by its name.
    pub fn new(canaries: &[Canary]) -> Result<Searcher, String> {
        let mut forms: BTreeMap<Vec<u8>, (Found, bool)> = BTreeMap::new();
        for (at, canary) in canaries.iter().enumerate() {
            if canary.value.len() < LEAST {
                return Err(format!("{} is too short to be looked for", canary.what));
            }
            for (form, name) in canary.forms() {
                let alone = canary.is_short_number() && form == canary.value;
                forms.entry(form).or_insert_with(|| (Found { at, what: canary.what.clone(), form: name }, alone));
            }
        }
        let (needles, forms): (Vec<Vec<u8>>, Vec<(Found, bool)>) = forms.into_iter().unzip();
        let machine = AhoCorasick::new(&needles).map_err(|e| e.to_string())?;
        Ok(Searcher { machine, forms })
    }

    /// What is in these bytes.
    pub fn find(&self, bytes: &[u8]) -> BTreeSet<Found> {
        let joined = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        let hits = self.machine.find_overlapping_iter(bytes).filter_map(|hit| {
            let (found, alone) = self.forms.get(hit.pattern().as_usize())?;
            let counts = !alone || !(joined(hit.start().checked_sub(1)) || joined(Some(hit.end())));
            counts.then(|| found.clone())
        });
        hits.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "张测𠀀三";

    fn found(canary: &Canary, bytes: &[u8]) -> Vec<&'static str> {
        let searcher = Searcher::new(std::slice::from_ref(canary)).unwrap();
        searcher.find(bytes).into_iter().map(|found| found.form).collect()
    }

    /// Written by other code than the searcher's wherever there is some.
    #[test]
    fn every_planted_form_is_found() {
        let name = Canary::of_a_person("name", NAME);
        let gbk = GB18030.encode(NAME).0.into_owned();
        let utf16: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let json = "\\u5f20\\u6d4b\\ud840\\udc00\\u4e09";
        let digest = sm3(NAME.as_bytes());
        for (planted, form) in [
            (NAME.as_bytes().to_vec(), "plain"),
            (gbk.clone(), "GB18030"),
            (utf16, "UTF-16LE"),
            (NAME.encode_utf16().flat_map(u16::to_be_bytes).collect(), "UTF-16BE"),
            (json.as_bytes().to_vec(), "JSON escapes"),
            (json.to_uppercase().replace("\\U", "\\u").into_bytes(), "JSON escapes"),
            (b"%E5%BC%A0%E6%B5%8B%F0%A0%80%80%E4%B8%89".to_vec(), "percent-encoded"),
            (b"%e5%bc%a0%e6%b5%8b%f0%a0%80%80%e4%b8%89".to_vec(), "percent-encoded"),
            (gbk.iter().map(|b| format!("%{b:02X}")).collect::<String>().into_bytes(), "percent-encoded throughout"),
            (b"e5bca0e6b58bf0a08080e4b889".to_vec(), "hex"),
            (b"E5BCA0E6B58BF0A08080E4B889".to_vec(), "hex"),
            (digest.to_vec(), "SM3"),
            (hex(&digest).into_bytes(), "SM3 in hex"),
        ] {
            let bytes = [b"before".as_slice(), &planted, b"after"].concat();
            let forms = found(&name, &bytes);
            assert!(forms.iter().any(|f| f.starts_with(form) || form.starts_with(f)), "{form}: {forms:?}");
        }
    }

    #[test]
    fn base64_is_found_at_every_place_of_a_longer_text() {
        for canary in [Canary::of_a_person("name", NAME), Canary::random("key", [0xfb; 32]), Canary::of_a_person("id", "440599199003070058")] {
            for before in 0..7 {
                for after in 0..4 {
                    let text = [&b"x".repeat(before)[..], &canary.value, &b"y".repeat(after)].concat();
                    for (encoded, form) in [(STANDARD_NO_PAD.encode(&text), "base64"), (URL_SAFE_NO_PAD.encode(&text), "base64url")] {
                        let forms = found(&canary, encoded.as_bytes());
                        assert!(!forms.is_empty() && forms.iter().all(|f| form.starts_with(f)), "{} {before} {after} {form}: {forms:?}", canary.what);
                    }
                }
            }
        }
    }

    #[test]
    fn ascii_is_found_percent_encoded_throughout_and_what_is_masked_is_not_found() {
        let id = Canary::of_a_person("id", "440599199003070058");
        assert_eq!(found(&id, b"%34%34%30%35%39%39%31%39%39%30%30%33%30%37%30%30%35%38"), ["percent-encoded throughout"]);
        assert!(found(&id, "440***********0058 440599 19900307".as_bytes()).is_empty());
        assert!(found(&Canary::of_a_person("name", NAME), "张**三".as_bytes()).is_empty());
        assert!(found(&Canary::random("token", "f".repeat(64)), hex(&sm3("f".repeat(64).as_bytes())).as_bytes()).is_empty(), "the hash of a random value tells nothing");
    }

    #[test]
    fn one_pass_names_every_canary_and_no_value() {
        let searcher = Searcher::new(&[Canary::of_a_person("a name", NAME), Canary::of_a_person("a phone", "13987650002"), Canary::random("a password", "not there")]).unwrap();
        let found = searcher.find(format!("{NAME}13987650002").as_bytes());
        assert_eq!(found.iter().map(|f| f.what.as_str()).collect::<Vec<_>>(), ["a name", "a phone"]);
        assert!(!format!("{found:?}").contains("1398765"));
    }

    #[test]
    fn six_digits_count_where_they_stand_by_themselves() {
        let code = Canary::random("a code", "407317");
        assert_eq!(found(&code, b"{\"code\":\"407317\"}"), ["plain"]);
        assert_eq!(found(&code, b"407317"), ["plain"]);
        assert!(found(&code, b"913989407317658560 a407317 407317f").is_empty());
        assert_eq!(found(&code, b"343037333137"), ["hex"]);
    }

    #[test]
    fn a_canary_that_turns_up_by_chance_is_none() {
        assert_eq!(Searcher::new(&[Canary::of_a_person("an age", "42")]).err().unwrap(), "an age is too short to be looked for");
    }
}
