//! Where a counterpart lives and how gently it is to be treated.

use std::net::IpAddr;

use menjie::{Error, Result};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// How to reach one counterpart. [`ClientConfig::check`] names the wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The counterpart's name in the transfer log, e.g. `wechat`.
    pub peer: String,
    /// Scheme, host, port and an optional path prefix, e.g. `https://api.mch.weixin.qq.com`.
    pub base_url: String,
    /// A second address, tried within the same call only when the first could not be connected to.
    #[serde(default)]
    pub backup_base_url: Option<String>,
    /// Hosts (without port) that may be spoken to in plain http, besides loopback.
    #[serde(default)]
    pub plain_http_hosts: Vec<String>,
    /// Certificates (PEM) of authorities trusted besides the machine's own.
    #[serde(default)]
    pub extra_ca_pem: Option<String>,
    /// How long connecting (name, TCP, TLS) may take: 100 to 60,000.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u32,
    /// The largest answer that is read: 1 KiB to 64 MiB.
    #[serde(default = "default_max_response_bytes")]
    pub max_response_bytes: usize,
    /// How many requests a second; `None` is no limit of ours.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// JSON fields whose values the transfer log must not keep.
    #[serde(default)]
    pub redact: Vec<String>,
}

/// A request rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second, from 1.
    pub per_second: u32,
    /// Requests at once after a quiet time, from 1.
    pub burst: u32,
}

const fn default_connect_timeout_ms() -> u32 {
    4_000
}

const fn default_max_response_bytes() -> usize {
    8 << 20
}

impl ClientConfig {
    /// A configuration with the defaults.
    pub fn new(peer: impl Into<String>, base_url: impl Into<String>) -> ClientConfig {
        ClientConfig {
            peer: peer.into(),
            base_url: base_url.into(),
            backup_base_url: None,
            plain_http_hosts: Vec::new(),
            extra_ca_pem: None,
            connect_timeout_ms: default_connect_timeout_ms(),
            max_response_bytes: default_max_response_bytes(),
            rate: None,
            redact: Vec::new(),
        }
    }

    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.bases().map(drop)
    }

    /// The checked addresses, the main one first.
    pub(crate) fn bases(&self) -> Result<Vec<Url>> {
        if self.peer.is_empty() {
            return Err(Error::field("peer", "is empty"));
        }
        if !(100..=60_000).contains(&self.connect_timeout_ms) {
            return Err(Error::field("connect_timeout_ms", "must be 100 to 60000"));
        }
        if !(1 << 10..=64 << 20).contains(&self.max_response_bytes) {
            return Err(Error::field("max_response_bytes", "must be 1024 to 67108864"));
        }
        if self.rate.is_some_and(|rate| rate.per_second == 0 || rate.burst == 0) {
            return Err(Error::field("rate", "per_second and burst must be at least 1"));
        }
        if self.redact.iter().any(String::is_empty) {
            return Err(Error::field("redact", "has an empty name"));
        }
        let mut bases = vec![self.base(&self.base_url, "base_url")?];
        if let Some(backup) = &self.backup_base_url {
            bases.push(self.base(backup, "backup_base_url")?);
        }
        Ok(bases)
    }

    fn base(&self, text: &str, field: &'static str) -> Result<Url> {
        let url = Url::parse(text).map_err(|_| Error::field(field, "is not an absolute URL"))?;
        let host = url.host().ok_or_else(|| Error::field(field, "has no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::field(field, "must not carry a user or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::field(field, "must not carry a query or fragment"));
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_loopback(&host) || self.plain_http_hosts.iter().any(|plain| plain.eq_ignore_ascii_case(&host.to_string())) => Ok(url),
            "http" => Err(Error::field(field, "is plain http to a host that is neither loopback nor listed in plain_http_hosts")),
            _ => Err(Error::field(field, "must be https")),
        }
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => IpAddr::V4(*ip).is_loopback(),
        Host::Ipv6(ip) => IpAddr::V6(*ip).is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(config: &ClientConfig) -> String {
        config.check().unwrap_err().context().find(|(key, _)| *key == "field").unwrap().1.to_owned()
    }

    #[test]
    fn plain_http_is_for_loopback_and_listed_hosts_only() {
        for good in ["https://a.example", "https://a.example:8443/api", "http://127.0.0.1:80", "http://localhost:1", "http://[::1]:9", "http://127.9.9.9"] {
            ClientConfig::new("p", good).check().unwrap();
        }
        for bad in [
            "http://10.0.0.5",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://[::2]",
            "ftp://127.0.0.1",
            "127.0.0.1",
            "http://u:p@127.0.0.1",
            "https://a.example?x=1",
            "https://a.example#f",
        ] {
            assert_eq!(problem(&ClientConfig::new("p", bad)), "base_url", "{bad}");
        }
        let listed = ClientConfig { plain_http_hosts: vec!["10.0.0.5".into()], ..ClientConfig::new("p", "http://10.0.0.5:8080/his") };
        listed.check().unwrap();
        assert_eq!(problem(&ClientConfig { backup_base_url: Some("http://10.0.0.6".into()), ..listed }), "backup_base_url");
    }

    #[test]
    fn limits_are_checked_by_name() {
        let good = ClientConfig::new("p", "https://a.example");
        assert_eq!(problem(&ClientConfig { peer: String::new(), ..good.clone() }), "peer");
        assert_eq!(problem(&ClientConfig { connect_timeout_ms: 0, ..good.clone() }), "connect_timeout_ms");
        assert_eq!(problem(&ClientConfig { max_response_bytes: 0, ..good.clone() }), "max_response_bytes");
        assert_eq!(problem(&ClientConfig { rate: Some(Rate { per_second: 0, burst: 1 }), ..good.clone() }), "rate");
        assert_eq!(problem(&ClientConfig { redact: vec![String::new()], ..good }), "redact");
    }

    #[test]
    fn there_is_no_switch_for_verification() {
        let err = serde_json::from_str::<ClientConfig>(r#"{"peer":"p","base_url":"https://a.example","danger_accept_invalid_certs":true}"#).unwrap_err();
        assert!(err.to_string().contains("unknown field"), "{err}");
    }
}
