//! Secrets where they do not belong: in every route's path, query, headers, cookies, method and body.

use std::collections::BTreeSet;

use menjie_tests::canary::Canary;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, REFERER, USER_AGENT};
use serde_json::json;

use crate::doors::misplaced;
use crate::house::{House, Visitor, percent};
use crate::routes::Route;

/// Somebody's data, typed where it does not belong.
const NAME: &str = "错测雀";
const ID_NO: &str = "440599199003070090";
const PHONE: &str = "13987650005";
const ADDRESS: &str = "广东省汕头市金平区金丝雀路九号";

/// Nobody, and whoever is in and may ask for this route, sends them.
pub(crate) async fn everywhere(house: &House, routes: &BTreeSet<Route>, people: &[(&str, &Visitor<'_>)]) {
    let nobody = house.visitor("nobody");
    let readers: Vec<&'static str> = people.iter().map(|(_, v)| v.who).chain(["nobody"]).collect();
    for (what, value) in [("name", NAME), ("document", ID_NO), ("phone", PHONE), ("address", ADDRESS)] {
        house.keep(Canary::of_a_person(format!("a {what} in a wrong place"), value), &readers);
    }
    let places = ["path", "query", "agent", "cookie", "header", "field", "value"].map(|place| misplaced(house, place, &readers));
    for (method, route) in routes {
        let root = people.iter().find(|(root, _)| route.starts_with(root));
        // What ends a session is tried by nobody only.
        let ends = ["exit", "logout", "/h5/patients", "/a/password", "/login"].iter().any(|end| route.ends_with(end)) || route == "/k";
        let known = root.filter(|_| !ends).map(|(_, v)| *v);
        for v in [Some(&nobody), known].into_iter().flatten() {
            send(v, method, route, &places).await;
        }
    }
    for method in ["CANARY7F3Amethod", "canary7F3Amethod"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        nobody.ask(&method, "/api/v1/session", |request| request).await;
        nobody.ask(&method, "/canary7F3Apath", |request| request).await;
    }
    misplaced(house, "method", &["nobody"]);
}

async fn send(v: &Visitor<'_>, method: &str, route: &str, places: &[String; 7]) {
    let [path, query, agent, cookie, header, field, value] = places;
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let filled: String =
        route.split('/').map(|part| if part.starts_with('{') { format!("/{}", percent(ADDRESS)) } else { format!("/{part}") }).collect::<String>().replacen("//", "/", 1);
    for (address, json_body) in [(format!("{filled}?{query}={query}&token={}", ID_NO), true), (filled.replace(&percent(ADDRESS), path), false)] {
        let body = if json_body {
            json!({field: value, "token": ID_NO, "key": ID_NO, "name": NAME, "phone": PHONE, "record": {field: NAME}}).to_string()
        } else {
            format!("{field}={value}&token={}&name={}&key={}&why={}", ID_NO, percent(NAME), PHONE, percent(NAME))
        };
        let kind = if json_body { "application/json" } else { "application/x-www-form-urlencoded" };
        v.ask(&method, &address, |request| {
            let request = request.header(USER_AGENT, agent).header(REFERER, format!("http://{header}/{}", ID_NO)).header("idempotency-key", ID_NO);
            let request = request.header("x-forwarded-for", header).header(header.to_lowercase(), PHONE).header(COOKIE, format!("mj_session={cookie}; mj_look={cookie}"));
            if method == Method::GET { request } else { request.header(CONTENT_TYPE, kind).body(body) }
        })
        .await;
    }
}
