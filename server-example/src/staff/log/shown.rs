//! What the log tells, for people. No body is in here: those are shown by [`super::record`] alone.

use menjie::port::Direction;
use menjie_bridge::sealed_log::Act;
use menjie_bridge::sealed_log::view::{Exchange, Item, Outcome, visible};

/// A line of the list, and the head of a record.
pub(super) struct Shown {
    pub(super) seq: u64,
    pub(super) at: String,
    /// It has bodies that can be opened.
    pub(super) exchange: bool,
    pub(super) direction: &'static str,
    /// The counterpart; of an access who it was.
    pub(super) peer: String,
    /// The interface; of an access what was done.
    pub(super) interface: String,
    pub(super) order: String,
    pub(super) result: &'static str,
    /// `open`, `wait` or nothing.
    pub(super) tone: &'static str,
    /// Status or fault; of an access the reason.
    pub(super) status: String,
    pub(super) took: String,
    pub(super) hospital: String,
    /// SM3 of the raw bytes that went out and came back.
    pub(super) digests: Vec<(&'static str, String)>,
}

impl Shown {
    pub(super) fn of(item: &Item) -> Shown {
        match item {
            Item::Exchange(exchange) => Shown::of_exchange(exchange),
            Item::Access { seq, access } => Shown {
                peer: visible(access.actor.strip_prefix("staff:").unwrap_or(&access.actor)),
                interface: format!("查看日志：{}", act(access.act)),
                order: visible(&access.about),
                status: visible(&access.reason),
                result: "查看记录",
                ..Shown::bare(*seq, access.at.plain())
            },
            Item::Strange { seq, at, kind } => Shown { interface: format!("未知类型 {kind}"), result: "无法识别", tone: "wait", ..Shown::bare(*seq, at.plain()) },
        }
    }

    fn of_exchange(exchange: &Exchange) -> Shown {
        let outcome = exchange.outcome();
        let mut shown = Shown {
            exchange: true,
            result: outcome.text(),
            tone: match outcome {
                Outcome::Answered | Outcome::Unsent => "",
                Outcome::Unknown => "wait",
                Outcome::InDoubt => "open",
            },
            took: exchange.duration_ms().map(|ms| format!("{ms}毫秒")).unwrap_or_default(),
            ..Shown::bare(exchange.seq, exchange.at().map(menjie::Timestamp::plain).unwrap_or_default())
        };
        if let Some(began) = &exchange.began {
            shown.direction = match began.direction {
                Direction::Out => "本方发起",
                Direction::In => "对方发起",
            };
            shown.peer = visible(&began.peer);
            shown.interface = visible(&began.interface);
            shown.order = began.business_no.as_deref().map(visible).unwrap_or_default();
            shown.hospital = visible(&began.hospital);
            shown.digests.push(("请求摘要", visible(&began.digest)));
        }
        if let Some(ended) = &exchange.ended {
            shown.status = visible(&ended.status);
            shown.digests.push(("应答摘要", visible(&ended.digest)));
        }
        shown
    }

    fn bare(seq: u64, at: String) -> Shown {
        Shown {
            seq,
            at,
            exchange: false,
            direction: "",
            peer: String::new(),
            interface: String::new(),
            order: String::new(),
            result: "",
            tone: "",
            status: String::new(),
            took: String::new(),
            hospital: String::new(),
            digests: Vec::new(),
        }
    }
}

const fn act(act: Act) -> &'static str {
    match act {
        Act::Login => "载入密钥",
        Act::Search => "打开（脱敏）",
        Act::Unmask => "显示原文",
        Act::Export => "导出",
        Act::Rewrap => "重新封装",
        Act::Denied => "被拒",
    }
}
