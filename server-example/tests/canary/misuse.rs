//! Secrets where they do not belong: in every route's path, query, headers, cookies, method and body.

use std::collections::BTreeSet;

use menjie_tests::canary::Canary;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, REFERER, USER_AGENT};
use serde_json::json;

use crate::doors::misplaced;
use crate::house::{House, Visitor, hidden, percent};
use crate::routes::Route;

/// Somebody's data, typed where it does not belong.
const NAME: &str = "错测雀";
const ID_NO: &str = "440599199003070090";
const PHONE: &str = "13987650005";
const ADDRESS: &str = "广东省汕头市金平区金丝雀路九号";

const ENDS: [&str; 7] = ["/exit", "/logout", "/login", "/h5/patients", "/a/password", "/first-visit", "/identify/code"];

/// Somebody who is in, for the routes that begin so; his forms are proven by this page.
pub(crate) struct Known<'v, 'h> {
    pub(crate) root: &'static str,
    pub(crate) v: &'v Visitor<'h>,
    pub(crate) page: &'static str,
}

/// Nobody, and whoever is in and may ask for this route, sends them.
pub(crate) async fn everywhere(house: &House, routes: &BTreeSet<Route>, people: &[Known<'_, '_>]) {
    let nobody = house.visitor("nobody");
    let readers: Vec<&'static str> = people.iter().map(|known| known.v.who).chain(["nobody"]).collect();
    for (what, value) in [("name", NAME), ("document", ID_NO), ("phone", PHONE), ("address", ADDRESS)] {
        house.keep(Canary::of_a_person(format!("a {what} in a wrong place"), value), &readers);
    }
    let mut proofs = Vec::new();
    for known in people {
        proofs.push(if known.page.is_empty() { String::new() } else { hidden(&known.v.page(known.page).await, "form") });
    }
    let places = ["path", "query", "agent", "cookie", "header", "field", "value"].map(|place| misplaced(house, place, &readers));
    for (method, route) in routes {
        send(&nobody, method, route, &places, "").await;
        // What ends a session, or begins another one, is tried by nobody only.
        let ends = ENDS.iter().any(|end| route.ends_with(end)) || route == "/k";
        let known = people.iter().zip(&proofs).find(|(known, _)| route.starts_with(known.root));
        if let Some((Known { v, .. }, proof)) = known.filter(|_| !ends) {
            send(v, method, route, &places, proof).await;
        }
    }
    for Known { v, page, .. } in people.iter().filter(|known| !known.page.is_empty()) {
        assert_eq!(v.get(page).await.status, 200, "{} was not in any more", v.who);
    }
    for method in ["CANARY7F3Amethod", "canary7F3Amethod"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        nobody.ask(&method, "/api/v1/session", |request| request).await;
        nobody.ask(&method, "/canary7F3Apath", |request| request).await;
    }
    misplaced(house, "method", &["nobody"]);
}

async fn send(v: &Visitor<'_>, method: &str, route: &str, places: &[String; 7], proof: &str) {
    let [path, query, agent, cookie, header, field, value] = places;
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let filled: String =
        route.split('/').map(|part| if part.starts_with('{') { format!("/{}", percent(ADDRESS)) } else { format!("/{part}") }).collect::<String>().replacen("//", "/", 1);
    for (address, json_body) in [(format!("{filled}?{query}={query}&token={ID_NO}"), true), (filled.replace(&percent(ADDRESS), path), false)] {
        let body = if json_body {
            json!({field: value, "token": ID_NO, "key": ID_NO, "name": NAME, "phone": PHONE, "record": {field: NAME}}).to_string()
        } else {
            format!("form={proof}&{field}={value}&token={ID_NO}&name={}&key={PHONE}&why={}", percent(NAME), percent(NAME))
        };
        let kind = if json_body { "application/json" } else { "application/x-www-form-urlencoded" };
        v.ask(&method, &address, |request| {
            let request = request.header(USER_AGENT, agent).header(REFERER, format!("http://{header}/{ID_NO}")).header("idempotency-key", ID_NO);
            let request = request.header("x-forwarded-for", header).header(header.to_lowercase(), PHONE).header(COOKIE, format!("mj_session={cookie}; mj_look={cookie}"));
            if method == Method::GET { request } else { request.header(CONTENT_TYPE, kind).body(body) }
        })
        .await;
    }
}
