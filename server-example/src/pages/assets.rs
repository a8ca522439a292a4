//! Style sheet, scripts and pictures: compiled in, served under an address that changes with their content, so browsers
//! keep them for ever. The hospital's colours are the head of the style sheet.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use menjie::gm;

use super::answer::{Away, Page};
use super::settings::PageSettings;
use crate::app::App;
use crate::failure::Misuse;

/// Our scripts are small files of one idea each; together they are one download.
const SCRIPT: &str = concat!(
    include_str!("../../assets/js/start.js"),
    include_str!("../../assets/js/clock.js"),
    include_str!("../../assets/js/offline.js"),
    include_str!("../../assets/js/idle.js"),
    include_str!("../../assets/js/busy.js"),
    include_str!("../../assets/js/choose.js"),
    include_str!("../../assets/js/keypad.js"),
    include_str!("../../assets/js/scan.js"),
    include_str!("../../assets/js/bridge.js"),
    include_str!("../../assets/js/enter.js"),
    include_str!("../../assets/js/pay.js"),
);

const STYLE: &str = concat!(
    include_str!("../../assets/css/tokens.css"),
    include_str!("../../assets/css/base.css"),
    include_str!("../../assets/css/parts.css"),
    include_str!("../../assets/css/pages.css"),
    include_str!("../../assets/css/print.css"),
);

const HTMX: &str = include_str!("../../assets/vendor/htmx-2.0.11.min.js");
const ICON: &str = include_str!("../../assets/icon.svg");

/// All files.
pub struct Assets {
    version: String,
    files: Vec<File>,
}

struct File {
    name: &'static str,
    kind: &'static str,
    bytes: Vec<u8>,
    tag: String,
}

impl File {
    fn new(name: &'static str, kind: &'static str, bytes: Vec<u8>) -> File {
        let tag = format!("\"{}\"", gm::hex(&gm::sm3(&bytes)).get(..16).unwrap_or_default());
        File { name, kind, bytes, tag }
    }
}

impl Assets {
    /// With the hospital's colours.
    pub fn new(settings: &PageSettings) -> Assets {
        let colours = &settings.colours;
        let head = format!(":root{{--brand:{};--brand-soft:{};--accent:{}}}\n", colours.brand, colours.brand_soft, colours.accent);
        let files = vec![
            File::new("app.css", "text/css; charset=utf-8", format!("{STYLE}{head}").into_bytes()),
            File::new("app.js", "text/javascript; charset=utf-8", SCRIPT.as_bytes().to_vec()),
            File::new("htmx.js", "text/javascript; charset=utf-8", HTMX.as_bytes().to_vec()),
            File::new("icon.svg", "image/svg+xml", ICON.as_bytes().to_vec()),
        ];
        let all: String = files.iter().map(|file| file.tag.as_str()).collect();
        let version = gm::hex(&gm::sm3(all.as_bytes())).get(..12).unwrap_or_default().to_owned();
        Assets { version, files }
    }

    /// The address of a file.
    pub fn address(&self, name: &str) -> String {
        format!("/assets/{}/{name}", self.version)
    }
}

/// `GET /assets/{version}/{name}`. A page of the last version still finds its files; only their keeping is shorter.
pub async fn serve(State(app): State<App>, Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Page<Response> {
    let assets = &app.pages().assets;
    let file = assets.files.iter().find(|file| file.name == name).ok_or(Away::from(Misuse::NoRoute))?;
    let keep = if version == assets.version { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == file.tag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { file.bytes.clone().into_response() };
    let values = [(header::CONTENT_TYPE, file.kind), (header::CACHE_CONTROL, keep), (header::ETAG, &file.tag)];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::path::Path;

    /// The manifest of what is not ours: name, version, licence, source and hash of every file.
    #[test]
    fn vendored_files_are_what_the_manifest_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/vendor");
        let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        let listed = manifest["files"].as_array().unwrap();
        for entry in listed {
            for field in ["file", "name", "version", "licence", "source", "sha256"] {
                assert!(entry[field].as_str().is_some_and(|v| !v.is_empty()), "{field} is missing: {entry}");
            }
            let bytes = std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap();
            assert_eq!(gm::hex(&Sha256::digest(&bytes)), entry["sha256"].as_str().unwrap(), "{entry}");
        }
        let there = std::fs::read_dir(&folder).unwrap().filter(|e| e.as_ref().unwrap().file_name() != "manifest.json").count();
        assert_eq!(there, listed.len(), "a vendored file is not in the manifest");
    }

    #[test]
    fn addresses_change_with_the_hospitals_colours() {
        let mut settings = PageSettings::default();
        let first = Assets::new(&settings).address("app.css");
        assert_eq!(Assets::new(&settings).address("app.css"), first);
        settings.colours.brand = "#114488".to_owned();
        assert_ne!(Assets::new(&settings).address("app.css"), first);
    }

    #[test]
    fn no_file_of_ours_names_another_host() {
        for text in [SCRIPT, STYLE, ICON] {
            for (at, _) in text.match_indices("://") {
                let around = &text[at.saturating_sub(5)..(at + 20).min(text.len())];
                assert!(around.contains("http://www.w3.org"), "{around}");
            }
        }
    }
}
