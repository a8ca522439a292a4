//! A kiosk and a phone: every page of a patient that both have, and their first visits.

use menjie_tests::canary::Canary;
use reqwest::Method;

use crate::cast::{CONTACT, Cast, NEW_ADDRESS, NEW_CONTACT, NEW_NAME, NEW_PHONE, NOTE};
use crate::house::{House, Visitor, all_hidden, hidden, last, to};
use crate::patients::{book, booked, sms_code, stop};
use crate::stage::until;

/// What the approvers will find.
pub(crate) struct Waiting {
    pub(crate) refund: String,
}

/// Everything that is there before somebody says who he is.
pub(crate) async fn before(v: &Visitor<'_>, root: &str) {
    for path in ["", "/identify", "/identify/number", "/intro", "/departments", "/departments/0", "/experts", "/guide"] {
        v.page(&format!("{root}{path}")).await;
    }
    assert_eq!(v.get(&format!("{root}/pictures/map.svg")).await.status, 200);
    assert_eq!(v.submitted(root, &format!("{root}/look"), &[], &[("set", "contrast"), ("back", root)]).await, root);
    assert_eq!(v.form(&format!("{root}/alive"), &[]).await.status, 204);
    let style = v.page(root).await.split("href=\"").find_map(|rest| rest.split('"').next().filter(|a| a.ends_with(".css"))).unwrap().to_owned();
    assert_eq!(v.get(&style).await.status, 200);
}

/// In by SMS, and as one of two files: under one document at the kiosk, under one number on a phone.
pub(crate) async fn ways_in(house: &House, v: &Visitor<'_>, root: &str, cast: Cast) {
    let at = |path: &str| format!("{root}{path}");
    let kiosk = root == "/k";
    let phone = house.stage.patient(if kiosk { cast.child } else { cast.twins[0] }).phone.clone().unwrap();
    let sent = v.submitted(&at("/identify/phone"), &at("/identify/code"), &[], &[("phone", phone.reveal()), ("next", "unpaid")]).await;
    let code = sms_code(house);
    let mut choices = v.submitted(&sent, &at("/identify"), &[], &[("way", "phone"), ("token", &code), ("next", "unpaid")]).await;
    if kiosk {
        let shared = house.stage.patient(cast.twins[0]).id_no.clone().unwrap();
        choices = v.submitted(&at("/identify/card"), &at("/identify"), &[], &[("way", "card"), ("token", shared.reveal()), ("next", "unpaid")]).await;
    }
    v.submitted(&choices, &at("/choose"), &[], &[("choice", "0"), ("next", "unpaid")]).await;
}

/// Pays one's own money: given up once, then paid, shown, and asked back twice.
pub(crate) async fn own_money(house: &House, v: &Visitor<'_>, root: &str) -> Waiting {
    let at = |path: &str| format!("{root}{path}");
    let order = async || {
        let list = v.page(&at("/unpaid")).await;
        v.page(&at(&format!("/unpaid/{}", hidden(&list, "bill")))).await;
        let confirm = v.submitted(&at("/unpaid"), &at("/unpaid"), &[], &[("bill", &hidden(&list, "bill"))]).await;
        v.page(&confirm).await;
        let pay = v.submitted(&confirm, &at("/pay"), &["quote", "key"], &[("channel", "wechat")]).await;
        until("the order is open", async || v.get(&pay).await.text().contains("data-stage=\"awaiting\"")).await;
        pay
    };
    let given_up = order().await;
    v.part(&format!("{given_up}/state?stage=preparing")).await;
    v.submitted(&given_up, &format!("{given_up}/cancel"), &["key"], &[]).await;
    until("the bill is free again", async || !hidden(&v.get(&at("/unpaid")).await.text(), "bill").is_empty()).await;
    let pay = order().await;
    let code = house.stage.sim.with(|hospital, now| hospital.wechat.payable(now).last().unwrap().code.clone());
    house.keep(Canary::random("a payment's code on a page", code.as_str()), &[]);
    house.stage.scan(&code).await;
    let payment = last(&pay).to_owned();
    let settlement = booked(house, &v.session(), &payment).await["settlement_id"].as_str().unwrap().to_owned();
    v.page(&at(&format!("/result/{payment}"))).await;
    assert!(v.part(&at(&format!("/result/{payment}/state"))).await.status < 300);
    v.page(&at(&format!("/result/{payment}/slip"))).await;
    v.page(&at("/paid")).await;
    v.page(&at(&format!("/paid/{settlement}"))).await;
    let refund = ask_back(v, root, &settlement).await;
    v.part(&format!("{refund}/state?since=0")).await;
    v.submitted(&format!("{refund}?choice=withdraw"), &refund, &["key"], &[]).await;
    Waiting { refund: last(&ask_back(v, root, &settlement).await).to_owned() }
}

