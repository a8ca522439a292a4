//! Style sheet, scripts and pictures: compiled in, served under an address that changes with their content, so browsers
//! keep them for ever. The hospital's colours are the head of the style sheet.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use menjie::gm;

use super::answer::{Away, Page};
use super::settings::{Device, PageSettings};
use crate::app::App;
use crate::failure::Misuse;

macro_rules! together {
    ($folder:literal, $extension:literal: $($name:literal)+) => {
        concat!($(include_str!(concat!("../../assets/", $folder, "/", $name, $extension)),)+)
    };
}

/// Our scripts are small files of one idea each; those that every page needs are one download. A kiosk's device belongs to
/// them: staff can be called from every page.
const SCRIPT_KIOSK: &str = together!("js", ".js": "start" "clock" "offline" "busy" "follow" "idle" "staff" "bridge");
/// A phone asks nobody whether he is still there.
const SCRIPT_PHONE: &str = together!("js", ".js": "start" "clock" "offline" "busy" "follow");
/// What typing a number needs besides.
const SCRIPT_TYPE: &str = together!("js", ".js": "keypad");
/// What reading cards and codes needs besides; the device stands between.
const SCRIPT_READ: &str = together!("js", ".js": "scan" "enter");
/// What the form of a first visit needs besides: large keys and the card reader.
const SCRIPT_FIRST: &str = together!("js", ".js": "keypad" "keys" "scan" "card");
/// What its other steps need.
const SCRIPT_KEYS: &str = together!("js", ".js": "keypad" "keys");
/// What choosing bills needs besides.
const SCRIPT_LIST: &str = together!("js", ".js": "choose");
/// What paying needs besides.
const SCRIPT_PAY: &str = together!("js", ".js": "pay");
/// What checking in from a phone needs besides.
const SCRIPT_POSITION: &str = together!("js", ".js": "position");
/// What a kiosk's home page and a slip need to know of its devices.
const SCRIPT_STATES: &str = together!("js", ".js": "printer-fault" "device-states");
const SCRIPT_PRINT: &str = together!("js", ".js": "printer-fault" "print");

const STYLE_KIOSK: &str = together!("css", ".css": "tokens" "base" "parts" "pages" "kiosk");
const STYLE_PHONE: &str = together!("css", ".css": "tokens" "base" "parts" "pages" "phone");
/// Reading and typing: what stands beside large keys is not needed beside a reader.
const STYLE_ENTER: &str = together!("css", ".css": "enter" "demo");
const STYLE_TYPE: &str = together!("css", ".css": "enter" "keys");
const STYLE_FIRST: &str = together!("css", ".css": "keys" "demo" "tick" "choice" "first");
const STYLE_PAY: &str = together!("css", ".css": "told" "pay" "split" "print");
const STYLE_QUEUE: &str = together!("css", ".css": "told" "queue" "print");
const STYLE_VISITS: &str = together!("css", ".css": "mark" "visits");
const STYLE_HOME: &str = together!("css", ".css": "home");
const STYLE_LIST: &str = together!("css", ".css": "list");
const STYLE_CONFIRM: &str = together!("css", ".css": "list" "confirm");
const STYLE_PAID: &str = together!("css", ".css": "list" "mark" "paid");
const STYLE_INFO: &str = together!("css", ".css": "mark" "info" "split");
const STYLE_REFUND: &str = together!("css", ".css": "tick" "choice" "refund");
const STYLE_INSURED: &str = together!("css", ".css": "tick" "split" "insured");
/// The staff pages: one sheet, no script.
const STYLE_STAFF: &str = together!("css", ".css": "tokens" "base" "parts" "tick" "staff" "recon" "log");

const HTMX: &str = include_str!("../../assets/vendor/htmx-2.0.11.min.js");
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
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
        let device = device(&settings.kiosk.device);
        let files = vec![
            File::new("kiosk.css", CSS, style(&format!("{STYLE_KIOSK}{head}"))),
            File::new("phone.css", CSS, style(&format!("{STYLE_PHONE}{head}"))),
            File::new("enter.css", CSS, style(STYLE_ENTER)),
            File::new("type.css", CSS, style(STYLE_TYPE)),
            File::new("pay.css", CSS, style(STYLE_PAY)),
            File::new("queue.css", CSS, style(STYLE_QUEUE)),
            File::new("visits.css", CSS, style(STYLE_VISITS)),
            File::new("home.css", CSS, style(STYLE_HOME)),
            File::new("first.css", CSS, style(STYLE_FIRST)),
            File::new("list.css", CSS, style(STYLE_LIST)),
            File::new("confirm.css", CSS, style(STYLE_CONFIRM)),
            File::new("paid.css", CSS, style(STYLE_PAID)),
            File::new("info.css", CSS, style(STYLE_INFO)),
            File::new("insured.css", CSS, style(STYLE_INSURED)),
            File::new("refund.css", CSS, style(STYLE_REFUND)),
            File::new("staff.css", CSS, style(&format!("{STYLE_STAFF}{head}"))),
            File::new("kiosk.js", JS, script(&format!("{SCRIPT_KIOSK}{device}"))),
            File::new("phone.js", JS, script(SCRIPT_PHONE)),
            File::new("type.js", JS, script(SCRIPT_TYPE)),
            File::new("read.js", JS, script(SCRIPT_READ)),
            File::new("first.js", JS, script(SCRIPT_FIRST)),
            File::new("keys.js", JS, script(SCRIPT_KEYS)),
            File::new("list.js", JS, script(SCRIPT_LIST)),
            File::new("pay.js", JS, script(SCRIPT_PAY)),
            File::new("position.js", JS, script(SCRIPT_POSITION)),
            File::new("home.js", JS, script(SCRIPT_STATES)),
            File::new("slip.js", JS, script(SCRIPT_PRINT)),
            File::new("htmx.js", JS, HTMX.as_bytes().to_vec()),
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

/// The file of the kiosk's device; no other is sent.
fn device(device: &Device) -> &'static str {
    match device {
        Device::None => "",
        Device::Demo { .. } => together!("js", ".js": "device-demo"),
        Device::Wedge { .. } => together!("js", ".js": "device-wedge"),
        Device::Agent { .. } => together!("js", ".js": "device-agent"),
    }
}

