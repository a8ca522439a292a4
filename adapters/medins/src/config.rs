//! Who asks the decoder, and how it is reached.

use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

/// The configuration. [`MedinsConfig::check`] names the wrong field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedinsConfig {
    /// Address of the decoder.
    pub http: ClientConfig,
    /// Path of the query.
    #[serde(default = "path")]
    pub path: String,
    /// Our institution (定点医药机构编号).
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
        let texts = [
            ("org_id", &self.org_id, 1, 40),
            ("business_type", &self.business_type, 5, 5),
            ("operator_id", &self.operator_id, 1, 20),
            ("operator_name", &self.operator_name, 1, 30),
            ("office_id", &self.office_id, 1, 20),
            ("office_name", &self.office_name, 1, 30),
            ("device_type", &self.device_type, 0, 30),
            ("code_field", &self.code_field, 0, 30),
        ];
        for (field, text, least, most) in texts {
            if !(least..=most).contains(&text.trim().chars().count()) {
                return Err(Error::field(field, format!("must have {least} to {most} characters")));
            }
        }
        if !self.path.starts_with('/') || self.path.bytes().any(|b| !b.is_ascii_graphic() || matches!(b, b'?' | b'#')) {
            return Err(Error::field("path", "must be a path from /, without query"));
        }
        Ok(())
    }

    /// How the transport reaches the decoder: the log keeps neither codes nor tokens.
    pub fn transport(&self) -> ClientConfig {
        let mut http = self.http.clone();
        http.redact.extend(["ecToken", "ecQrCode", "ecIndexNo", "authNo", "cardno"].map(str::to_owned));
        http.redact.extend((!self.code_field.is_empty()).then(|| self.code_field.clone()));
        http
    }
}
