//! Checking a password takes memory and time on purpose: on threads of its own, so that patients do not wait behind it, and never
//! many at once, so that whoever tries thousands fills no memory.

use std::sync::Arc;

use menjie::error::{Error, Result};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// So many at once; each takes 19 MiB.
const AT_ONCE: usize = 2;

/// The places where passwords are checked.
#[derive(Debug)]
pub struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Hashing {
        Hashing(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hashing {
    /// Runs work that checks or makes passwords, to its end, whether or not anybody still waits for it.
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Error::internal("the places stay open"))?;
        let runtime = Handle::current();
        let done = tokio::task::spawn_blocking(move || {
            let _held = place;
            runtime.block_on(work)
        });
        done.await.map_err(|_| Error::internal("a password is checked without a panic"))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn never_more_than_two_at_once() {
        let hashing = Arc::new(Hashing::default());
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let all: Vec<_> = (0..12)
            .map(|n| {
                let (hashing, now, most) = (Arc::clone(&hashing), Arc::clone(&now), Arc::clone(&most));
                tokio::spawn(async move {
                    let work = async move {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        for _ in 0..50 {
                            tokio::task::yield_now().await;
                        }
                        now.fetch_sub(1, Ordering::SeqCst);
                        Ok(n)
                    };
                    hashing.run(work).await
                })
            })
            .collect();
        for (n, task) in all.into_iter().enumerate() {
            assert_eq!(task.await.unwrap().unwrap(), n);
        }
        assert!((1..=AT_ONCE).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_gives_its_place_back() {
        let hashing = Hashing::default();
        for _ in 0..AT_ONCE * 2 {
            let failed = hashing.run(async { if true { panic!("planted") } else { Ok(()) } }).await.unwrap_err();
            assert_eq!(failed.code(), menjie::error::Code::Internal);
        }
        hashing.run(async { Ok(()) }).await.unwrap();
    }
}
