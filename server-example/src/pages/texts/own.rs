//! A hospital's own words in the place of ours, and what is filled in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use menjie::error::{Code, Error, Result};

use super::Texts;

impl Texts {
    /// Ours, with those of the hospital in their place. A text of an unknown id, or one that fills in what the original does
    /// not have, is refused by name.
    pub fn with(own: &BTreeMap<String, String>) -> Result<Texts> {
        let mut texts = Texts::default();
        for (id, text) in own {
            let refuse = |problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", format!("server.pages.texts.{id}")).with("problem", problem));
            let Some(slot) = texts.slot(id) else { return refuse("is no text of ours; docs/guide/server.md lists them") };
            if text.trim().is_empty() || text.chars().count() > 200 {
                return refuse("must have 1 to 200 characters");
            }
            if blanks(text).iter().any(|blank| !blanks(slot).contains(blank) && !["{hospital}", "{window}"].contains(blank)) {
                return refuse("fills in something the original does not have");
            }
            *slot = Cow::Owned(text.clone());
        }
        Ok(texts)
    }
}

/// The `{…}` of a text.
fn blanks(text: &str) -> Vec<&str> {
    text.match_indices('{').filter_map(|(at, _)| text.get(at..)?.find('}').and_then(|end| text.get(at..=at + end))).collect()
}

/// Fills `{name}` in; what is not given stays.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What must never stand on a screen that others see.
    const TELLING: [&str; 6] = ["精神", "心理", "抑郁", "焦虑", "失眠", "psych"];

    #[test]
    fn texts_are_complete_neutral_and_without_unknown_blanks() {
        assert!(Texts::ALL.len() > 100);
        for (id, text) in Texts::ALL {
            assert!(!text.trim().is_empty(), "{id}");
            assert!(TELLING.iter().all(|word| !text.contains(word)), "{id}: {text}");
            for blank in blanks(text) {
                assert!(["{hospital}", "{window}", "{who}", "{minutes}", "{count}", "{code}"].contains(&blank), "{id}: {blank}");
            }
        }
    }

    #[test]
    fn a_hospital_replaces_texts_by_id() {
        let own = |id: &str, text: &str| BTreeMap::from([(id.to_owned(), text.to_owned())]);
        assert_eq!(Texts::with(&own("tile_pay", "缴费")).unwrap().tile_pay, "缴费");
        Texts::with(&own("help", "请到{window}")).unwrap();
        for (id, text) in [("tile_pya", "缴费"), ("tile_pay", " "), ("tile_pay", "{minutes}分钟")] {
            let error = Texts::with(&own(id, text)).unwrap_err();
            assert!(error.context().any(|(key, value)| key == "field" && value == format!("server.pages.texts.{id}")), "{error}");
        }
    }

    #[test]
    fn blanks_are_filled_and_others_stay() {
        assert_eq!(fill("到{window}，{minutes}分钟{x}", &[("window", "1号窗"), ("minutes", "2")]), "到1号窗，2分钟{x}");
    }
}
