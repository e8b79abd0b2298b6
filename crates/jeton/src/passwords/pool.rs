//! The threads that hash, and the short queue before them.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::error;

use super::PasswordError;
use super::worker::{OutOfMemory, Worker};

/// A fixed number of threads. They end when the pool is dropped, each after the work that is waiting.
#[derive(Debug)]
pub(super) struct Pool {
    jobs: SyncSender<Job>,
    shape: Shape,
    pace: Arc<Pace>,
}

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

#[derive(Clone, Copy, Debug)]
struct Shape {
    threads: NonZeroUsize,
    queue: usize,
}

impl Pool {
    /// Starts the threads, each with hands of its own.
    pub(super) fn start(threads: NonZeroUsize, queue: usize, mut worker: impl FnMut() -> Worker) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(queue);
        let waiting = Arc::new(Mutex::new(waiting));
        let pace = Arc::new(Pace::default());
        for number in 0..threads.get() {
            let (waiting, pace, worker) = (Arc::clone(&waiting), Arc::clone(&pace), worker());
            thread::Builder::new()
                .name(format!("jeton-password-{number}"))
                .spawn(move || work(&waiting, &pace, worker))?;
        }
        Ok(Self { jobs, shape: Shape { threads, queue }, pace })
    }

    /// Has a thread do this, unless the caller has gone away by the time one is free.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Worker) -> Result<T, OutOfMemory> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |worker| {
            if !reply.is_closed() {
                // Only a caller who left meanwhile makes this fail.
                let _ = reply.send(task(worker));
            }
        });
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => PasswordError::Overloaded { retry_after: self.pace.until_free(self.shape) },
            TrySendError::Disconnected(_) => PasswordError::Unavailable,
        })?;
        match answer.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(OutOfMemory)) => {
                error!(
                    "no memory for a password hash: lower the number of threads, or what argon2 and scrypt may take"
                );
                Err(PasswordError::Unavailable)
            }
            Err(_) => Err(PasswordError::Unavailable),
        }
    }
}

fn work(waiting: &Mutex<Receiver<Job>>, pace: &Pace, mut worker: Worker) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let started = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| job(&mut worker))).is_err() {
            error!("a password hash panicked; its request is answered as unavailable");
        }
        pace.note(started.elapsed());
    }
}

/// How long a job takes here, on average over the last few.
#[derive(Debug, Default)]
struct Pace {
    micros: AtomicU64,
}

impl Pace {
    fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let before = self.micros.load(Ordering::Relaxed);
        let after = if before == 0 { took } else { before - before / 8 + took / 8 };
        self.micros.store(after, Ordering::Relaxed);
    }

    /// How long a full queue takes to empty, in whole seconds, at least one and at most a minute.
    fn until_free(&self, shape: Shape) -> Duration {
        let jobs = u64::try_from(shape.queue / shape.threads).unwrap_or(u64::MAX).saturating_add(1);
        let micros = self.micros.load(Ordering::Relaxed).saturating_mul(jobs);
        Duration::from_secs(micros.div_ceil(1_000_000).clamp(1, 60))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::super::cost::Argon2Cost;
    use super::*;

    fn pool(threads: usize, queue: usize) -> Pool {
        Pool::start(NonZeroUsize::new(threads).unwrap(), queue, || Worker::new(Argon2Cost::default())).unwrap()
    }

    /// Keeps a thread of the pool busy until the sender is dropped.
    async fn occupy(pool: &Arc<Pool>) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel::<()>();
        let (started, running) = oneshot::channel();
        let pool = Arc::clone(pool);
        tokio::spawn(async move {
            pool.run(move |_| {
                let _ = started.send(());
                let _ = held.recv();
                Ok(())
            })
            .await
        });
        running.await.unwrap();
        release
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_says_when_to_come_back() {
        let pool = Arc::new(pool(1, 2));
        let release = occupy(&pool).await;
        let mut waiting: Vec<_> = (0..2).map(|number| Box::pin(pool.run(move |_| Ok(number)))).collect();
        for future in &mut waiting {
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context)))
                    .await
                    .is_pending()
            );
        }
        let refused = pool.run(|_| Ok(())).await;
        let Err(PasswordError::Overloaded { retry_after }) = refused else { panic!("{refused:?}") };
        assert_eq!(retry_after, Duration::from_secs(1));
        drop(release);
        for (number, future) in waiting.into_iter().enumerate() {
            assert_eq!(future.await.unwrap(), number, "those who wait are served");
        }
        assert!(pool.run(|_| Ok(())).await.is_ok(), "and then there is room again");
    }

    #[tokio::test]
    async fn the_work_of_a_caller_who_left_is_not_done() {
        let pool = Arc::new(pool(1, 8));
        let release = occupy(&pool).await;
        let (done, seen) = mpsc::channel();
        let mut left = Box::pin(pool.run(move |_| done.send(()).map_err(|_| OutOfMemory)));
        assert!(std::future::poll_fn(|context| std::task::Poll::Ready(left.as_mut().poll(context))).await.is_pending());
        drop(left);
        drop(release);
        pool.run(|_| Ok(())).await.unwrap();
        assert!(seen.recv().is_err(), "the job was dropped, its sender with it");
    }

    #[tokio::test]
    async fn a_panic_or_lack_of_memory_fails_one_request_only() {
        let pool = pool(1, 8);
        let panicked = pool.run(|_| -> Result<(), OutOfMemory> { panic!("planted") }).await;
        assert_eq!(panicked, Err(PasswordError::Unavailable));
        assert_eq!(pool.run(|_| Err::<(), _>(OutOfMemory)).await, Err(PasswordError::Unavailable));
        assert_eq!(
            pool.run(|_| Ok(thread::current().name().map(str::to_owned))).await,
            Ok(Some("jeton-password-0".into()))
        );
    }

    #[tokio::test]
    async fn each_thread_works_beside_the_others() {
        let pool = Arc::new(pool(3, 8));
        let (_first, _second) = (occupy(&pool).await, occupy(&pool).await);
        assert_eq!(pool.run(|_| Ok(3)).await, Ok(3));
    }

    #[test]
    fn the_wait_is_what_the_queue_takes_at_the_usual_pace() {
        let pace = Pace::default();
        let shape = Shape { threads: NonZeroUsize::new(2).unwrap(), queue: 100 };
        assert_eq!(pace.until_free(shape), Duration::from_secs(1));
        for _ in 0..100 {
            pace.note(Duration::from_millis(120));
        }
        assert_eq!(pace.until_free(shape), Duration::from_secs(7));
        pace.note(Duration::from_secs(10_000));
        assert_eq!(pace.until_free(shape), Duration::from_secs(60));
    }
}
