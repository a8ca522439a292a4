//! Pages 12 and 13: the way to the national authorisation and back, every return that is refused, and an insured payment from the
//! list to its result.

use menjie::Timestamp;
use menjie::access::Private;
use menjie::charge::PayerClass;
use menjie::ident::{PatientId, QuoteId, RequestKey};
use menjie::insurance::Authorisation;
use menjie_server::session;
use menjie_server::session::grant::{self, Grant, Spent};
use menjie_sim::insurer::InsuredChange;
use menjie_sim::{Fault, Peer};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::stage::{Reply, Stage, day, send};

const OPENID: &str = "oSimulatedUser0000000000003";

/// Somebody on a phone, with an account.
struct Phone<'s> {
    stage: &'s Stage,
    token: String,
    patient: PatientId,
}

fn header<'r>(reply: &'r Reply, name: &str) -> &'r str {
    reply.headers.get(name).map_or("", |v| v.to_str().unwrap())
}

fn field(page: &str, name: &str) -> String {
    page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// The amount of a part, in fen.
fn part(page: &str, name: &str) -> i64 {
    let text = page.split(&format!("data-part=\"{name}\">¥")).nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_else(|| panic!("no {name}: {page}"));
    text.replace([',', '.'], "").parse().unwrap()
}

/// The patients whose visit of the day is insured, employees first.
fn insured(stage: &Stage) -> Vec<PatientId> {
    let all: Vec<PatientId> = stage.day.visits.iter().filter(|v| v.visit.payer == PayerClass::Insured).map(|v| v.visit.patient_id.clone()).collect();
    all.into_iter().filter(|id| stage.day.lines.iter().any(|line| &line.patient_id == id && !line.self_paid_item)).collect()
}

fn quote(no: i64) -> QuoteId {
    QuoteId::new(no).unwrap()
}

/// Spent by a form with this key, for this quote.
fn spent(key: &str, no: i64) -> Spent {
    Spent { key: RequestKey::new(key).unwrap(), quote: quote(no) }
}

impl<'s> Phone<'s> {
    async fn of(stage: &'s Stage, patient: &PatientId) -> Phone<'s> {
        let started = session::login(stage.app(), Private::new(OPENID), Some((patient.clone(), "测*".to_owned()))).await.unwrap();
        Phone { stage, token: started.token.reveal().to_owned(), patient: patient.clone() }
    }

    async fn get(&self, path: &str) -> Reply {
        self.with(path, "").await
    }

    async fn with(&self, path: &str, cookie: &str) -> Reply {
        send(self.stage.request(Method::GET, path).header(COOKIE, format!("mj_h5={}; {cookie}", self.token))).await
    }

    /// Sends a form from a page, with its proof and key.
    async fn post(&self, from: &str, path: &str, more: &str) -> Reply {
        let page = self.get(from).await.text();
        self.send(path, &format!("form={}&key={}{more}", field(&page, "form"), field(&page, "key"))).await
    }

    async fn send(&self, path: &str, body: &str) -> Reply {
        let request = self.stage.request(Method::POST, path).header(COOKIE, format!("mj_h5={}", self.token));
        send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.to_owned())).await
    }

    /// Sets out for the authorisation: the cookie and the state.
    async fn set_out(&self) -> (String, String) {
        let reply = self.get("/h5/insurance/authorise").await;
        let to = header(&reply, LOCATION.as_str());
        assert!(reply.status == 303 && to.starts_with(&format!("{}/oauth/authorize?return_url=", self.stage.sim.urls().insurer)), "{to}");
        let cookie = header(&reply, SET_COOKIE.as_str());
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/h5/insurance"), "{cookie}");
        (cookie.split(';').next().unwrap().to_owned(), to.split("&state=").nth(1).unwrap().to_owned())
    }

    /// The code that somebody's consent on the page gives.
    fn consent(&self, who: &PatientId) -> String {
        self.stage.sim.with(|hospital, now| hospital.insurer.consent(who.as_str(), now).unwrap())
    }

    /// Where the way back leads.
    async fn back(&self, query: &str, cookie: &str) -> String {
        let reply = self.with(&format!("/h5/insurance/back?{query}"), cookie).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        header(&reply, LOCATION.as_str()).to_owned()
    }

    async fn authorise(&self) {
        let (cookie, state) = self.set_out().await;
        assert_eq!(self.back(&format!("authCode={}&state={state}", self.consent(&self.patient)), &cookie).await, "/h5/insurance");
    }

    /// Authorises and begins: the address of page 13.
    async fn begin(&self) -> String {
        self.authorise().await;
        let begun = self.post("/h5/insurance", "/h5/insurance/pay", "").await;
        let to = header(&begun, LOCATION.as_str()).to_owned();
        assert!(begun.status == 303 && to.starts_with("/h5/pre/"), "{} {to} {}", begun.status, begun.text());
        to
    }

    async fn until(&self, path: &str, wanted: &str) -> String {
        let mut page = String::new();
        for _ in 0..80 {
            page = self.get(path).await.text();
            if page.contains(wanted) {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{wanted} never came: {page}")
    }

    /// What the API says of a payment, until it is as wanted.
    async fn view(&self, payment: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.stage.until(&self.token, payment, wanted).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insured_bill_is_authorised_priced_agreed_to_paid_and_shown_with_its_parts() {
    let stage = Stage::open().await;
    let phone = Phone::of(&stage, &insured(&stage)[0]).await;
    let list = phone.get("/h5/unpaid").await.text();
    assert!(list.contains("/h5/insurance/pay") && list.contains("医保可付"), "{list}");
    let unauthorised = phone.post("/h5/unpaid", "/h5/insurance/pay", "").await;
    assert_eq!((unauthorised.status, header(&unauthorised, LOCATION.as_str())), (303, "/h5/insurance"), "first he authorises");
    let binding = phone.get("/h5/insurance").await.text();
    let person = stage.day.patients.iter().find(|p| p.patient_id == phone.patient).unwrap();
    assert!(binding.contains("未授权") && binding.contains(&menjie::access::mask_name(person.name.reveal())) && binding.contains("门诊选点"), "{binding}");
    for clear in [person.name.reveal(), person.id_no.as_ref().unwrap().reveal(), phone.patient.as_str(), OPENID] {
        assert!(!binding.contains(clear));
    }
    phone.authorise().await;
    assert!(phone.get("/h5/insurance").await.text().contains("已授权"));

    let pre = header(&phone.post("/h5/insurance", "/h5/insurance/pay", "").await, LOCATION.as_str()).to_owned();
    let payment = pre.rsplit('/').next().unwrap().to_owned();
    // It is used once.
    phone.until("/h5/insurance", "未授权").await;
    let page = phone.until(&pre, "data-stage=\"priced\"").await;
    let (notice, tick, confirm) = (page.find("data-notice").unwrap(), page.find("name=\"seen\"").unwrap(), page.find("form=\"agree\"").unwrap());
    assert!(notice < tick && tick < confirm && page.contains("required"), "read, tick, confirm");
    let last_day = menjie::insurance::notice(Timestamp::from_millis(now_ms()), &menjie::refund::Window::default()).text;
    assert!(page.contains(&last_day), "{last_day}");
    let parts = ["fund", "account", "other", "cash"].map(|name| part(&page, name));
    assert_eq!(parts.iter().sum::<i64>(), part(&page, "total"));
    let other = Phone::of(&stage, &insured(&stage)[1]).await;
    assert_eq!(other.get(&pre).await.status, 404, "a stranger's is missing");
    // An earlier page leads here as long as he has not agreed.
    let early = phone.get(&format!("/h5/pay/{payment}")).await;
    assert_eq!((early.status, header(&early, LOCATION.as_str())), (303, pre.as_str()));

    let form = format!("form={}&key={}", field(&page, "form"), "k-agree");
    let unticked = phone.send(&pre, &form).await;
    assert!(unticked.status == 200 && unticked.text().contains("请先阅读医保退费须知"), "{}", unticked.text());
    assert!(phone.get(&pre).await.text().contains("data-stage=\"priced\""), "nothing was opened");
    let agreed = phone.send(&pre, &format!("form={}&key=k-agreed&seen=yes", field(&page, "form"))).await;
    assert_eq!((agreed.status, header(&agreed, LOCATION.as_str())), (303, format!("/h5/pay/{payment}").as_str()));
    let paying = phone.until(&format!("/h5/pay/{payment}"), "data-sheet=").await;
    assert!(paying.contains("mixTradeNo") && !paying.contains("CANARY"), "{paying}");
    let code = stage.sim.with(|hospital, now| hospital.wechat.payable(now)[0].code.clone());
    stage.scan(&code).await;
    let view = phone.view(&payment, |view| view["over"] == json!(true)).await;
    assert_eq!((&view["progress"], &view["insured"]), (&json!("done"), &json!(true)), "{view}");
    assert_eq!(view["insurance"]["cash_fen"], json!(parts[3]));

    let result = phone.get(&format!("/h5/result/{payment}")).await.text();
    let settlement = view["settlements"][0]["settlement_id"].as_str().unwrap();
    let detail = phone.get(&format!("/h5/paid/{settlement}")).await.text();
    for page in [&result, &detail] {
        assert_eq!(["fund", "account", "other", "cash"].map(|name| part(page, name)), parts);
    }
    let truth = stage.sim.with(|hospital, now| hospital.truth(now));
    assert_eq!((truth.insurer.insured_fen, truth.wechat.captured_fen), (parts[0] + parts[1], parts[3]));
    assert_eq!(truth.his.posted_fen, part(&page, "total"));
    assert_eq!(stage.audit().await["violations"], json!([]));
}

fn now_ms() -> i64 {
    i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_is_not_the_patients_own_opens_nothing() {
    let stage = Stage::open().await;
    let patients = insured(&stage);
    let phone = Phone::of(&stage, &patients[0]).await;
    let other = Phone::of(&stage, &patients[1]).await;
    let (cookie, state) = phone.set_out().await;
    let own = || phone.consent(&patients[0]);
    let (theirs_cookie, theirs) = other.set_out().await;
    let no_cookie = "";
    for (query, cookie, told) in [
        (format!("state={state}"), cookie.as_str(), "cancelled"),
        (format!("authCode=&state={state}"), &cookie, "cancelled"),
        (format!("authCode=never-given&state={state}"), &cookie, "cancelled"),
        (format!("authCode=%20%E7%A0%81&state={state}"), &cookie, "cancelled"),
        (format!("authCode={}&state={state}", phone.consent(&patients[1])), &cookie, "other"),
        (format!("authCode={}&state={state}&patient_id={}", own(), patients[1]), &cookie, "other"),
        (format!("authCode={}&state={state}", own()), no_cookie, "other"),
        (format!("authCode={}&state={}", own(), "0".repeat(32)), &cookie, "other"),
        (format!("authCode={}&state=", own()), "mj_insured=", "other"),
        // What another patient's session set out with, even with its cookie.
        (format!("authCode={}&state={theirs}", own()), &theirs_cookie, "other"),
        (String::new(), "", "cancelled"),
    ] {
        assert_eq!(phone.back(&query, cookie).await, format!("/h5/insurance?told={told}"), "{query}");
        assert!(phone.get("/h5/insurance").await.text().contains("未授权"), "{query}");
    }
    let said = phone.get("/h5/insurance?told=other").await.text();
    assert!(said.contains("授权人不是当前就诊人") && said.contains("自费支付"));
    assert!(phone.get("/h5/insurance?told=cancelled").await.text().contains("没有完成医保授权"));
    assert_eq!(phone.get("/h5/insurance?told=nonsense").await.status, 422);
    // The code works once, and a session without an account is sent to log in.
    let code = own();
    assert_eq!(phone.back(&format!("authCode={code}&state={state}"), &cookie).await, "/h5/insurance");
    assert_eq!(phone.back(&format!("authCode={code}&state={state}"), &cookie).await, "/h5/insurance", "a browser opens the page it comes back to twice");
    assert_eq!(grant::spend(stage.app(), &phone.token, &spent("k1", 1)).await.unwrap(), Some(quote(1)));
    assert_eq!(phone.back(&format!("authCode={code}&state={state}"), &cookie).await, "/h5/insurance?told=cancelled", "it gives nothing twice");
    let card = stage.patient(0).card_no.reveal();
    let entered =
        send(stage.request(Method::POST, "/h5/identify").header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(format!("way=number&next=unpaid&token={card}"))).await;
    let session = header(&entered, SET_COOKIE.as_str()).split(';').next().unwrap().to_owned();
    let nobody = send(stage.request(Method::GET, "/h5/insurance/authorise").header(COOKIE, session)).await;
    assert_eq!((nobody.status, header(&nobody, LOCATION.as_str())), (303, "/h5/login"));
    let stranger = send(stage.request(Method::GET, &format!("/h5/insurance/back?authCode=x&state={state}"))).await;
    assert_eq!((stranger.status, header(&stranger, LOCATION.as_str())), (303, "/h5"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_is_kept_sealed_for_minutes_and_spent_once() {
    let stage = Stage::open().await;
    let patients = insured(&stage);
    let phone = Phone::of(&stage, &patients[0]).await;
    let grant = |patient: &PatientId, life_ms: i64| Grant {
        patient: patient.clone(),
        authorisation: Authorisation::Mobile { pay_auth_no: Private::new("CANARY-PAY-AUTH"), until: None },
        until: Timestamp::from_millis(now_ms() + life_ms),
    };
    assert!(!grant::keep(stage.app(), &phone.token, &grant(&patients[1], 60_000)).await.unwrap(), "another patient's");
    assert!(grant::keep(stage.app(), &phone.token, &grant(&patients[0], -1)).await.unwrap());
    let [one, two, three, four, again] = [("k1", 1), ("k2", 2), ("k3", 3), ("k4", 4), ("k4", 5)].map(|(key, no)| spent(key, no));
    let spend = |by| grant::spend(stage.app(), &phone.token, by);
    assert_eq!((grant::look(stage.app(), &phone.token).await.unwrap(), spend(&one).await.unwrap()), (None, None), "expired");
    let begun = phone.post("/h5/unpaid", "/h5/insurance/pay", "").await;
    assert_eq!(header(&begun, LOCATION.as_str()), "/h5/insurance");
    assert!(grant::keep(stage.app(), &phone.token, &grant(&patients[0], 60_000)).await.unwrap());
    for path in ["/h5/insurance", "/h5/unpaid", "/h5"] {
        assert!(!phone.get(path).await.text().contains("CANARY"), "{path}");
    }
    let (a, b, c) = tokio::join!(spend(&one), spend(&two), spend(&three));
    assert_eq!([a, b, c].into_iter().filter(|spent| spent.as_ref().unwrap().is_some()).count(), 1);
    // What was spent under a key stays the key's.
    assert!(grant::keep(stage.app(), &phone.token, &grant(&patients[0], 60_000)).await.unwrap());
    assert_eq!(spend(&four).await.unwrap(), Some(quote(4)));
    assert!(grant::keep(stage.app(), &phone.token, &grant(&patients[0], 60_000)).await.unwrap());
    assert_eq!(spend(&again).await.unwrap(), Some(quote(4)), "pressed again, it is the first one");
    assert_eq!(grant::spent(stage.app(), &phone.token, &spent("k5", 5).key).await.unwrap(), None);
    let stored = std::fs::read(stage.folder().join("menjie.db")).unwrap();
    assert!(!stored.windows(6).any(|w| w == b"CANARY"), "the store is sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn pressed_twice_it_is_one_payment() {
    let stage = Stage::open().await;
    let phone = Phone::of(&stage, &insured(&stage)[0]).await;
    phone.authorise().await;
    let page = phone.get("/h5/insurance").await.text();
    let body = format!("form={}&key={}", field(&page, "form"), field(&page, "key"));
    let (one, two) = tokio::join!(phone.send("/h5/insurance/pay", &body), phone.send("/h5/insurance/pay", &body));
    let [pre, other] = [&one, &two].map(|reply| header(reply, LOCATION.as_str()).to_owned());
    assert!(pre.starts_with("/h5/pre/") && pre == other, "{pre} {other}");
    // Whoever comes later is led to the one there is.
    let later = phone.send("/h5/insurance/pay", &body).await;
    assert_eq!(header(&later, LOCATION.as_str()), pre);
    phone.until(&pre, "data-stage=\"priced\"").await;
    assert_eq!(stage.sim.with(|hospital, now| hospital.truth(now)).insurer.orders.len(), 1);
}

/// The press whose counterpart answers first takes the payment on; the one whose answer comes behind it is led to the same payment.
#[tokio::test(flavor = "multi_thread")]
async fn pressed_twice_before_a_slow_counterpart_both_are_led_to_the_one_payment() {
    let late = Fault::Delay { ms: 1_500 };
    let never = Fault::TimeoutBefore { ms: 1_500 };
    for (peer, interface, fault) in
        [(Peer::His, "unpaid", late), (Peer::His, "unpaid", never), (Peer::His, "find_patient", late), (Peer::His, "upload_facts", late), (Peer::Insurer, "1101", late)]
    {
        let stage = Stage::open().await;
        let phone = Phone::of(&stage, &insured(&stage)[0]).await;
        phone.authorise().await;
        let page = phone.get("/h5/insurance").await.text();
        let body = format!("form={}&key={}", field(&page, "form"), field(&page, "key"));
        stage.sim.with(|hospital, _| hospital.faults.next(peer, interface, fault));
        let behind = async {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            phone.send("/h5/insurance/pay", &body).await
        };
        let (slow, quick) = tokio::join!(phone.send("/h5/insurance/pay", &body), behind);
        let places = [&slow, &quick].map(|reply| (reply.status, header(reply, LOCATION.as_str()).to_owned()));
        assert!(places[1].1.starts_with("/h5/pre/"), "{interface} {fault:?}: {places:?}");
        assert_eq!(places[0], places[1], "{interface} {fault:?}");
        phone.until(&places[0].1, "data-stage=\"priced\"").await;
        assert_eq!(stage.sim.with(|hospital, now| hospital.truth(now)).insurer.orders.len(), 1, "{interface}");
    }
}

/// Whoever goes on with another form after the authorisation is spent is told so, and nothing is taken on.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_spent_by_one_form_opens_nothing_for_another() {
    let stage = Stage::open().await;
    let phone = Phone::of(&stage, &insured(&stage)[0]).await;
    phone.authorise().await;
    let forms = [phone.get("/h5/insurance").await.text(), phone.get("/h5/insurance").await.text()];
    let [one, other] = forms.map(|page| format!("form={}&key={}", field(&page, "form"), field(&page, "key")));
    stage.sim.with(|hospital, _| hospital.faults.next(Peer::Insurer, "1101", Fault::Delay { ms: 1_500 }));
    let behind = async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        phone.send("/h5/insurance/pay", &other).await
    };
    let (slow, quick) = tokio::join!(phone.send("/h5/insurance/pay", &one), behind);
    assert!(header(&quick, LOCATION.as_str()).starts_with("/h5/pre/"), "{quick:?}");
    assert_eq!(header(&slow, LOCATION.as_str()), "/h5/insurance?told=spent");
    assert_eq!(stage.sim.with(|hospital, now| hospital.truth(now)).insurer.orders.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn he_gives_the_price_up_or_pays_himself_and_the_insurer_revokes() {
    let stage = Stage::open().await;
    let phone = Phone::of(&stage, &insured(&stage)[0]).await;
    let bills = stage.bill_ids(&phone.token).await;
    let pre = phone.begin().await;
    phone.until(&pre, "data-stage=\"priced\"").await;
    let left = phone.post(&pre, &format!("{pre}/cancel"), "").await;
    let payment = pre.rsplit('/').next().unwrap();
    assert_eq!((left.status, header(&left, LOCATION.as_str())), (303, format!("/h5/pay/{payment}").as_str()));
    phone.view(payment, |view| view["settlements"][0]["st"] == json!("void")).await;
    assert_eq!(stage.bill_ids(&phone.token).await, bills, "the bill is free again");
    let closed = phone.get(&pre.replace("/pre/", "/result/")).await.text();
    assert!(closed.contains("医保结算没有完成，未扣款") && !closed.contains("data-part"), "{closed}");

    let pre = phone.begin().await;
    phone.until(&pre, "data-stage=\"priced\"").await;
    let asked = phone.get(&format!("{pre}?choice=self")).await.text();
    assert!(asked.contains("不能再转为医保结算"), "{asked}");
    let own = phone.post(&format!("{pre}?choice=self"), &format!("{pre}/self"), "").await;
    let confirm = header(&own, LOCATION.as_str()).to_owned();
    assert!(own.status == 303 && confirm.starts_with("/h5/confirm/"), "{} {}", own.status, own.text());
    let page = phone.get(&confirm).await.text();
    assert!(!page.contains("医保"), "no word about insurance");
    let orders = stage.sim.with(|hospital, now| hospital.truth(now)).insurer.orders;
    assert!(orders.len() == 2 && orders.values().all(|order| order.state == "12"), "{orders:?}");
    assert_eq!(stage.audit().await["violations"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insurer_that_is_away_or_says_no_is_told_and_self_pay_stays() {
    let stage = Stage::open().await;
    let phone = Phone::of(&stage, &insured(&stage)[0]).await;
    let fault = |interface: &str, fault: Fault| stage.sim.with(|hospital, _| hospital.faults.next(Peer::Insurer, interface, fault));
    fault("1101", Fault::TimeoutBefore { ms: 10 });
    let down = phone.get("/h5/insurance").await;
    let text = down.text();
    assert!(down.status == 200 && text.contains("医保系统暂时没有响应") && text.contains("不能再转为医保结算") && text.contains("href=\"/h5/unpaid\""), "{text}");
    fault("5302", Fault::ServerError);
    assert!(phone.get("/h5/insurance").await.text().contains("暂时查不到选点信息"));
    let (cookie, state) = phone.set_out().await;
    fault("user_query", Fault::ServerError);
    assert_eq!(phone.back(&format!("authCode={}&state={state}", phone.consent(&phone.patient)), &cookie).await, "/h5/insurance?told=down");
    phone.authorise().await;
    fault("1101", Fault::TimeoutBefore { ms: 10 });
    let page = phone.get("/h5/unpaid").await.text();
    let body = format!("form={}&key={}", field(&page, "form"), field(&page, "key"));
    let begun = phone.send("/h5/insurance/pay", &body).await;
    assert_eq!(header(&begun, LOCATION.as_str()), "/h5/insurance?told=down");
    assert!(phone.get("/h5/insurance").await.text().contains("已授权"), "nothing was spent");
    // Refused at the upload: closed without money, and said so.
    fault("upload", Fault::SaysNo);
    let begun = phone.send("/h5/insurance/pay", &body).await;
    let pre = header(&begun, LOCATION.as_str()).to_owned();
    let payment = pre.rsplit('/').next().unwrap().to_owned();
    phone.view(&payment, |view| view["over"] == json!(true)).await;
    assert!(phone.get(&format!("/h5/result/{payment}")).await.text().contains("医保结算没有完成，未扣款"));

    let change = InsuredChange { patient_id: phone.patient.to_string(), active: Some(false), ..InsuredChange::default() };
    assert!(stage.sim.with(|hospital, _| hospital.insurer.change(&change)));
    let text = phone.get("/h5/insurance").await.text();
    assert!(text.contains("未查询到有效的参保信息") && !text.contains("/insurance/authorise"), "{text}");
    let binding = stage.get("/api/v1/insurance/binding", &phone.token).await.json();
    assert_eq!((&binding["decision"], &binding["reason"]), (&json!("refused"), &json!("not_insured")));
}

/// domain/medins.md §10 #19: nobody has seen the body, so it is the site's.
#[tokio::test(flavor = "multi_thread")]
async fn the_centre_reads_the_acknowledgement_of_the_site() {
    let tell = async |stage: &Stage, body: &str| send(stage.request(Method::POST, "/notify/insurer").header(CONTENT_TYPE, "application/json").body(body.to_owned())).await;
    let hint = json!({"medOrgOrd": "P0000000000000000001", "payOrdId": "ORD1", "ordStas": "6"}).to_string();
    let bare = |config: &mut Value| config["hospitals"][0]["insurer"]["centre"]["notice"] = "bare".into();
    let mut stage = Stage::with(day(), bare).await;
    let taken = tell(&stage, &hint).await;
    assert_eq!((taken.status, taken.json()), (200, json!({"code": 0, "success": true, "message": "成功"})));
    assert_eq!(tell(&stage, "{}").await.status, 401);
    stage.stop().await;
    let mut stage = Stage::with(day(), |config| {
        bare(config);
        config["server"]["insurer_taken"] = json!({"infcode": "0"});
    })
    .await;
    assert_eq!(tell(&stage, &hint).await.json(), json!({"infcode": "0"}));
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_insured_bill_is_offered_and_the_others_say_why() {
    let stage = Stage::open().await;
    let mut several = false;
    for patient in insured(&stage) {
        let phone = Phone::of(&stage, &patient).await;
        let unpaid = stage.get("/api/v1/bills/unpaid", &phone.token).await.json();
        let bills: Vec<Value> = unpaid["visits"].as_array().unwrap().iter().flat_map(|v| v["bills"].as_array().unwrap().clone()).collect();
        let page = phone.get("/h5/unpaid").await.text();
        let may = bills.iter().filter(|bill| bill["insured"] == json!(true)).count();
        assert_eq!((may, page.matches("医保可付").count()), (1, 1));
        let waiting = bills.iter().filter(|bill| bill["insured_refusal"]["reason"] == json!("insured_in_turn")).count();
        assert_eq!(page.matches("医保单据须逐张结算").count(), waiting);
        let own = bills.iter().filter(|bill| bill["insured_refusal"]["reason"] == json!("self_paid_bill")).count();
        assert_eq!(page.matches("该单据都是自费项目").count(), own);
        several |= waiting > 0;
    }
    assert!(several, "the day has nobody with two insured bills");
    let own = stage.day.visits.iter().find(|v| v.visit.payer == PayerClass::SelfPay).unwrap().visit.patient_id.clone();
    let phone = Phone::of(&stage, &own).await;
    let page = phone.get("/h5/unpaid").await.text();
    assert!(page.contains("本次就诊为自费") && !page.contains("/insurance/pay"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_leads_to_the_phone_and_a_hospital_without_says_so() {
    let stage = Stage::open().await;
    let at = stage.day.patients.iter().position(|p| p.patient_id == insured(&stage)[0]).unwrap();
    let session = stage.enter(at).await;
    let get = async |path: &str| send(stage.request(Method::GET, path).header(COOKIE, format!("mj_session={session}"))).await;
    let list = get("/k/unpaid").await.text();
    assert!(list.contains("href=\"/k/insurance\"") && list.contains("请在手机上办理"), "{list}");
    let guide = get("/k/insurance").await;
    assert!(guide.status == 200 && guide.text().contains("<svg role=\"img\"") && guide.text().contains("医保支付请在手机上办理"), "{}", guide.text());
    assert_eq!(get("/k/insurance/authorise").await.status, 404, "a kiosk never leaves");
    let binding = stage.get("/api/v1/insurance/binding", &session).await.json();
    assert_eq!(binding["decision"], json!("insured"));
    assert_eq!(stage.get("/api/v1/insurance/binding", "").await.status, 401);

    let stage = Stage::with(day(), |config| drop(config["hospitals"][0]["insurer"].as_object_mut().unwrap().remove("authorisation"))).await;
    let phone = Phone::of(&stage, &insured(&stage)[0]).await;
    let list = phone.get("/h5/unpaid").await.text();
    assert!(list.contains("暂未开通，请到窗口办理") && !list.contains("/insurance/pay"), "{list}");
    assert_eq!(header(&phone.get("/h5/insurance/authorise").await, LOCATION.as_str()), "/h5/insurance");
}
