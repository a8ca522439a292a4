//! The second copy of the log is made beside everything else (异机副本): no transfer waits for it, and its failures are nobody's but its own.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use menjie::error::Code;
use menjie::port::{Clock, Entropy, Outcome};
use menjie::{Error, Result, Timestamp};
use menjie_host::{OsEntropy, SystemClock};
use menjie_log_file::{Copies, Piece};
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::config::CopyConfig;
use crate::ports::{Desk, HostLog, PortHost};

/// What became durable in the meantime is gathered into one piece.
const GATHER_MS: i64 = 200;
/// After a failure it is tried again so much later, then twice as late each time …
const FIRST_PAUSE_MS: i64 = 1_000;
/// … and no later than that.
const LONGEST_PAUSE_MS: i64 = 300_000;

/// When the copy is to end; nothing as long as it goes on.
type Stop = watch::Receiver<Option<Timestamp>>;

/// A copy that is being made, on a thread of its own.
pub(super) struct Copying {
    desk: Arc<Desk>,
    stop: watch::Sender<Option<Timestamp>>,
    thread: JoinHandle<()>,
}

impl Copying {
    /// Begins to hand the log over to its host.
    pub(super) fn start(copies: Copies, host: Arc<dyn PortHost>, config: CopyConfig) -> Result<Copying> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let desk = Desk::open(host, Arc::clone(&clock), 1)?;
        let (stop, stopped) = watch::channel(None);
        let runtime = Builder::new_current_thread().enable_time().build().map_err(|_| Error::internal("threads can be started"))?;
        let mut work = Work {
            copies,
            keeper: HostLog::new(Arc::clone(&desk), Arc::clone(&clock)),
            clock,
            entropy: Arc::new(OsEntropy),
            timeout_ms: i64::from(config.timeout_s) * 1_000,
            stopped,
        };
        let run = move || runtime.block_on(work.run());
        let thread = std::thread::Builder::new().name("menjie-copy".to_owned()).spawn(run).map_err(|_| Error::internal("threads can be started"))?;
        Ok(Copying { desk, stop, thread })
    }

    /// Hands over what is left, at most so long and until something is not taken; the rest waits for the next start. The log must have been
    /// closed before, so that its end is handed over as well. Gives the desk back, where the host may still be asked.
    pub(super) fn end(self, patience: Duration) -> Arc<Desk> {
        let Copying { desk, stop, thread } = self;
        let patience_ms = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        stop.send_replace(Some(SystemClock.now().plus_millis(patience_ms)));
        // One that panicked has handed over what it could: the next start goes on.
        let _ended = thread.join();
        desk
    }
}

/// What the thread does.
struct Work {
    copies: Copies,
    keeper: HostLog,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    timeout_ms: i64,
    stopped: Stop,
}

impl Work {
    async fn run(&mut self) {
        let end = ended(self.stopped.clone(), Arc::clone(&self.clock));
        tokio::pin!(end);
        let mut attempt = 1;
        loop {
            let tried = tokio::select! {
                biased;
                () = &mut end => return,
                tried = self.hand_over(attempt) => tried,
            };
            let closing = self.stopped.borrow().is_some();
            match tried {
                Tried::Nothing if closing => return,
                Tried::Nothing => {
                    let more = async {
                        self.copies.changed().await;
                        self.clock.sleep_until(self.clock.now().plus_millis(GATHER_MS)).await;
                    };
                    unless_stopped(self.stopped.clone(), more).await;
                }
                Tried::Copied => attempt = 1,
                // Whoever waits for the end does not wait for a keeper that fails.
                Tried::Failed if closing => return,
                Tried::Failed => {
                    let pause = self.clock.now().plus_millis(pause_ms(attempt, self.entropy.as_ref()));
                    unless_stopped(self.stopped.clone(), self.clock.sleep_until(pause)).await;
                    attempt = attempt.saturating_add(1);
                }
            }
        }
    }

    /// One piece.
    async fn hand_over(&mut self, attempt: u32) -> Tried {
        let piece = match self.copies.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => return Tried::Nothing,
            Err(error) => return self.failed("disk", &error),
        };
        let outcome = self.keeper.copy(&piece, attempt, self.clock.now().plus_millis(self.timeout_ms)).await;
        self.learn(&piece, outcome)
    }

    fn learn(&mut self, piece: &Piece, outcome: Outcome<()>) -> Tried {
        let now = self.clock.now();
        let (word, code, text) = match outcome {
            Outcome::Done(()) => {
                return match self.copies.copied(piece, now) {
                    Ok(()) => Tried::Copied,
                    Err(error) => self.failed("disk", &error),
                };
            }
            Outcome::Refused(no) => ("refused", no.code, no.text),
            Outcome::Unsent(fault) => ("unsent", fault.code, fault.text),
            Outcome::Unknown(fault) => ("unknown", fault.code, fault.text),
        };
        // A disk that does not keep this does not keep the cursor either: that is told when it fails.
        let _kept = self.copies.failed(word, &code, &text, now);
        Tried::Failed
    }

    fn failed(&mut self, word: &str, error: &Error) -> Tried {
        let _kept = self.copies.failed(word, &Code::LogFailed.number().to_string(), &error.to_string(), self.clock.now());
        Tried::Failed
    }
}

enum Tried {
    /// There was nothing to be handed over.
    Nothing,
    Copied,
    Failed,
}

/// The instant is over until which the copy may go on; at once when nobody is left to stop it.
async fn ended(mut stopped: Stop, clock: Arc<dyn Clock>) {
    let until = stopped.wait_for(Option::is_some).await.ok().and_then(|until| *until);
    if let Some(until) = until {
        clock.sleep_until(until).await;
    }
}

/// Waits, but no longer than until the copy is stopped.
async fn unless_stopped(mut stopped: Stop, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stopped.wait_for(Option::is_some) => {}
    }
}

/// A random part of the pause, from half of it on, so that many hosts do not come back at once.
fn pause_ms(attempt: u32, entropy: &dyn Entropy) -> i64 {
    let whole = FIRST_PAUSE_MS.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(LONGEST_PAUSE_MS);
    let mut random = [0; 4];
    entropy.fill(&mut random);
    let half = whole / 2;
    half + i64::from(u32::from_be_bytes(random)) * half / i64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
