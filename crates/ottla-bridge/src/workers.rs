//! Threads that serve connections, each with an event loop of its own.
//!
//! A runtime that moves tasks between its threads lets an idle one wait for all sockets. Each message of a busy
//! connection then wakes that thread as well, to no end but a processor's time: half of what a connection used. Here a
//! connection stays on its thread, whose sockets nobody else watches.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// One thread for each processor. They end, with all that they serve, when this is dropped.
pub(crate) struct Workers(Vec<Worker>);

struct Worker {
    runtime: Handle,
    serving: Arc<AtomicUsize>,
    /// Its end stops the thread.
    _running: oneshot::Sender<()>,
}

/// Counts a task of a worker until it is over, whatever its end.
struct Served(Arc<AtomicUsize>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// Starts the threads. Where the system lets none start, tasks run on the caller's runtime.
    pub(crate) fn start() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let mut workers = Vec::with_capacity(processors);
        for _ in 0..processors {
            match Worker::start() {
                Ok(worker) => workers.push(worker),
                Err(error) => {
                    tracing::warn!(%error, started = workers.len(), wanted = processors, "cannot start a thread");
                }
            }
        }
        Self(workers)
    }

    /// Runs a task where the fewest are.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let idlest = self
            .0
            .iter()
            .min_by_key(|worker| worker.serving.load(Ordering::Relaxed));
        let Some(worker) = idlest else {
            tokio::spawn(task);
            return;
        };
        worker.serving.fetch_add(1, Ordering::Relaxed);
        let served = Served(Arc::clone(&worker.serving));
        worker.runtime.spawn(async move {
            task.await;
            drop(served);
        });
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (running, stopped) = oneshot::channel::<()>();
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("bridge-worker".to_owned())
            .spawn(move || {
                // Nothing is ever sent.
                drop(runtime.block_on(stopped));
                // Names that are still being resolved are nobody's any more.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            runtime: handle,
            serving: Arc::default(),
            _running: running,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Mutex;
    use tokio::sync::{Barrier, mpsc};

    #[tokio::test]
    async fn tasks_are_spread_and_end_with_the_workers() {
        let workers = Workers::start();
        let count = workers.0.len();
        let (threads, barrier) = (
            Arc::new(Mutex::new(HashSet::new())),
            Arc::new(Barrier::new(count + 1)),
        );
        let (alive, mut ended) = mpsc::channel::<()>(1);
        for _ in 0..count {
            let (threads, barrier, alive) = (Arc::clone(&threads), Arc::clone(&barrier), alive.clone());
            workers.spawn(async move {
                threads.lock().unwrap().insert(thread::current().id());
                barrier.wait().await;
                std::future::pending::<()>().await;
                drop(alive);
            });
        }
        barrier.wait().await;
        assert_eq!(threads.lock().unwrap().len(), count);
        let serving = || {
            workers
                .0
                .iter()
                .map(|worker| worker.serving.load(Ordering::Relaxed))
                .collect::<Vec<_>>()
        };
        assert_eq!(serving(), vec![1; count]);
        drop((alive, workers));
        assert_eq!(ended.recv().await, None);
    }
}
