//! The server and everybody who comes to it: what each was answered is kept, and which of what passed is secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use menjie_tests::canary::{Canary, Searcher};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::stage::{Reply, Stage, send};

/// A secret, and who may be answered with it: `finance`, or only where the address ends so: `finance /patient`; `*` is everybody.
struct Secret {
    canary: Canary,
    readers: Vec<&'static str>,
}

impl Secret {
    fn is_for(&self, who: &str, asked: &str) -> bool {
        let path = asked.split('?').next().unwrap_or_default();
        self.readers.iter().any(|reader| match reader.split_once(' ') {
            Some((reader, end)) if end.starts_with('/') => reader == who && path.ends_with(end),
            _ => *reader == "*" || *reader == who,
        })
    }
}

/// What somebody was answered.
struct Seen {
    who: &'static str,
    asked: String,
    bytes: Vec<u8>,
}

pub(crate) struct House {
    pub(crate) stage: Stage,
    secrets: Mutex<Vec<Secret>>,
    seen: Mutex<Vec<Seen>>,
}

impl House {
    pub(crate) fn of(stage: Stage) -> House {
        House { stage, secrets: Mutex::default(), seen: Mutex::default() }
    }

    /// A secret that nobody but these is ever answered with.
    pub(crate) fn keep(&self, canary: Canary, readers: &[&'static str]) {
        let mut secrets = self.secrets.lock().unwrap();
        match secrets.iter_mut().find(|known| known.canary.is_the_same(&canary)) {
            Some(known) => known.readers.extend(readers),
            None => secrets.push(Secret { canary, readers: readers.to_vec() }),
        }
    }

    pub(crate) fn canaries(&self) -> Vec<Canary> {
        self.secrets.lock().unwrap().iter().map(|secret| secret.canary.clone()).collect()
    }

    pub(crate) fn visitor(&self, who: &'static str) -> Visitor<'_> {
        Visitor { who, house: self, jar: Mutex::default(), bearer: Mutex::default() }
    }

    fn saw(&self, who: &'static str, asked: String, reply: &Reply) {
        let mut bytes = reply.bytes.clone();
        // A cookie goes to its own browser; everything else is judged.
        for (name, value) in reply.headers.iter().filter(|(name, _)| *name != SET_COOKIE) {
            bytes.extend_from_slice(format!("\n{name}: ").as_bytes());
            bytes.extend_from_slice(value.as_bytes());
        }
        self.seen.lock().unwrap().push(Seen { who, asked, bytes });
    }

    /// What somebody was told that is not his, and where first; the search is over [`House::canaries`].
    pub(crate) fn told_to_others(&self, searcher: &Searcher) -> BTreeSet<String> {
        let secrets = self.secrets.lock().unwrap();
        let mut told: BTreeMap<String, String> = BTreeMap::new();
        for Seen { who, asked, bytes } in self.seen.lock().unwrap().iter() {
            for found in searcher.find(bytes).into_iter().filter(|found| !secrets[found.at].is_for(who, asked)) {
                told.entry(format!("{who} was told {} ({})", found.what, found.form)).or_insert_with(|| asked.clone());
            }
        }
        told.into_iter().map(|(what, asked)| format!("{what} at {asked}")).collect()
    }

    /// How many answers were judged.
    pub(crate) fn answers(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// Somebody with a browser or a program.
pub(crate) struct Visitor<'h> {
    pub(crate) who: &'static str,
    pub(crate) house: &'h House,
    jar: Mutex<BTreeMap<String, String>>,
    bearer: Mutex<Option<String>>,
}

impl Visitor<'_> {
    /// A token that stands in the header from now on; it is the visitor's own.
    pub(crate) fn bear(&self, token: &str) {
        self.house.keep(Canary::random(format!("the token of {}", self.who), token), &[self.who]);
        *self.bearer.lock().unwrap() = Some(token.to_owned());
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    /// As a browser or a program of his sends it, whatever it is.
    pub(crate) async fn ask(&self, method: &Method, path: &str, dress: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Reply {
        let mut request = self.house.stage.request(method.clone(), path);
        let cookies = self.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        if let Some(token) = self.bearer.lock().unwrap().as_ref() {
            request = request.bearer_auth(token);
        }
        let reply = send(dress(request)).await;
        self.learn(&reply);
        self.house.saw(self.who, format!("{method} {path}"), &reply);
        reply
    }

    fn learn(&self, reply: &Reply) {
        let mut jar = self.jar.lock().unwrap();
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                jar.remove(name);
                continue;
            }
            // How large letters are is no secret.
            if value.len() >= 32 {
                self.house.keep(Canary::random(format!("a cookie {name} of {}", self.who), value), &[self.who]);
            }
            jar.insert(name.to_owned(), value.to_owned());
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&Method::GET, path, |request| request).await
    }

    /// A page that is there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{} GET {path}: {}", self.who, to(&reply));
        reply.text()
    }

    /// A part of a page, as its script asks for it.
    pub(crate) async fn part(&self, path: &str) -> Reply {
        self.ask(&Method::GET, path, |request| request.header("hx-request", "true")).await
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{} GET {path}: {}", self.who, reply.text());
        reply.json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask(&Method::POST, path, |request| request.json(body)).await
    }

    /// What a program is answered with success.
    pub(crate) async fn call(&self, path: &str, body: &Value) -> Value {
        let reply = self.post(path, body).await;
        assert_eq!(reply.status, 200, "{} POST {path}: {}", self.who, reply.text());
        reply.json()
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect::<Vec<_>>().join("&");
        self.ask(&Method::POST, path, |request| request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// A form as it stands on a page: with these of its hidden fields, filled in, and whatever proves it.
    pub(crate) async fn submit(&self, from: &str, path: &str, hidden_fields: &[&str], typed: &[(&str, &str)]) -> Reply {
        let page = self.page(from).await;
        let kept: Vec<(&str, String)> = hidden_fields.iter().chain(&["form"]).map(|name| (*name, hidden(&page, name))).filter(|(_, value)| !value.is_empty()).collect();
        let kept = kept.iter().map(|(name, value)| (*name, value.as_str()));
        self.form(path, &kept.chain(typed.iter().copied()).collect::<Vec<_>>()).await
    }

    /// The same, where it leads somewhere.
    pub(crate) async fn submitted(&self, from: &str, path: &str, hidden_fields: &[&str], typed: &[(&str, &str)]) -> String {
        let reply = self.submit(from, path, hidden_fields, typed).await;
        assert_eq!(reply.status, 303, "{} POST {path}: {}", self.who, shown(&reply));
        to(&reply).to_owned()
    }

    /// Identifies at the API; the session's token stays here.
    pub(crate) async fn identify(&self, way: &str, token: &str) {
        let answer = self.call("/api/v1/identify", &json!({"way": way, "token": token, "bearer": true})).await;
        self.bear(answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")));
    }

    /// The session, for following what the pages began.
    pub(crate) fn session(&self) -> String {
        let bearer = self.bearer.lock().unwrap().clone();
        bearer.or_else(|| self.cookie("mj_session")).or_else(|| self.cookie("mj_h5")).unwrap()
    }
}

/// Where an answer leads.
pub(crate) fn to(reply: &Reply) -> &str {
    reply.headers.get(LOCATION).map_or("", |value| value.to_str().unwrap())
}

/// A page, without what every page has.
fn shown(reply: &Reply) -> String {
    let text = reply.text();
    text.split("<main").nth(1).unwrap_or(&text).to_owned()
}

/// The last part of an address.
pub(crate) fn last(path: &str) -> &str {
    path.split('?').next().unwrap().rsplit('/').next().unwrap()
}

/// The value of a form's field.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    all_hidden(page, name).into_iter().next().unwrap_or_default()
}

pub(crate) fn all_hidden(page: &str, name: &str) -> Vec<String> {
    page.split(&format!("name=\"{name}\" value=\"")).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

pub(crate) fn percent(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
