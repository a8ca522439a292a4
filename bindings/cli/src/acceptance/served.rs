//! What a running server shows to anybody.

use menjie_bridge::remote::{Page, Server};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::local::{Seen, at};
use crate::exit::Stop;

/// Asks and judges.
pub(super) type Ask = fn(&Site) -> Seen;

/// A server.
pub(super) struct Site {
    server: Server,
    runtime: Runtime,
}

impl Site {
    pub(super) fn at(url: &str) -> Result<Site, Stop> {
        let server = Server::at(url, None).map_err(|e| Stop::usage(e.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| Stop::failure(format!("no runtime: {}", e.kind())))?;
        Ok(Site { server, runtime })
    }

    fn page(&self, path: &str) -> Result<Page, String> {
        self.runtime.block_on(self.server.page(path)).map_err(|e| format!("{path}：{e}"))
    }

    /// Is there a page at each of these paths? One that first wants to know who asks leads there.
    pub(super) fn pages(&self, paths: &[&str]) -> Seen {
        let mut seen = Vec::new();
        for path in paths {
            let page = self.page(path)?;
            let leads = page.location.as_deref().map_or_else(String::new, |to| format!("→{to}"));
            seen.push(format!("{path} {}{leads}", page.status));
            if !matches!(page.status, 200 | 302 | 303 | 307) {
                return Err(seen.join("，"));
            }
        }
        Ok(seen.join("，"))
    }
}

pub(super) fn openapi(site: &Site) -> Seen {
    let page = site.page("/openapi.json")?;
    let document: Value = serde_json::from_slice(&page.body).map_err(|_| format!("状态 {}，不是 JSON", page.status))?;
    let paths = at(&document, "/paths").as_object().map_or(0, serde_json::Map::len);
    if page.status == 200 && paths > 0 {
        Ok(format!("OpenAPI {}，{paths} 个路径", at(&document, "/openapi")))
    } else {
        Err(format!("状态 {}，{paths} 个路径", page.status))
    }
}

/// Nobody but staff gets an answer.
pub(super) fn staff_only(site: &Site) -> Seen {
    let (api, desk) = (site.page("/api/v1/staff/attention?kind=payment")?, site.page("/a")?);
    let seen = format!("员工接口 {}，员工页面 {}", api.status, desk.status);
    let kept_out = desk.status == 401 || (matches!(desk.status, 302 | 303) && desk.location.as_deref().is_some_and(|to| to.contains("/a/login")));
    if api.status == 401 && kept_out { Ok(seen) } else { Err(seen) }
}

/// The viewer of the log is not for anybody. A hospital may leave it out: then the terminal is the viewer.
pub(super) fn log_page(site: &Site) -> Seen {
    let page = site.page("/a/log")?;
    let to_login = matches!(page.status, 302 | 303) && page.location.as_deref().is_some_and(|to| to.contains("/a/login"));
    match page.status {
        404 => Ok("状态 404：页面未启用，以终端 menjie log 浏览解密".to_owned()),
        401 | 403 => Ok(format!("状态 {}：须登录", page.status)),
        status if to_login => Ok(format!("状态 {status}：须登录")),
        status => Err(format!("状态 {status}")),
    }
}

pub(super) fn content_policy(site: &Site) -> Seen {
    let policy = site.page("/k")?.content_security_policy.unwrap_or_default();
    let strict = policy.contains("default-src 'none'") || policy.contains("default-src 'self'");
    if strict && !policy.contains("unsafe-eval") { Ok(policy) } else { Err(format!("策略：{policy}")) }
}

pub(super) fn ready(site: &Site) -> Seen {
    let (alive, ready) = (site.page("/healthz")?, site.page("/readyz")?);
    let seen = format!("healthz {}，readyz {}", alive.status, ready.status);
    if (alive.status, ready.status) == (200, 200) { Ok(seen) } else { Err(seen) }
}
