//! How one hospital's front-end is reached.

use menjie::access::Private;
use menjie::port::HisTraits;
use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

use crate::mapping::{Mapping, Signature};

/// The configuration. [`HisFrontConfig::check`] names the wrong field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HisFrontConfig {
    /// Address, limits, certificates. `base_url` carries the `{base}` of docs/his-front.yaml.
    pub http: ClientConfig,
    /// Our application's name at the hospital.
    pub app: String,
    /// The shared secret of the signature, at least 16 characters; unused when the mapping does not sign.
    pub secret: Private,
    /// The shape; the default profile when absent.
    #[serde(default)]
    pub mapping: Mapping,
    /// What this HIS can do.
    #[serde(default)]
    pub traits: HisTraits,
}

impl HisFrontConfig {
    /// The default profile at an address.
    pub fn new(base_url: impl Into<String>, app: impl Into<String>, secret: Private) -> HisFrontConfig {
        HisFrontConfig { http: ClientConfig::new("his", base_url), app: app.into(), secret, mapping: Mapping::default(), traits: HisTraits::default() }
    }

    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.http.check().map_err(|e| e.under("http"))?;
        self.mapping.check().map_err(|e| e.under("mapping"))?;
        if self.mapping.signature == Signature::Menjie {
            if self.app.is_empty() || !self.app.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(Error::field("app", "must have printable ASCII characters only"));
            }
            if self.secret.reveal().len() < 16 {
                return Err(Error::field("secret", "is shorter than 16 characters"));
            }
        }
        let backup = self.http.backup_base_url.as_deref();
        if backup.is_some_and(|backup| base_path(backup) != base_path(&self.http.base_url)) {
            return Err(Error::field("http.backup_base_url", "must have the same path as base_url, because the path is signed"));
        }
        let traits = self.traits;
        let needed = [
            ("unpaid", true),
            ("post", true),
            ("lock", traits.lock),
            ("unlock", traits.lock),
            ("query_post", traits.query_post),
            ("cancel_post", traits.cancel_post),
            ("upload_facts", traits.upload_facts),
            ("refundable", traits.reverse),
            ("reverse", traits.reverse),
            ("query_reverse", traits.query_reverse),
            ("notices", traits.notices),
            ("registrations", traits.check_in),
            ("take_number", traits.check_in),
            ("check_in", traits.check_in),
            ("query_check_in", traits.query_check_in),
            ("rebook", traits.rebook),
            ("query_rebook", traits.query_rebook),
            ("find_files", traits.open_file),
            ("open_file", traits.open_file),
            ("query_file", traits.query_file),
        ];
        for (name, needed) in needed {
            if needed && !self.mapping.operations.contains_key(name) {
                return Err(Error::field(format!("mapping.operations.{name}"), "is missing, but the traits promise it"));
            }
        }
        Ok(())
    }
}

/// The path of a checked address, without the slash at its end.
pub(crate) fn base_path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("").trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(change: impl FnOnce(&mut HisFrontConfig)) -> String {
        let mut config = HisFrontConfig::new("https://his.example/menjie/v1", "KIOSK", Private::new("0123456789abcdef"));
        config.check().unwrap();
        change(&mut config);
        let error = config.check().unwrap_err();
        error.context().find(|(key, _)| *key == "field").unwrap().1.to_owned()
    }

    #[test]
    fn wrong_values_are_named() {
        assert_eq!(problem(|c| c.secret = Private::new("short")), "secret");
        assert_eq!(problem(|c| c.app = "自助机".into()), "app");
        assert_eq!(problem(|c| c.http.base_url = "http://10.0.0.5/x".into()), "http.base_url");
        assert_eq!(problem(|c| c.http.backup_base_url = Some("https://b.example/other".into())), "http.backup_base_url");
        assert_eq!(problem(|c| drop(c.mapping.operations.remove("query_post"))), "mapping.operations.query_post");
        assert_eq!(problem(|c| drop(c.mapping.operations.remove("post"))), "mapping.operations.post");
        let mut without = HisFrontConfig::new("https://his.example/", "KIOSK", Private::new("0123456789abcdef"));
        without.mapping.operations.remove("notices");
        without.traits.notices = false;
        without.check().unwrap();
    }

    #[test]
    fn the_secret_shows_nowhere() {
        let config = HisFrontConfig::new("https://his.example", "KIOSK", Private::new("canary-canary-canary"));
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn the_signed_path_is_the_path_of_the_address() {
        for (url, path) in [("https://h.example", ""), ("https://h.example/", ""), ("https://h.example:8443/menjie/v1", "/menjie/v1"), ("http://127.0.0.1:9/a/", "/a")] {
            assert_eq!(base_path(url), path);
        }
    }
}
