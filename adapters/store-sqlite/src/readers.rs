//! A few read connections, each on its own thread, fed from one bounded queue.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_channel::oneshot;
use menjie::port::StoreError;
use rusqlite::Connection;

use crate::exec::short;

/// Reads that may wait; more are answered `Busy`.
const QUEUE: usize = 1024;

type Task = Box<dyn FnOnce(&Connection) + Send>;

/// The read connections; dropping them lets waiting reads finish.
pub(crate) struct Readers {
    queue: Option<SyncSender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(crate) fn start(connections: Vec<Connection>) -> std::io::Result<Readers> {
        let (queue, tasks) = sync_channel(QUEUE);
        let tasks = Arc::new(Mutex::new(tasks));
        let spawn = |conn: Connection| {
            let tasks = Arc::clone(&tasks);
            std::thread::Builder::new().name("menjie-reader".to_owned()).spawn(move || serve(&conn, &tasks))
        };
        let threads = connections.into_iter().map(spawn).collect::<Result<_, _>>()?;
        Ok(Readers { queue: Some(queue), threads })
    }

    /// Runs `read` on a connection, within one snapshot.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let stopped = || StoreError::Failed("the readers have stopped".to_owned());
        let (answer, receiver) = oneshot::channel();
        let task: Task = Box::new(move |conn| {
            let _gone = answer.send(snapshot(conn, read));
        });
        match self.queue.as_ref().ok_or_else(stopped)?.try_send(task) {
            Ok(()) => receiver.await.map_err(|_| stopped())?,
            Err(TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }
}

fn snapshot<T>(conn: &Connection, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::Failed(short(&error));
    let transaction = conn.unchecked_transaction().map_err(failed)?;
    let answer = read(&transaction);
    transaction.finish().map_err(failed)?;
    answer
}

fn serve(conn: &Connection, tasks: &Mutex<Receiver<Task>>) {
    loop {
        let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(task) => task(conn),
            Err(_) => return,
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}