/// Asks for everything back; where it is followed.
pub(crate) async fn ask_back(v: &Visitor<'_>, root: &str, settlement: &str) -> String {
    let form = format!("{root}/paid/{settlement}/refund");
    let page = v.page(&form).await;
    let lines = all_hidden(&page, "line");
    let mut typed = vec![("why", "other"), ("note", NOTE), ("contact", CONTACT)];
    typed.extend(lines.iter().map(|line| ("line", line.as_str())));
    assert_eq!(v.submit(&form, &format!("{form}/plan"), &["parts"], &typed).await.status, 200);
    let asked = v.submitted(&form, &form, &["key", "parts", "shown"], &typed).await;
    v.page(&asked).await;
    asked
}

/// Checks in, and meets a clinic that was stopped.
pub(crate) async fn visits(house: &House, v: &Visitor<'_>, root: &str, patient: usize, [visit, stopped]: [(&str, &str); 2]) {
    let at = |path: &str| format!("{root}{path}");
    for (visit, schedule) in [visit, stopped] {
        book(house, patient, visit, schedule);
    }
    let key = format!("canary-{}", visit.0);
    let attended = v.submitted(&at("/check-in"), &at("/check-in"), &[], &[("act", "check_in"), ("visit", visit.0), ("key", &key)]).await;
    v.page(&attended).await;
    assert!(v.part(&format!("{attended}/state")).await.status < 300);
    until("the queue has a place for him", async || v.get(&format!("{attended}/slip")).await.status == 200).await;
    stop(house, stopped.1);
    let mut notice = String::new();
    until("the stop is known", async || {
        let list = v.get(&at("/suspensions")).await.text();
        notice = list.split(&format!("{root}/suspensions/")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
        !notice.is_empty()
    })
    .await;
    let notice = at(&format!("/suspensions/{notice}"));
    v.page(&notice).await;
    let (state, asking) = (format!("{notice}/state"), format!("{notice}?choice=refund"));
    let choice = [("choice", "refund")];
    let (news, chosen) = tokio::join!(v.part(&state), v.submit(&asking, &notice, &["key"], &choice));
    assert_eq!((news.status < 300, chosen.status), (true, 303));
}

/// A first visit, page by page.
pub(crate) async fn first_visit(v: &Visitor<'_>, root: &str, id_no: &str) {
    let at = |path: &str| format!("{root}/first-visit{path}");
    v.submitted(&at(""), &at(""), &[], &[("next", "paid")]).await;
    for (step, typed) in [
        ("/document", &[("id_type", "resident_id"), ("id_no", id_no), ("name", NEW_NAME)][..]),
        ("/person", &[("ethnic", "01"), ("marital", "10")]),
        ("/home", &[("address", NEW_ADDRESS), ("phone", NEW_PHONE), ("pay_method", "7")]),
        ("/contact", &[("contact_name", NEW_CONTACT), ("contact_relation", "5")]),
    ] {
        v.submitted(&at(step), &at(step), &[], typed).await;
    }
    v.submitted(&at("/review"), &at("/review"), &[], &[]).await;
    until("the file is made", async || {
        let state = v.part(&at("/result/state")).await;
        state.headers.contains_key("hx-redirect") || state.status == 200
    })
    .await;
    let result = v.get(&at("/result")).await;
    assert!(result.status == 200 && result.text().contains("建档成功"), "{} {}", result.status, to(&result));
}

/// The session ends, with whatever it knew.
pub(crate) async fn leave(v: &Visitor<'_>, root: &str) {
    v.submitted(&format!("{root}/unpaid"), &format!("{root}/exit"), &[], &[]).await;
    assert_eq!(v.ask(&Method::GET, &format!("{root}/unpaid"), |request| request).await.status, 303);
}
