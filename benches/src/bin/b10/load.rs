//! A server before its counterparts and the payers who have not paid yet; and what the counterparts say when all is done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use menjie_benches::Fallible;
use menjie_benches::bill::requests;
use menjie_benches::pay::{Desk, Payer, each};
use menjie_benches::process::Process;
use menjie_benches::rig::Rig;

use crate::options::Options;

/// The counterparts must show everything as done this long after the last payer has been told.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// menjie's server.
    Menjie,
    /// The peer doing the same work.
    Whole,
    /// The same, with one commit for what comes up in one turn of the event loop.
    Grouped,
    /// The peer of BENCHMARKS' B10: order and callback.
    Minimal,
}

impl Side {
    /// As printed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Side::Menjie => "menjie",
            Side::Whole => "fastify whole",
            Side::Grouped => "fastify whole, group commit",
            Side::Minimal => "fastify minimal",
        }
    }
}

/// A running server and its payers.
pub(crate) struct Load {
    side: Side,
    /// The counterparts.
    pub(crate) rig: Arc<Rig>,
    /// The server.
    pub(crate) process: Process,
    /// Where payers stand.
    pub(crate) desk: Desk,
    waiting: Vec<Payer>,
    paid: usize,
}

impl Load {
    /// A server with `payers` before counterparts that answer after `latency_ms`. menjie's patients identify themselves and get
    /// a quote first; that is not measured, the peer has nothing like it.
    pub(crate) async fn start(options: &Options, side: Side, payers: usize, latency_ms: u32, disk: &std::path::Path) -> Fallible<Load> {
        let rig = Arc::new(Rig::start(u32::try_from(payers)?, latency_ms, disk).await?);
        let process = match side {
            Side::Menjie => rig.menjie(&options.server, None).await?,
            Side::Whole => rig.fastify(&options.node, &options.fastify, "whole").await?,
            Side::Grouped => rig.fastify(&options.node, &options.fastify, "grouped").await?,
            Side::Minimal => rig.fastify(&options.node, &options.fastify, "minimal").await?,
        };
        let desk = Desk::new(&rig.client, &process.base);
        let waiting = match side {
            Side::Menjie => quotes(&rig, &desk).await?,
            Side::Whole | Side::Grouped => requests(&rig.day)?.into_iter().map(Payer::Whole).collect(),
            Side::Minimal => (0..payers).map(|n| Payer::Minimal(format!("F{n:019}"))).collect(),
        };
        Ok(Load { side, rig, process, desk, waiting, paid: 0 })
    }

    /// The next payers; the same patients for menjie and the whole flow.
    pub(crate) fn next(&mut self, count: usize) -> Fallible<Vec<Payer>> {
        let left = self.waiting.len().checked_sub(count).ok_or("there are too few patients")?;
        self.paid += count;
        Ok(self.waiting.split_off(left))
    }

    /// `count` payments, `at_once` at a time, from first request to the news that all is done; how long each took.
    pub(crate) async fn pay(&mut self, count: usize, at_once: usize) -> Fallible<Vec<Duration>> {
        let (desk, rig) = (self.desk.clone(), Arc::clone(&self.rig));
        let done = each(self.next(count)?, at_once, move |payer| {
            let (desk, rig) = (desk.clone(), Arc::clone(&rig));
            async move { desk.pay(&rig.sim, &payer).await }
        });
        Ok(done.await?.into_iter().map(|(_, took)| took).collect())
    }

    /// Waits until the counterparts have everything of everybody who paid, and checks that they have it once. Gives the sum paid.
    pub(crate) async fn finished(&self) -> Fallible<i64> {
        let begun = Instant::now();
        loop {
            let truth = self.rig.sim.with(|hospital, now| hospital.truth(now));
            let captured = truth.wechat.trades.values().filter(|trade| trade.captured_fen == trade.total_fen).count();
            let acknowledged = usize::try_from(truth.wechat.callbacks.acknowledged)?;
            let invoices = if self.side == Side::Minimal { self.paid } else { truth.invoice.tickets.len() };
            if invoices == self.paid && acknowledged == self.paid {
                let sum = truth.wechat.captured_fen;
                let once = truth.his.settlements.values().filter(|s| s.bookings == 1).count();
                let same = [truth.his.posted_fen, truth.invoice.issued_fen] == [sum, sum];
                let right = captured == self.paid && (self.side == Side::Minimal || once == self.paid && same);
                return if right { Ok(sum) } else { Err(format!("of {} paid, {captured} are captured and {once} booked once; sums agree: {same}", self.paid).into()) };
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{acknowledged} callbacks and {invoices} invoices of {} after {} s", self.paid, PATIENCE.as_secs()).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Quotes of one bill a patient, in the order of the day.
async fn quotes(rig: &Arc<Rig>, desk: &Desk) -> Fallible<Vec<Payer>> {
    let at = desk.clone();
    let quoted = each(rig.day.patients.iter().cloned().enumerate().collect(), 16, move |(place, patient)| {
        let at = at.clone();
        async move { Ok((place, at.quote(&patient, 1).await?)) }
    });
    let mut quoted = quoted.await?;
    quoted.sort_by_key(|((place, _), _)| *place);
    Ok(quoted.into_iter().map(|((_, quoted), _)| Payer::Quoted(quoted)).collect())
}
