//! What the router serves, by its own word, and what was really driven, by the counters: a route that is added must be walked.

use std::collections::BTreeSet;

use axum::Router;

/// Method and path.
pub(crate) type Route = (String, String);

/// Every route. Axum lists them nowhere but in the router's debug text; another shape of it leaves the list empty, and the test fails.
pub(crate) fn served(router: &Router) -> BTreeSet<Route> {
    let text = format!("{router:?}");
    let text = text.split("fallback_router").next().unwrap();
    let (routes, paths) = text.rsplit_once("paths: {").unwrap();
    let path_of = |id: &str| paths.split(&format!("RouteId({id}): \"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut served = BTreeSet::new();
    for entry in routes.split("RouteId(").skip(1) {
        let (id, methods) = entry.split_once(')').unwrap();
        for method in ["get", "delete", "patch", "post", "put"] {
            let there = methods.split(&format!("{method}: ")).nth(1).unwrap_or("None");
            if !there.starts_with("None") {
                served.insert((method.to_uppercase(), path_of(id)));
            }
        }
    }
    served
}

/// Routes that were answered with less than this status, by the page of counters.
pub(crate) fn answered(metrics: &str, below: u16) -> BTreeSet<Route> {
    let label = |line: &str, name: &str| line.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let lines = metrics.lines().filter(|line| line.starts_with("menjie_http_requests_total{"));
    lines.filter(|line| label(line, "status").parse::<u16>().unwrap() < below).map(|line| (label(line, "method"), label(line, "route"))).collect()
}
