//! What a person is told, and when he may be disturbed. Texts are neutral: outside the hospital nothing names an illness, a
//! drug or a department (domain/hospital.md §1.11 e).

use serde::{Deserialize, Serialize};

use super::registration::Session;
use super::terms::NoticeTerms;
use crate::calendar::{BizDate, Timestamp};
use crate::ident::{RefundId, SettlementId, SuspensionId};
use crate::money::Money;

const HOUR_MS: i64 = 3_600_000;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A booked session does not take place as booked.
    ClinicStopped,
    /// It takes place after all: what the message before said is taken back.
    ClinicResumed,
    /// An e-invoice is there to be looked at (电子票据推送).
    InvoiceIssued,
    /// Whoever decides about a refund wants to know more (补充说明).
    RefundQuestion,
}

/// One message, as data; the gateway's template gives it its wording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// What about.
    pub kind: MessageKind,
    /// The hospital's short name.
    pub hospital_name: String,
    /// The day it is about.
    pub date: BizDate,
    /// The part of the day, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// How much it is about, where it is about money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_fen: Option<Money>,
    /// The page to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Message {
    /// The message about a suspension.
    pub fn stopped(terms: &NoticeTerms, date: BizDate, session: Session, suspension: SuspensionId) -> Message {
        Message::about(MessageKind::ClinicStopped, terms, date, session, suspension)
    }

    /// The message that takes it back.
    pub fn resumed(terms: &NoticeTerms, date: BizDate, session: Session, suspension: SuspensionId) -> Message {
        Message::about(MessageKind::ClinicResumed, terms, date, session, suspension)
    }

    fn about(kind: MessageKind, terms: &NoticeTerms, date: BizDate, session: Session, suspension: SuspensionId) -> Message {
        let link = terms.link.as_ref().map(|prefix| format!("{prefix}{suspension}"));
        Message { kind, hospital_name: terms.hospital_name.clone(), date, session: Some(session), amount_fen: None, link }
    }

    /// The message about an invoice; the patient reads it with what he has paid.
    pub fn invoiced(terms: &NoticeTerms, date: BizDate, amount_fen: Money, settlement: SettlementId) -> Message {
        let link = terms.invoice_link.as_ref().map(|prefix| format!("{prefix}{settlement}"));
        Message { kind: MessageKind::InvoiceIssued, hospital_name: terms.hospital_name.clone(), date, session: None, amount_fen: Some(amount_fen), link }
    }

    /// The message that there is a question about a refund; which, the patient reads with its progress.
    pub fn questioned(terms: &NoticeTerms, date: BizDate, refund: RefundId) -> Message {
        let link = terms.refund_link.as_ref().map(|prefix| format!("{prefix}{refund}"));
        Message { kind: MessageKind::RefundQuestion, hospital_name: terms.hospital_name.clone(), date, session: None, amount_fen: None, link }
    }

    /// The values a template may use, by name. Department and doctor are not among them, on purpose.
    pub fn values(&self) -> [(&'static str, String); 7] {
        let (what, todo) = match self.kind {
            MessageKind::ClinicStopped => ("您预约的门诊有变动", "请选择改约或退号"),
            MessageKind::ClinicResumed => ("您预约的门诊照常进行", "请按原预约时间就诊"),
            MessageKind::InvoiceIssued => ("您的电子票据已开具", "点击查看或下载票据"),
            MessageKind::RefundQuestion => ("您的退费申请需要补充说明", "请点击查看并补充说明"),
        };
        let session = self.session.map_or("", Session::text);
        [
            ("hospital", self.hospital_name.clone()),
            ("date", self.date.to_string()),
            ("day", format!("{}{session}", self.date.day_in_chinese())),
            ("session", session.to_owned()),
            ("amount", self.amount_fen.map(|amount| format!("{}元", amount.to_yuan())).unwrap_or_default()),
            ("what", what.to_owned()),
            ("todo", todo.to_owned()),
        ]
    }
}

impl NoticeTerms {
    /// When a message about something that happens at `about` may go out: now, or when the quiet hours are over.
    pub fn send_at(&self, now: Timestamp, about: Timestamp) -> Timestamp {
        let hour = now.hour();
        let (from, until) = (self.quiet_from_h, self.quiet_until_h);
        let quiet = if from <= until { (from..until).contains(&hour) } else { hour >= from || hour < until };
        if !quiet || about.since(now) < i64::from(self.urgent_h) * HOUR_MS {
            return now;
        }
        let today = now.biz_date().start().plus_millis(i64::from(until) * HOUR_MS);
        if today > now { today } else { now.biz_date().next().start().plus_millis(i64::from(until) * HOUR_MS) }
    }
}

