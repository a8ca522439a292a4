//! The national authorisation (医保移动支付授权): where a phone is sent, and where its code is exchanged.

use menjie::access::Private;
use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

use super::{clean_path, redacting, texts};

/// What the exchange holds of a person, whatever it is called; the log keeps none of it.
const SECRET: [&str; 6] = ["qrcode", "openid", "pay_auth_no", "payAuthNo", "user_longitude_latitude", "mobile"];

/// The authorisation page and the exchange behind it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorisationConfig {
    /// Where codes are exchanged, e.g. `https://mip-receiver.tengmed.com`.
    pub http: ClientConfig,
    /// Path of the exchange; `{partner_id}` stands for ours. `/testapi/…` is the test path.
    #[serde(default = "path")]
    pub path: String,
    /// Partner number as issued.
    pub partner_id: String,
    /// Its secret.
    pub partner_secret: Private,
    /// Where a phone is sent. `{back}` stands for the address it returns to, `{state}` for what must come back with it; both are
    /// percent-encoded. Where the page hands no state back, leave `{state}` out: it then travels inside the address.
    pub authorize_url: String,
    /// What the answer calls its fields.
    #[serde(default)]
    pub names: AuthorisationNames,
}

/// Names of the fields of the answer, the first that is there counts: the answer is described nowhere (domain/medins.md §10, 9).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorisationNames {
    /// What opens a payment.
    pub pay_auth_no: Vec<String>,
    /// Who authorised.
    pub name: Vec<String>,
    /// His document number.
    pub id_no: Vec<String>,
}

impl Default for AuthorisationNames {
    fn default() -> AuthorisationNames {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        AuthorisationNames {
            pay_auth_no: names(&["pay_auth_no", "payAuthNo"]),
            name: names(&["user_name", "userName"]),
            id_no: names(&["id_no", "idNo", "user_card_no", "card_no"]),
        }
    }
}

fn path() -> String {
    "/api/mipuserquery/userQuery/{partner_id}".to_owned()
}

impl AuthorisationConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.http.check().map_err(|e| e.under("http"))?;
        texts([("partner_id", &self.partner_id, 1, 64)])?;
        if !self.partner_id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            return Err(Error::field("partner_id", "must be letters, digits, - and _"));
        }
        if self.partner_secret.reveal().is_empty() {
            return Err(Error::field("partner_secret", "is empty"));
        }
        if self.path.matches("{partner_id}").count() != 1 {
            return Err(Error::field("path", "must hold {partner_id} once"));
        }
        clean_path("path", &self.path.replace("{partner_id}", "p"))?;
        let url = &self.authorize_url;
        let web = url.starts_with("https://") || url.starts_with("http://127.0.0.1:");
        if !web || url.matches("{back}").count() != 1 || url.matches("{state}").count() > 1 || !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::field("authorize_url", "must begin with https:// and hold {back} once, {state} at most once"));
        }
        for (field, names) in [("names.pay_auth_no", &self.names.pay_auth_no), ("names.name", &self.names.name), ("names.id_no", &self.names.id_no)] {
            if names.is_empty() || names.iter().any(String::is_empty) {
                return Err(Error::field(field, "names nothing"));
            }
        }
        Ok(())
    }

    /// How the transport reaches the exchange.
    pub fn transport(&self) -> ClientConfig {
        let told = [&self.names.pay_auth_no, &self.names.name, &self.names.id_no].into_iter().flatten().map(String::as_str);
        redacting(&self.http, SECRET.into_iter().chain(told))
    }
}