/// Without comments, indentation and the blanks and line ends beside marks: what a browser does not need and a page's budget
/// counts, the last `;` of a block among it. Ours are written so that this is safe: statements end with `;` and none is empty, texts
/// stand in quotes, patterns hold no blanks.
fn script(text: &str) -> Vec<u8> {
    const MARKS: &str = "{}();,:=><?&|![]";
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        let mut quote = None;
        let mut before = ' ';
        let mut rest = line.chars().peekable();
        while let Some(c) = rest.next() {
            if quote.is_none() && c == '/' && before == ' ' && rest.peek() == Some(&'/') {
                break;
            }
            let beside = |other: Option<char>| other.is_some_and(|other| MARKS.contains(other));
            if quote.is_none() && c == ' ' && (beside(out.chars().next_back()) || beside(rest.peek().copied())) {
                before = c;
                continue;
            }
            if quote.is_none() && c == '}' && out.ends_with(';') {
                out.pop();
            }
            match quote {
                None if matches!(c, '\'' | '"') => quote = Some(c),
                Some(open) if c == open && before != '\\' => quote = None,
                None | Some(_) => {}
            }
            out.push(c);
            before = c;
        }
        let end = out.trim_end().len();
        out.truncate(end);
        if !out.ends_with(['{', '(', ',', ';']) {
            out.push('\n');
        }
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.into_bytes()
}

/// The same, and without the blanks beside marks.
fn style(text: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c == ' ' && out.ends_with([' ', '{', '}', ';', ':', ',']) {
            continue;
        }
        if matches!(c, '{' | '}' | ';' | ',') && out.ends_with(' ') && !out.ends_with("\" ") {
            out.pop();
        }
        if c == '}' && out.ends_with(';') {
            out.pop();
        }
        out.push(c);
    }
    out.into_bytes()
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
    fn squeezing_changes_no_meaning() {
        let squeezed = |text| String::from_utf8(style(text)).unwrap();
        assert_eq!(
            squeezed("a > b:hover,\n c d { margin: 0 auto; width: calc(1px + 2px); }\n@media (x) and (y: 1) { }"),
            "a > b:hover,c d{margin:0 auto;width:calc(1px + 2px)}@media (x) and (y:1){}"
        );
        assert_eq!(squeezed("a::before { content: attr(b) \" \"; }"), "a::before{content:attr(b) \" \"}");
        let squeezed = |text: &str| String::from_utf8(script(text)).unwrap();
        assert_eq!(squeezed("  // why\n  let a = 1; // why\n\n  f({ b : 'x = \\' // y' });\n"), "let a=1;f({b:'x = \\' // y'});\n");
        assert_eq!(squeezed("if (a) {\n  return -1;\n}\nconst b = a + +c\nd()"), "if(a){return -1}\nconst b=a + +c\nd()\n");
    }

    #[test]
    fn addresses_change_with_the_hospitals_colours() {
        let mut settings = PageSettings::default();
        let first = Assets::new(&settings).address("kiosk.css");
        assert_eq!(Assets::new(&settings).address("kiosk.css"), first);
        settings.colours.brand = "#114488".to_owned();
        assert_ne!(Assets::new(&settings).address("kiosk.css"), first);
    }

    #[test]
    fn no_file_of_ours_names_another_host() {
        for text in [
            SCRIPT_KIOSK,
            SCRIPT_PHONE,
            SCRIPT_TYPE,
            SCRIPT_READ,
            SCRIPT_LIST,
            SCRIPT_PAY,
            SCRIPT_STATES,
            SCRIPT_PRINT,
            SCRIPT_POSITION,
            STYLE_KIOSK,
            STYLE_PHONE,
            STYLE_ENTER,
            STYLE_HOME,
            STYLE_LIST,
            STYLE_CONFIRM,
            STYLE_PAID,
            STYLE_PAY,
            STYLE_INFO,
            STYLE_QUEUE,
            STYLE_VISITS,
            STYLE_REFUND,
            STYLE_STAFF,
            ICON,
        ] {
            for (at, _) in text.match_indices("://") {
                let around = &text[at.saturating_sub(5)..(at + 20).min(text.len())];
                assert!(around.contains("http://www.w3.org"), "{around}");
            }
        }
    }
}
