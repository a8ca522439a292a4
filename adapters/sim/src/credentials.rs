//! The keys of the simulated hospital: fixed, public, for the simulator only (see `keys/README.md`).

/// Everything a client needs to talk to the simulated peers.
#[derive(Clone, PartialEq, Eq)]
pub struct SimCredentials {
    /// WeChat Pay merchant number.
    pub mchid: String,
    /// WeChat app id of the official account.
    pub appid: String,
    /// The merchant's private key, PKCS#8 PEM.
    pub merchant_key_pem: String,
    /// Serial of the merchant certificate, upper hex.
    pub merchant_serial: String,
    /// The APIv3 key, 32 characters.
    pub api_v3_key: String,
    /// WeChat Pay's public key, SPKI PEM.
    pub platform_public_key_pem: String,
    /// Its id, `PUB_KEY_ID_…`.
    pub platform_public_key_id: String,
    /// The same key as a platform certificate, PEM.
    pub platform_cert_pem: String,
    /// Serial of that certificate, upper hex.
    pub platform_cert_serial: String,
    /// Application name at HIS.
    pub his_app: String,
    /// Shared secret of the HIS profile.
    pub his_secret: String,
    /// Application id at the invoice platform.
    pub invoice_appid: String,
    /// Key at the invoice platform.
    pub invoice_key: String,
    /// Application at the health-code platform.
    pub health_app_id: String,
    /// Its secret.
    pub health_app_secret: String,
    /// The hospital at the health-code platform.
    pub health_hospital_id: String,
    /// The institution at the e-voucher decoder.
    pub insurance_org_id: String,
    /// Application at the centre of mobile insurance payment.
    pub insurance_app_id: String,
    /// Its secret.
    pub insurance_app_secret: String,
    /// The hospital's SM2 private key at the centre, hex.
    pub insurance_private_key: String,
    /// The centre's SM2 public key, hex.
    pub insurance_centre_public_key: String,
    /// Application at the insurance gateway (x-tif-paasid).
    pub insurance_paas_id: String,
    /// Its secret.
    pub insurance_paas_secret: String,
    /// Partner at the national authorisation.
    pub insurance_partner_id: String,
    /// Its secret.
    pub insurance_partner_secret: String,
    /// AccessKey or SecretId at both SMS gateways.
    pub sms_key_id: String,
    /// Its secret.
    pub sms_secret: String,
    /// Secret of the official account, whose app id is `appid`.
    pub account_secret: String,
}

pub(crate) const MERCHANT_PUBLIC_KEY_PEM: &str = include_str!("../keys/wechat_merchant.pub.pem");
/// The hospital's SM2 public key at the insurance centre.
pub(crate) const INSURED_PUBLIC_KEY: &str = "04e49f262dde517fe9f65648c8b739b4c03ce63112648b9d6749b7643007fdedbd85247e71e40c291c711d6144bc95ab37ecd70d5202255875b2e4399e62baf7a3";
/// The centre's SM2 private key.
pub(crate) const CENTRE_PRIVATE_KEY: &str = "4c5fd51c17d1db2e0b1200f18356c0ba005f915f6b908d40ae1d9599b77c496c";
const CENTRE_PUBLIC_KEY: &str = "04b4d8e1718d79bdc65a49094476b6e8f0528709ad47ab81b06804b1e2d02b4a2cd08619bea6fbbeb9921971d45ba526130fc4b56552bc6cb16e61fc5b2887ae3f";
pub(crate) const PLATFORM_KEY_PEM: &str = include_str!("../keys/wechat_platform.key.pem");

impl SimCredentials {
    /// The credentials of the simulator; always the same.
    pub fn fixed() -> SimCredentials {
        SimCredentials {
            mchid: "1900000109".to_owned(),
            appid: "wx00000000000051a9".to_owned(),
            merchant_key_pem: include_str!("../keys/wechat_merchant.key.pem").to_owned(),
            merchant_serial: "3F1C72E2A8931B72A2E13AF8DEE92471EB397AAA".to_owned(),
            api_v3_key: "simulator-only-api-v3-key-000001".to_owned(),
            platform_public_key_pem: include_str!("../keys/wechat_platform.pub.pem").to_owned(),
            platform_public_key_id: "PUB_KEY_ID_0119000001092026010100000000000001".to_owned(),
            platform_cert_pem: include_str!("../keys/wechat_platform.cert.pem").to_owned(),
            platform_cert_serial: "5AB1D0C7E4F2A3968B7C6D5E4F3A2B1C0D9E8F70".to_owned(),
            his_app: "menjie-sim".to_owned(),
            his_secret: "simulator-only-his-secret-000001".to_owned(),
            invoice_appid: "SIMAPP0001".to_owned(),
            invoice_key: "simulator-only-invoice-01".to_owned(),
            health_app_id: "simulator0health0app".to_owned(),
            health_app_secret: "simulator-only-health-secret-01".to_owned(),
            health_hospital_id: "90001".to_owned(),
            insurance_org_id: "H44050000001".to_owned(),
            insurance_app_id: "SIMULATORAPPID000000000000000001".to_owned(),
            insurance_app_secret: "SIMULATORONLYSECRET0000000000001".to_owned(),
            insurance_private_key: "815b315e2f48173c79cec7e74f0507920f92ea2d82b7707448057de55b358cea".to_owned(),
            insurance_centre_public_key: CENTRE_PUBLIC_KEY.to_owned(),
            insurance_paas_id: "menjie_sim".to_owned(),
            insurance_paas_secret: "simulator-only-paas-secret-00001".to_owned(),
            insurance_partner_id: "menjie-sim".to_owned(),
            insurance_partner_secret: "simulator-only-partner-secret-01".to_owned(),
            sms_key_id: "SIMULATORKEYID0001".to_owned(),
            sms_secret: "simulator-only-sms-secret-000001".to_owned(),
            account_secret: "simulator-only-account-secret-01".to_owned(),
        }
    }
}

impl std::fmt::Debug for SimCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimCredentials").field("mchid", &self.mchid).field("appid", &self.appid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let credentials = SimCredentials::fixed();
        let text = format!("{credentials:?}");
        for secret in [
            &credentials.api_v3_key,
            &credentials.his_secret,
            &credentials.invoice_key,
            &credentials.merchant_key_pem,
            &credentials.health_app_secret,
            &credentials.sms_secret,
            &credentials.account_secret,
            &credentials.insurance_app_secret,
            &credentials.insurance_private_key,
            &credentials.insurance_paas_secret,
            &credentials.insurance_partner_secret,
        ] {
            assert!(!text.contains(secret.as_str()));
        }
        assert_eq!(credentials.api_v3_key.len(), 32);
    }
}
