//! What only a phone has: the official account, its patients, and insured payments.

use menjie_sim::his::WindowAction;
use menjie_tests::canary::Canary;

use crate::cast::Cast;
use crate::house::{House, Visitor, hidden, last, to};
use crate::pages::{Waiting, ask_back};
use crate::patients::{act, booked};
use crate::stage::until;

/// Through WeChat, as that user; a code once, a forged way back once.
pub(crate) async fn login(house: &House, v: &Visitor<'_>, openid: &str) {
    let out = v.get("/h5/login").await;
    let state = to(&out).split("&state=").nth(1).unwrap().split(['&', '#']).next().unwrap().to_owned();
    let code = house.stage.sim.with(|hospital, now| hospital.account.authorise(openid, now)).unwrap();
    house.keep(Canary::random("a code of WeChat", code.as_str()), &[]);
    v.page(&format!("/h5/login/back?code={code}&state=canary-forged-state")).await;
    let back = v.get(&format!("/h5/login/back?code={code}&state={state}")).await;
    assert_eq!(back.status, 303, "{}", back.text());
}

/// Binds both files and goes from one to the other; ends as the insured one.
pub(crate) async fn patients(house: &House, v: &Visitor<'_>, cast: Cast) {
    for at in [cast.phone, cast.child] {
        let card = house.stage.patient(at).card_no.reveal().to_owned();
        v.submitted("/h5/identify/number", "/h5/identify", &[], &[("way", "number"), ("token", &card), ("next", "unpaid")]).await;
    }
    // The list begins with the first that was bound.
    let id = hidden(&v.page("/h5/patients").await, "id");
    v.submitted("/h5/patients", "/h5/patients", &[], &[("act", "default"), ("id", &id)]).await;
    v.submitted("/h5/patients", "/h5/patients", &[], &[("act", "switch"), ("id", &id)]).await;
}

/// An insured bill: the price given up, the insurance given up for one's own money, then paid with it and asked back.
pub(crate) async fn insured(house: &House, v: &Visitor<'_>, cast: Cast) -> Waiting {
    let given_up = priced(house, v, cast).await;
    v.submitted(&given_up, &format!("{given_up}/cancel"), &["key"], &[]).await;
    over(house, v, &given_up).await;
    let own = priced(house, v, cast).await;
    v.submitted(&format!("{own}?choice=self"), &format!("{own}/self"), &["key"], &[]).await;
    over(house, v, &own).await;
    let pre = priced(house, v, cast).await;
    let pay = v.submitted(&pre, &pre, &["key"], &[("seen", "yes")]).await;
    until("the pay sheet is there", async || v.get(&pay).await.text().contains("data-sheet=")).await;
    // The sheet's signature is for this phone alone, and it is no password: it opens this one order for its payer.
    let code = house.stage.sim.with(|hospital, now| hospital.wechat.payable(now).last().unwrap().code.clone());
    house.stage.scan(&code).await;
    let settlement = booked(house, &v.session(), last(&pay)).await;
    let id = settlement["settlement_id"].as_str().unwrap();
    v.page(&format!("/h5/paid/{id}")).await;
    let lines = house.stage.get(&format!("/api/v1/settlements/{id}"), &v.session()).await.json();
    let line = serde_json::from_value(lines["lines"][0]["line_id"].clone()).unwrap();
    // A department has done its part: it takes that back first.
    act(house, &WindowAction::Execute { line_id: line, executed: true });
    Waiting { refund: last(&ask_back(v, "/h5", id).await).to_owned() }
}

/// Authorises, begins, and waits for the insurer's price.
async fn priced(house: &House, v: &Visitor<'_>, cast: Cast) -> String {
    v.page("/h5/insurance").await;
    let out = v.get("/h5/insurance/authorise").await;
    let state = to(&out).split("&state=").nth(1).unwrap().to_owned();
    let patient = house.stage.patient(cast.phone).patient_id.clone();
    let consent = house.stage.sim.with(|hospital, now| hospital.insurer.consent(patient.as_str(), now)).unwrap();
    house.keep(Canary::random("an insurer's authorisation", consent.as_str()), &[]);
    let back = v.get(&format!("/h5/insurance/back?authCode={consent}&state={state}")).await;
    assert_eq!(to(&back), "/h5/insurance");
    let pre = v.submitted("/h5/insurance", "/h5/insurance/pay", &["key"], &[]).await;
    assert!(pre.starts_with("/h5/pre/"), "{pre}");
    until("there is a price", async || v.get(&pre).await.text().contains("data-stage=\"priced\"")).await;
    assert!(v.part(&format!("{pre}/state")).await.status < 300);
    pre
}

async fn over(house: &House, v: &Visitor<'_>, pre: &str) {
    let session = v.session();
    house.stage.until(&session, last(pre), |view| view["settlements"][0]["st"] == "void").await;
}
