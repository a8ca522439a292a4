//! [`Http`] on reqwest and rustls.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use menjie::port::{CallCx, Fault};
use menjie::{Error, Result};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig as TlsConfig, RootCertStore};

use crate::config::ClientConfig;
use crate::http::{Exchange, Http, HttpRequest, HttpResponse, Method};

/// Idle connections are dropped before the usual keep-alive of servers ends, so that few requests meet a closed one.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// Real sockets: HTTP/1.1, rustls with AWS-LC, the machine's certificate authorities plus the configured ones. Certificates
/// are always verified. No redirect, no proxy from the environment, no repetition, no decompression.
pub struct Wire {
    client: reqwest::Client,
}

impl Wire {
    /// Sockets for one counterpart.
    pub fn new(config: &ClientConfig) -> Result<Wire> {
        let https = config.bases()?.iter().any(|base| base.scheme() == "https");
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(config, https)?)
            .connect_timeout(Duration::from_millis(u64::from(config.connect_timeout_ms)))
            .pool_idle_timeout(POOL_IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .user_agent(concat!("menjie/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::field("base_url", "no HTTP client can be made for it"))?;
        Ok(Wire { client })
    }

    async fn run(&self, request: HttpRequest) -> Exchange {
        let Some(headers) = header_map(&request.headers) else {
            return Exchange::Unsent(Fault::new("request", "a header has characters that HTTP does not allow"));
        };
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut builder = self.client.request(method, request.url).headers(headers);
        if request.method == Method::Post || !request.body.is_empty() {
            builder = builder.body(request.body);
        }
        match builder.send().await {
            Ok(response) => read(response, request.max_response_bytes).await,
            Err(error) => unsent_or_unknown(&error),
        }
    }
}

#[async_trait]
impl Http for Wire {
    async fn exchange(&self, cx: &CallCx, request: HttpRequest) -> Exchange {
        match tokio::time::timeout(Duration::from_millis(cx.timeout_ms()), self.run(request)).await {
            Ok(exchange) => exchange,
            // Connecting may still have been under way, but nothing proves it.
            Err(_) => Exchange::Unknown(Fault::new("timeout", "no complete answer before the deadline")),
        }
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

fn tls(config: &ClientConfig, https: bool) -> Result<TlsConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = TlsConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(|_| Error::internal("AWS-LC supports TLS 1.2 and 1.3"))?;
    if !https {
        // Nothing will be verified because nothing is encrypted; a machine without certificate authorities still works.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let wrong = |what: &'static str| Error::field("extra_ca_pem", what);
    let extra = config.extra_ca_pem.as_deref().unwrap_or_default();
    let extra = CertificateDer::pem_slice_iter(extra.as_bytes()).collect::<std::result::Result<Vec<_>, _>>().map_err(|_| wrong("is not PEM"))?;
    if config.extra_ca_pem.is_some() && extra.is_empty() {
        return Err(wrong("has no certificate"));
    }
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider).map_err(|_| wrong("is not usable, or this machine has no certificate authorities"))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn header_map(headers: &[(String, String)]) -> Option<HeaderMap> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
    }
    Some(map)
}

async fn read(mut response: reqwest::Response, max: usize) -> Exchange {
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > max => {
                return Exchange::Unknown(Fault::new("oversize", "the answer is larger than max_response_bytes"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => {
                return Exchange::Answered(HttpResponse { status, headers, body });
            }
            Err(_) => {
                return Exchange::Unknown(Fault::new("cut", "the answer ended in the middle"));
            }
        }
    }
}

/// Only an error of name, TCP or TLS proves that no byte of the request left.
fn unsent_or_unknown(error: &reqwest::Error) -> Exchange {
    if error.is_builder() {
        return Exchange::Unsent(Fault::new("request", "the request cannot be expressed in HTTP"));
    }
    if !error.is_connect() {
        return Exchange::Unknown(Fault::new("network", "the connection broke after the request may have left"));
    }
    if error.is_dns() {
        Exchange::Unsent(Fault::new("dns", "the host name could not be resolved"))
    } else if is_tls(error) {
        Exchange::Unsent(Fault::new("tls", "no secure connection could be made"))
    } else {
        Exchange::Unsent(Fault::new("connect", "no connection could be made"))
    }
}

fn is_tls(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<rustls::Error>() {
            return true;
        }
        // An io::Error shows its inner error only through get_ref.
        source = match inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => inner.source(),
        };
    }
    false
}
