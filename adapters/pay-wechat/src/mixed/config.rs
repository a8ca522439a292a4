//! What WeChat wants to know of the hospital.

use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::{Deserialize, Serialize};

/// The hospital at 移动医保支付.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixedConfig {
    /// What is paid.
    #[serde(default)]
    pub order_type: OrderType,
    /// WeChat's own number of the city, which is not always that of the division.
    pub city_id: String,
    /// Name of the institution.
    pub med_inst_name: String,
    /// Its number at the insurer.
    pub med_inst_no: String,
    /// "longitude,latitude".
    pub geo_location: String,
    /// Where the success callback goes: https without a query.
    pub callback_url: String,
    /// Number of the service provider, when there is one.
    #[serde(default)]
    pub channel_no: Option<String>,
    /// The insurer's test environment; never in production.
    #[serde(default)]
    pub test_env: bool,
}

/// What is paid (order_type).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OrderType {
    /// 挂号.
    #[serde(rename = "REG_PAY")]
    Registration,
    /// 诊间.
    #[default]
    #[serde(rename = "DIAG_PAY")]
    Visit,
    /// 药房.
    #[serde(rename = "PHARMACY_PAY")]
    Pharmacy,
}

impl MixedConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        let texts = [
            ("city_id", Some(self.city_id.as_str()), 8),
            ("med_inst_name", Some(&self.med_inst_name), 128),
            ("med_inst_no", Some(&self.med_inst_no), 32),
            ("geo_location", Some(&self.geo_location), 40),
            ("callback_url", Some(&self.callback_url), 256),
            ("channel_no", self.channel_no.as_deref(), 32),
        ];
        for (field, text, most) in texts {
            if text.is_some_and(|text| text.is_empty() || text.chars().count() > most) {
                return Err(Error::field(field, format!("must have 1 to {most} characters")));
            }
        }
        if self.geo_location.split(',').count() != 2 {
            return Err(Error::field("geo_location", "must be longitude,latitude"));
        }
        if self.callback_url.contains(['?', '#']) || ClientConfig::new("wechat", self.callback_url.clone()).check().is_err() {
            return Err(Error::field("callback_url", "must be an https address without query (plain http on loopback only)"));
        }
        Ok(())
    }
}
