//! What a site may decide about the rules.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::patient::{AdultFrom, AreaCheck};

/// What becomes of a landline number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Landline {
    /// Taken, with a warning.
    #[default]
    Warn,
    /// Taken.
    Accept,
    /// Refused.
    Refuse,
}

/// The options of a site; the defaults are the rules of domain/hospital.md §1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// How closely the area of an identity number is looked at.
    pub area_check: AreaCheck,
    /// From which day on somebody is of age.
    pub adult_from: AdultFrom,
    /// Landline numbers.
    pub landline: Landline,
    /// Nobody is older, in years.
    pub max_age_years: u32,
    /// A phone of more patients is a risk (号贩子).
    pub shared_phone_limit: u32,
    /// Ethnic codes of the site beyond GB/T 3304, such as 66 or 99 for foreigners.
    pub site_ethnic: Vec<String>,
}

impl Rules {
    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        let bad = |field: &str, problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", field.to_owned()).with("problem", problem));
        if !(100..=200).contains(&self.max_age_years) {
            return bad("registration.max_age_years", "must lie between 100 and 200");
        }
        if self.shared_phone_limit == 0 {
            return bad("registration.shared_phone_limit", "must not be zero");
        }
        match self.site_ethnic.iter().position(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_digit())) {
            Some(at) => bad(&format!("registration.site_ethnic[{at}]"), "must have two digits"),
            None => Ok(()),
        }
    }
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { area_check: AreaCheck::Province, adult_from: AdultFrom::Birthday, landline: Landline::Warn, max_age_years: 130, shared_phone_limit: 5, site_ethnic: Vec::new() }
    }
}
