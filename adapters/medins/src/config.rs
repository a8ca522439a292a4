//! How a hospital's insurers are reached: the decoder of e-vouchers beside the scanner, the centre of mobile payment, the
//! gateway of the institution interface. Whatever differs between towns is a field here (domain/medins.md §8 item 5, §10).

mod authorisation;
mod centre;
mod gateway;

use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

pub use authorisation::{AuthorisationConfig, AuthorisationNames};
pub use centre::{CentreConfig, CentrePaths, CentreTransport, NoticeForm, RefundParts};
pub use gateway::{Certificate, DesignationConfig, GatewayConfig, TifConfig};

/// The configuration. [`MedinsConfig::check`] names the wrong field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedinsConfig {
    /// Address of the decoder.
    pub http: ClientConfig,
    /// Path of the query.
    #[serde(default = "path")]
    pub path: String,
    /// Our institution (定点医药机构编号): of the decoder, orgCodg of 6xxx, fixmedins_code of the gateway.
    pub org_id: String,
    /// What the voucher is read for (用码业务类型); `01301` is 结算.
    #[serde(default = "business_type")]
    pub business_type: String,
    /// Operator.
    pub operator_id: String,
    /// His name.
    pub operator_name: String,
    /// Department.
    pub office_id: String,
    /// Its name.
    pub office_name: String,
    /// `SelfService` for a kiosk.
    #[serde(default = "device_type")]
    pub device_type: String,
    /// Field that carries the scanned code; empty for a decoder that scans by itself.
    #[serde(default = "code_field")]
    pub code_field: String,
    /// The centre of mobile payment (6xxx); without it nothing is priced or settled.
    #[serde(default)]
    pub centre: Option<CentreConfig>,
    /// The gateway of the institution interface (1101 and on); without it no person is asked for.
    #[serde(default)]
    pub gateway: Option<GatewayConfig>,
    /// The national authorisation; without it patients cannot open a payment on their phones.
    #[serde(default)]
    pub authorisation: Option<AuthorisationConfig>,
}

fn path() -> String {
    "/api/hsecfc/localQrCodeQuery".to_owned()
}

fn business_type() -> String {
    "01301".to_owned()
}

fn device_type() -> String {
    "SelfService".to_owned()
}

fn code_field() -> String {
    "ecQrCode".to_owned()
}

impl MedinsConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.http.check().map_err(|e| e.under("http"))?;
        texts([
            ("org_id", &self.org_id, 1, 40),
            ("business_type", &self.business_type, 5, 5),
            ("operator_id", &self.operator_id, 1, 20),
            ("operator_name", &self.operator_name, 1, 30),
            ("office_id", &self.office_id, 1, 20),
            ("office_name", &self.office_name, 1, 30),
            ("device_type", &self.device_type, 0, 30),
            ("code_field", &self.code_field, 0, 30),
        ])?;
        clean_path("path", &self.path)?;
        if let Some(centre) = &self.centre {
            centre.check().map_err(|e| e.under("centre"))?;
            if centre.transport == CentreTransport::Wrapped && self.gateway.is_none() {
                return Err(Error::field("centre.transport", "is wrapped, but there is no gateway"));
            }
        }
        if let Some(gateway) = &self.gateway {
            gateway.check().map_err(|e| e.under("gateway"))?;
            // Twelve characters are what makes a msgid thirty long.
            if self.org_id.len() != 12 || !self.org_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(Error::field("org_id", "must have twelve letters and digits where there is a gateway"));
            }
        }
        self.authorisation.as_ref().map_or(Ok(()), |authorisation| authorisation.check().map_err(|e| e.under("authorisation")))
    }

    /// How the transport reaches the decoder: the log keeps neither codes nor tokens nor the person.
    pub fn transport(&self) -> ClientConfig {
        let own = (!self.code_field.is_empty()).then_some(self.code_field.as_str());
        redacting(&self.http, ["ecToken", "ecQrCode", "ecIndexNo", "authNo", "cardno", "idNo", "userName", "birthday"].into_iter().chain(own))
    }
}

/// The same address with fields that the log must not keep.
fn redacting<'a>(http: &ClientConfig, fields: impl IntoIterator<Item = &'a str>) -> ClientConfig {
    let mut http = http.clone();
    http.redact.extend(fields.into_iter().map(str::to_owned));
    http
}

/// Lengths in characters, ends included.
fn texts<const N: usize>(texts: [(&'static str, &String, usize, usize); N]) -> Result<()> {
    for (field, text, least, most) in texts {
        if !(least..=most).contains(&text.trim().chars().count()) {
            return Err(Error::field(field, format!("must have {least} to {most} characters")));
        }
    }
    Ok(())
}

fn clean_path(field: &'static str, path: &str) -> Result<()> {
    if !path.starts_with('/') || path.bytes().any(|b| !b.is_ascii_graphic() || matches!(b, b'?' | b'#')) {
        return Err(Error::field(field, "must be a path from /, without query"));
    }
    Ok(())
}
