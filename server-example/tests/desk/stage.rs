//! The staff pages over the store in memory, by a clock that is moved by hand.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use menjie::Timestamp;
use menjie::access::Role;
use menjie::ident::{HospitalId, WorkerName};
use menjie::policy::{Pace, Terms};
use menjie::service::{Decided, Engine, Founded, Parts};
use menjie::staff::Secret;
use menjie::testkit::host::{ManualClock, SeededEntropy, SeededIds};
use menjie::testkit::store::MemoryStore;
use menjie::testkit::world::World;
use menjie_server::staff::console::{Founding, found};
use menjie_server::transfers::Transfers;
use menjie_server::viewed_log::ViewedLog;
use menjie_server::{App, Settings, router};
use tower::ServiceExt;

pub(crate) const OWN: &str = "My-own-77x";

pub(crate) struct Stage {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) app: App,
    pub(crate) router: axum::Router,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn to(&self) -> &str {
        self.headers.get("location").map_or("", |v| v.to_str().unwrap())
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        let cookie = self.headers.get("set-cookie")?.to_str().unwrap();
        Some(cookie.strip_prefix("mj_staff=")?.split(';').next()?.to_owned())
    }
}

/// Somebody with a browser.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) secret: Option<Secret>,
    pub(crate) cookie: String,
}

/// Without a log to look at.
pub(crate) async fn stage() -> Stage {
    viewing(Arc::new(ManualClock::at(Timestamp::from_millis(1_772_409_600_000))), None).await
}

/// With the log that auditors may look at.
pub(crate) async fn viewing(clock: Arc<ManualClock>, log: Option<ViewedLog>) -> Stage {
    before(clock, log, Settings::default(), |_| ()).await
}

/// Before a hospital that somebody has prepared, with settings of its own.
pub(crate) async fn before(clock: Arc<ManualClock>, log: Option<ViewedLog>, settings: Settings, prepare: impl FnOnce(&World)) -> Stage {
    let world = World::new(clock.clone(), 1);
    prepare(&world);
    let hospital = world.hospital(&HospitalId::new("H1").unwrap(), Terms::default(), Pace::default()).unwrap();
    let parts = Parts {
        store: Arc::new(MemoryStore::new()),
        clock: clock.clone(),
        ids: Arc::new(SeededIds::new(1)),
        entropy: Arc::new(SeededEntropy::new(1)),
        worker: WorkerName::new("w").unwrap(),
        hospitals: vec![hospital],
    };
    let engine = Engine::new(parts).await.unwrap();
    let app = App::new(engine, Arc::new(SeededEntropy::new(9)), Arc::new(Transfers::new(world.log.clone(), Default::default)), log, settings).unwrap();
    Stage { clock, router: router(app.clone()), app }
}

/// The proof of a form, from the page it stands on.
pub(crate) fn proof(page: &str) -> String {
    page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

impl Stage {
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        Reply { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Reply {
        let request = Request::builder().uri(path).header("cookie", format!("mj_staff={cookie}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Reply {
        let escape = |text: &str| text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect::<String>();
        let body = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&");
        let request = Request::builder().method("POST").uri(path).header("cookie", format!("mj_staff={cookie}"));
        self.send(request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(body)).unwrap()).await
    }

    /// A form of ours, with the proof that any page of this session has.
    pub(crate) async fn submit(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.get("/a/password", cookie).await;
        let form = proof(&if page.status == 303 { self.get(page.to(), cookie).await } else { page }.text);
        self.post(path, cookie, &[fields, &[("form", form.as_str())]].concat()).await
    }

    pub(crate) async fn found(&self, number: &str, role: Role) -> Person {
        let departments = if role.has_departments() { vec!["D1".to_owned()] } else { Vec::new() };
        let login = format!("u-{}", number.to_lowercase());
        let founding = Founding { id: number.to_owned(), login: login.clone(), name: "测试职工".to_owned(), roles: vec![role.code().to_owned()], departments };
        let Decided::Done(Founded { password, factor }) = found(&self.app, &founding).await.unwrap() else { panic!("not founded") };
        Person { login, password: password.reveal().to_owned(), secret: factor, cookie: String::new() }
    }

    /// Name and password; the answer and the cookie.
    pub(crate) async fn sign_in(&self, person: &Person) -> Reply {
        self.post("/a/login", "", &[("login", &person.login), ("password", &person.password)]).await
    }

    pub(crate) fn code(&self, person: &Person) -> String {
        person.secret.as_ref().unwrap().code_at(self.app.engine().now()).unwrap().reveal().to_owned()
    }

    /// All the way in, with a password of one's own.
    pub(crate) async fn enter(&self, number: &str, role: Role) -> Person {
        let mut person = self.found(number, role).await;
        let mut reply = self.sign_in(&person).await;
        if reply.to() == "/a/factor" {
            reply = self.submit("/a/factor", &reply.cookie().unwrap(), &[("code", &self.code(&person))]).await;
        }
        assert_eq!(reply.to(), "/a/password", "{}", reply.text);
        let fields = [("present", person.password.as_str()), ("new", OWN), ("again", OWN)];
        let reply = self.submit("/a/password", &reply.cookie().unwrap(), &fields).await;
        assert_eq!(reply.to(), "/a", "{}", reply.text);
        person.cookie = reply.cookie().unwrap();
        person.password = OWN.to_owned();
        // The next code of this authenticator is another one.
        self.clock.advance(30_000);
        person
    }

    pub(crate) async fn is_in(&self, person: &Person) -> bool {
        self.get("/a", &person.cookie).await.status == 200
    }

    pub(crate) async fn trail(&self, auditor: &Person) -> String {
        self.get("/a/trail", &auditor.cookie).await.text
    }
}