/// Does a text say nothing about the kind of illness? What leaves the hospital must not.
pub fn is_neutral(text: &str) -> bool {
    const TELLING: [&str; 12] = ["精神", "心理", "心身", "抑郁", "焦虑", "躁狂", "分裂", "双相", "癫痫", "戒毒", "戒酒", "诊断"];
    !TELLING.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-03-{text}:00+08:00")).unwrap()
    }

    #[test]
    fn nobody_is_woken_unless_the_visit_is_near() {
        let terms = NoticeTerms::default();
        for (now, about, send) in [
            ("02T12:00", "05T08:00", "02T12:00"),
            ("02T21:59", "05T08:00", "02T21:59"),
            ("02T22:00", "05T08:00", "03T07:00"),
            ("03T00:00", "05T08:00", "03T07:00"),
            ("03T06:59", "05T08:00", "03T07:00"),
            ("03T07:00", "05T08:00", "03T07:00"),
            ("02T22:00", "03T10:00", "03T07:00"),
            ("02T22:01", "03T10:00", "02T22:01"),
            ("03T02:00", "03T08:00", "03T02:00"),
            ("03T02:00", "02T08:00", "03T02:00"),
        ] {
            assert_eq!(terms.send_at(at(now), at(about)), at(send), "{now} about {about}");
        }
        let never = NoticeTerms { quiet_from_h: 7, quiet_until_h: 7, ..NoticeTerms::default() };
        assert_eq!(never.send_at(at("03T07:30"), at("09T08:00")), at("03T07:30"));
        let siesta = NoticeTerms { quiet_from_h: 12, quiet_until_h: 14, ..NoticeTerms::default() };
        assert_eq!(siesta.send_at(at("03T12:30"), at("09T08:00")), at("03T14:00"));
    }

    #[test]
    fn what_is_sent_is_neutral() {
        let terms = NoticeTerms { link: Some("https://pay.example/h5/suspensions/".into()), ..NoticeTerms::default() };
        let message = Message::stopped(&terms, BizDate::parse("2026-03-05").unwrap(), Session::Pm, SuspensionId::new(7).unwrap());
        assert_eq!(message.link.as_deref(), Some("https://pay.example/h5/suspensions/7"));
        let values: std::collections::BTreeMap<_, _> = message.values().into();
        assert_eq!(values["day"], "3月5日下午");
        assert!(values.values().all(|v| is_neutral(v) && v.chars().count() <= 20));
        let message = Message::invoiced(
            &NoticeTerms { invoice_link: Some("https://pay.example/h5/paid/".into()), ..terms },
            BizDate::parse("2026-03-05").unwrap(),
            Money::from_fen(12_132).unwrap(),
            SettlementId::new(9).unwrap(),
        );
        assert_eq!(message.link.as_deref(), Some("https://pay.example/h5/paid/9"));
        let values: std::collections::BTreeMap<_, _> = message.values().into();
        assert_eq!((values["day"].as_str(), values["amount"].as_str(), values["session"].as_str()), ("3月5日", "121.32元", ""));
        assert!(values.values().all(|v| is_neutral(v) && v.chars().count() <= 20));
        let message =
            Message::questioned(&NoticeTerms { refund_link: Some("https://pay.example/h5/refunds/".into()), ..NoticeTerms::default() }, message.date, RefundId::new(7).unwrap());
        assert_eq!(message.link.as_deref(), Some("https://pay.example/h5/refunds/7"));
        let values: std::collections::BTreeMap<_, _> = message.values().into();
        assert_eq!((values["what"].as_str(), values["amount"].as_str()), ("您的退费申请需要补充说明", ""));
        assert!(values.values().all(|v| is_neutral(v) && v.chars().count() <= 20));
        assert!(!is_neutral("汕头市精神卫生中心") && is_neutral("市第四医院"));
    }

    proptest! {
        #[test]
        fn a_message_is_never_sent_in_quiet_hours_unless_urgent(now in 0i64..1_000_000, about in 0i64..1_000_000, from in 0u8..24, until in 0u8..24) {
            let terms = NoticeTerms { quiet_from_h: from, quiet_until_h: until, ..NoticeTerms::default() };
            let (now, about) = (Timestamp::from_millis(now * 600_000), Timestamp::from_millis(about * 600_000));
            let send = terms.send_at(now, about);
            prop_assert!(send >= now && send.since(now) <= 24 * HOUR_MS);
            let hour = send.hour();
            let quiet = if from <= until { (from..until).contains(&hour) } else { hour >= from || hour < until };
            prop_assert!(!quiet || (send == now && about.since(now) < 12 * HOUR_MS));
        }
    }
}
