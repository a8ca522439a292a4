//! The numbers of a day, a row a channel: on the page, and at the end of its file (domain/hospital.md §6.4, 汇总块).

use menjie::calendar::BizDate;
use menjie::error::Error;
use menjie::ident::ChannelCode;
use menjie::reconcile::{Kind, SideTotal};
use menjie::service::{Day, ItemState};

use super::{stored, yuan};
use crate::app::App;
use crate::staff::gate::StaffSession;
use crate::staff::refunds::words;
use crate::staff::trail::quoted;

/// A number of rows and their net amount.
pub(super) struct Sum {
    pub(super) rows: u64,
    pub(super) yuan: String,
}

/// A channel on a day that was reconciled.
pub(super) struct Sums {
    pub(super) merchant_no: String,
    pub(super) his: Sum,
    pub(super) channel: Sum,
    pub(super) insurer: Sum,
    pub(super) ledger: Sum,
    pub(super) matched: u64,
    pub(super) long: Sum,
    pub(super) short: Sum,
    pub(super) open: u64,
    pub(super) waiting: u64,
    pub(super) resolved: u64,
    pub(super) conclusion: &'static str,
    pub(super) balanced: bool,
}

/// A channel, whether the day is reconciled or not.
pub(super) struct OfChannel {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) sums: Option<Sums>,
}

impl Sum {
    fn of(side: SideTotal) -> Sum {
        Sum { rows: side.rows + side.pooled, yuan: yuan(side.net_fen) }
    }
}

impl Sums {
    pub(super) fn of(day: &Day) -> Sums {
        let s = &day.summary;
        Sums {
            merchant_no: day.merchant_no.clone().unwrap_or_default(),
            his: Sum::of(s.his),
            channel: Sum::of(s.channel),
            insurer: Sum::of(s.insurer),
            ledger: Sum::of(s.ledger),
            matched: s.movements.get(&Kind::Matched).copied().unwrap_or(0),
            long: Sum { rows: s.long, yuan: yuan(s.long_fen) },
            short: Sum { rows: s.short, yuan: yuan(s.short_fen) },
            open: day.count(ItemState::Open),
            waiting: day.count(ItemState::Waiting),
            resolved: day.count(ItemState::Resolved),
            conclusion: day.conclusion().text(),
            balanced: day.count(ItemState::Open) == 0,
        }
    }

    /// What each side tells.
    pub(super) fn sides(&self) -> [(&'static str, &Sum); 4] {
        [("HIS", &self.his), ("渠道", &self.channel), ("医保", &self.insurer), ("本平台", &self.ledger)]
    }

    /// What one side has more.
    pub(super) fn more(&self) -> [(&'static str, &Sum); 2] {
        [("长款", &self.long), ("短款", &self.short)]
    }

    /// Its cells in the file, after day and channel.
    fn cells(&self) -> Vec<String> {
        let both = |(_, sum): (_, &Sum)| [sum.rows.to_string(), sum.yuan.clone()];
        let mut cells = vec![self.merchant_no.clone()];
        cells.extend(self.sides().into_iter().flat_map(both));
        cells.push(self.matched.to_string());
        cells.extend(self.more().into_iter().flat_map(both));
        cells.extend([self.open, self.waiting, self.resolved].map(|count| count.to_string()));
        cells.push(self.conclusion.to_owned());
        cells
    }
}

/// Every channel of the hospital on a day.
pub(super) async fn of_day(app: &App, session: &StaffSession, date: BizDate) -> Result<Vec<OfChannel>, Error> {
    let channels: Vec<ChannelCode> = app.engine().hospital(app.hospital())?.channels.keys().cloned().collect();
    let mut all = Vec::with_capacity(channels.len());
    for channel in channels {
        let sums = stored(app, session, date, &channel).await?.as_ref().map(Sums::of);
        all.push(OfChannel { name: words::channel(channel.as_str()).to_owned(), code: channel.to_string(), sums });
    }
    Ok(all)
}

/// The block at the end of the file.
pub(super) fn lines(date: BizDate, all: &[OfChannel]) -> String {
    let head = "汇总日,渠道,商户号,HIS笔数,HIS金额,渠道笔数,渠道金额,医保笔数,医保金额,平台笔数,平台金额,平笔数,长款笔数,长款金额,短款笔数,短款金额,待处理,待次日账单,已处理,结论";
    let blank = || head.split(',').skip(3).map(|_| String::new()).chain(["未对账".to_owned()]).collect();
    let line = |of: &OfChannel| {
        let cells = [date.to_string(), of.code.clone()].into_iter().chain(of.sums.as_ref().map_or_else(blank, Sums::cells));
        cells.map(|cell| quoted(&cell)).collect::<Vec<_>>().join(",") + "\r\n"
    };
    format!("\r\n{head}\r\n{}", all.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreadsheets join the block by its columns: whatever a channel has, its line has as many as the head.
    #[test]
    fn every_line_has_the_columns_of_the_head() {
        let sum = |rows, yuan: &str| Sum { rows, yuan: yuan.to_owned() };
        let sums = Sums {
            merchant_no: "1900000001".to_owned(),
            his: sum(1, "20.00"),
            channel: sum(2, "28.01"),
            insurer: sum(0, "0.00"),
            ledger: sum(0, "0.00"),
            matched: 1,
            long: sum(1, "8.01"),
            short: sum(0, "0.00"),
            open: 1,
            waiting: 0,
            resolved: 2,
            conclusion: "账不平",
            balanced: false,
        };
        let of = |code: &str, sums| OfChannel { code: code.to_owned(), name: code.to_owned(), sums };
        let text = lines(BizDate::parse("2026-03-15").unwrap(), &[of("wechat", Some(sums)), of("alipay", None)]);
        let lines: Vec<Vec<&str>> = text.trim_matches(['\r', '\n']).split("\r\n").map(|line| line.split(',').collect()).collect();
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
        let cell = |line: usize, name: &str| lines[line][lines[0].iter().position(|head| *head == name).unwrap()].trim_matches('"').to_owned();
        assert_eq!(["商户号", "渠道笔数", "渠道金额", "长款金额", "已处理", "结论"].map(|name| cell(1, name)), ["1900000001", "2", "28.01", "8.01", "2", "账不平"]);
        assert_eq!((cell(2, "渠道"), cell(2, "HIS笔数"), cell(2, "结论")), ("alipay".to_owned(), String::new(), "未对账".to_owned()));
    }
}
