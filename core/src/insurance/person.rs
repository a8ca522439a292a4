//! Whom the insurer knows (人员信息, 1101) and what opens a settlement for him (domain/medins.md §2.6, §3.3).

use serde::{Deserialize, Serialize};

use crate::access::Private;
use crate::calendar::Timestamp;
use crate::money::Money;

/// By what a person is asked for (mdtrt_cert_type).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum PersonKey {
    /// Token of an e-voucher (01).
    Voucher {
        /// The token; for one business at once.
        token: Private,
        /// Where he is insured, six digits, as the decoder told.
        insured_place: String,
    },
    /// Document (02).
    Document {
        /// Kind of document of the insurer's table (psn_cert_type); `01` is the identity card.
        id_type: String,
        /// Its number.
        id_no: Private,
        /// Name on it; some centres want it beside the number.
        name: Private,
    },
}

/// A person as insured: one row of `insuinfo` with the person it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InsuredPerson {
    /// Person number (psn_no). A certificate may have several: they are shown as a choice.
    pub psn_no: Private,
    /// Name as the insurer keeps it.
    pub name: Private,
    /// Kind of document (psn_cert_type).
    pub id_type: String,
    /// Its number.
    pub id_no: Private,
    /// Insurance type (insutype, 险种).
    pub insurance_type: String,
    /// Where he is insured (参保地), six digits.
    pub insured_place: String,
    /// Balance of the personal account, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_fen: Option<Money>,
    /// Is the insurance in force (psn_insu_stas 1), not paused?
    pub active: bool,
}

impl InsuredPerson {
    /// The row that outpatient fees are settled with: in force, employees' insurance (310) before residents' (390), then
    /// whatever else there is, in the insurer's order (domain/medins.md §3.3, a policy where a med_type demands another).
    pub fn chosen(rows: &[InsuredPerson]) -> Option<&InsuredPerson> {
        let rank = |row: &InsuredPerson| match row.insurance_type.as_str() {
            "310" => 0,
            "390" => 1,
            _ => 2,
        };
        rows.iter().filter(|row| row.active).min_by_key(|row| rank(row))
    }
}

/// What the patient has given to open a settlement; never kept longer than the settlement needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
pub enum Authorisation {
    /// From the national authorisation page (payAuthNo): minutes, once.
    Mobile {
        /// payAuthNo.
        pay_auth_no: Private,
        /// Good until then, where whoever gave it is known; else for the life of the town's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// From a scanned e-voucher (ecToken).
    Voucher {
        /// ecToken.
        ec_token: Private,
    },
}

impl Authorisation {
    /// When it ends, where that is known.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Authorisation::Mobile { until, .. } => *until,
            Authorisation::Voucher { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn row(insurance_type: &str, active: bool) -> InsuredPerson {
        InsuredPerson {
            psn_no: Private::new("1"),
            name: Private::new("张三"),
            id_type: "01".to_owned(),
            id_no: Private::new("440500199001010017"),
            insurance_type: insurance_type.to_owned(),
            insured_place: "440500".to_owned(),
            balance_fen: None,
            active,
        }
    }

    #[test]
    fn employees_before_residents_and_never_a_paused_one() {
        let chosen = |rows: &[InsuredPerson]| InsuredPerson::chosen(rows).map(|row| row.insurance_type.clone());
        assert_eq!(chosen(&[row("390", true), row("310", true)]).unwrap(), "310");
        assert_eq!(chosen(&[row("390", true), row("310", false)]).unwrap(), "390");
        assert_eq!(chosen(&[row("340", true), row("320", true)]).unwrap(), "340");
        assert_eq!(chosen(&[row("310", false)]), None);
        assert_eq!(chosen(&[]), None);
    }
}
