//! Following the change log: woken where the engine can wake, looking again now and then in any case.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use jeton_token::time::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::changes::{self, Change, STRIDE};
use crate::engine::{Engine, Row, Statement, Watch};
use crate::{Store, StoreError, flush};

/// What the writers of a process tell its followers.
#[derive(Debug)]
pub(crate) struct Feed {
    /// How many changes this process has announced.
    announced: AtomicU64,
    followers: Mutex<Vec<Weak<Reader>>>,
    /// In microseconds.
    life: AtomicI64,
}

/// How far a follower is.
#[derive(Debug)]
struct Reader {
    wake: Notify,
    /// How much of what was announced it knows.
    knows: watch::Sender<u64>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { announced: AtomicU64::new(0), followers: Mutex::default(), life: AtomicI64::new(DAY) }
    }
}

impl Feed {
    pub(crate) fn set_life(&self, life: Duration) {
        self.life.store(i64::try_from(life.as_micros()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn life(&self) -> Duration {
        Duration::from_micros(self.life.load(Ordering::Relaxed).max(0).cast_unsigned())
    }

    /// Something was committed. Where nobody follows in this process, the others are woken at once; else a follower
    /// does it, once for all that came together.
    pub(crate) async fn announce(&self, engine: &Engine) {
        let number = self.announced.fetch_add(1, Ordering::SeqCst) + 1;
        let readers = self.readers();
        if readers.is_empty() {
            return engine.wake_others().await;
        }
        let patience = Instant::now() + PATIENCE;
        for reader in &readers {
            reader.wake.notify_one();
        }
        for reader in &readers {
            let mut knows = reader.knows.subscribe();
            if timeout_at(patience, knows.wait_for(|known| *known >= number)).await.is_err() {
                tracing::warn!("this process has not heard of its own change yet: the database is slow");
            }
        }
    }

    /// What a process without followers has announced, the others have had the time to hear of when this comes back.
    pub(crate) async fn settle(&self) {
        if self.announced.load(Ordering::SeqCst) > 0 && self.readers().is_empty() {
            tokio::time::sleep(2 * LOOK_AT_FILE_EVERY).await;
        }
    }

    fn readers(&self) -> Vec<Arc<Reader>> {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|reader| reader.strong_count() > 0);
        followers.iter().filter_map(Weak::upgrade).collect()
    }

    fn join(&self) -> Arc<Reader> {
        let reader = Arc::new(Reader { wake: Notify::new(), knows: watch::Sender::new(0) });
        self.followers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&reader));
        reader
    }
}

/// Reads the change log from its beginning on, for as long as it is held.
#[derive(Debug)]
pub struct Follower {
    watch: Watch,
    feed: Arc<Feed>,
    reader: Arc<Reader>,
    /// The highest number that was read; nothing before the first reading.
    newest: Option<i64>,
    /// Numbers that were missing between others, and since when: their transactions may be under way.
    gaps: VecDeque<(i64, Instant)>,
    next_look: Instant,
    /// When the last reading began.
    asked_at: Instant,
    /// What had been announced before the last reading.
    heard: u64,
}

impl Store {
    /// Follows the log from now on. Every write that is announced waits until [`Follower::next`] is called again.
    pub fn follow(&self) -> Follower {
        Follower {
            watch: self.engine.watch(),
            feed: Arc::clone(&self.feed),
            reader: self.feed.join(),
            newest: None,
            gaps: VecDeque::new(),
            next_look: Instant::now(),
            asked_at: Instant::now(),
            heard: 0,
        }
    }
}

impl Follower {
    /// Waits until there may be news, and reads. The first time everything that is still to be known, later what came
    /// since; an entry may come again. To call it again says that what it gave is known.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer in time; nothing is lost by that.
    pub async fn next(&mut self) -> Result<Vec<Change>, StoreError> {
        self.reader.knows.send_replace(self.heard);
        let (own, regular) = self.wait().await;
        let (asked_at, announced) = (Instant::now(), self.feed.announced.load(Ordering::SeqCst));
        if own {
            self.watch.wake_others().await;
        }
        let from = match self.newest {
            None => 0,
            Some(newest) => self.overlap(newest, regular),
        };
        let changes = self.read_after(from).await?;
        (self.asked_at, self.heard) = (asked_at, announced);
        Ok(changes)
    }

    /// When the reading began that came back last: what was committed before is in it.
    #[must_use]
    pub fn asked_at(&self) -> Instant {
        self.asked_at
    }

    /// What the clock of a server says; nothing where the database has none of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn clock(&mut self) -> Result<Option<Timestamp>, StoreError> {
        const SQL: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
        if !self.watch.is_remote() {
            return Ok(None);
        }
        let row = self.ask(Statement::new(SQL, [])).await?.into_iter().next();
        row.map(|mut row| row.next("clock_timestamp")).transpose()
    }

    /// See [`Store::flushed_through`].
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn flushed_through(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.ask(flush::through()).await?.into_iter().next();
        row.map_or(Ok(None), |mut row| row.next("jeton_flush.flushed_through"))
    }

    /// Whether it was this process that woke it, and whether it is time to look anyway.
    async fn wait(&mut self) -> (bool, bool) {
        let (own, regular) = tokio::select! {
            () = sleep_until(self.next_look) => (false, true),
            () = self.reader.wake.notified() => (true, false),
            () = self.watch.woken() => (false, false),
        };
        if regular {
            self.next_look = Instant::now() + self.watch.look_every();
        }
        (own, regular)
    }

    /// Where to read from: some numbers back, and at every regular look from the oldest gap on.
    fn overlap(&mut self, newest: i64, regular: bool) -> i64 {
        while self.gaps.front().is_some_and(|(_, since)| since.elapsed() > LONGEST_TRANSACTION) {
            self.gaps.pop_front();
        }
        let near = newest - OVERLAP;
        let gap = self.gaps.front().filter(|_| regular).map(|(first, _)| first - 1);
        gap.map_or(near, |gap| gap.min(near)).max(0)
    }

    /// All pages, or nothing: what was read before one that failed is read again.
    async fn read_after(&mut self, mut from: i64) -> Result<Vec<Change>, StoreError> {
        let (mut numbers, mut changes) = (Vec::new(), Vec::new());
        loop {
            let rows = self.ask(changes::page(from)).await?;
            let is_last = rows.len() < STRIDE as usize;
            for row in rows {
                let (id, change) = changes::change(row)?;
                numbers.push(id);
                changes.extend(change);
                from = id;
            }
            if is_last {
                break;
            }
        }
        let is_first = self.newest.is_none();
        numbers.into_iter().for_each(|id| self.note_number(id));
        if is_first {
            // What was flushed has left gaps. What was under way when the following began is not far back.
            let newest = *self.newest.get_or_insert(0);
            self.gaps = VecDeque::from([(newest - FIRST_OVERLAP, Instant::now())]);
        }
        Ok(changes)
    }

    /// What is not answered in time is asked on another connection the next time.
    async fn ask(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let rows = timeout(ANSWER, self.watch.read(statement)).await;
        rows.unwrap_or_else(|_| {
            self.watch.forget();
            Err(StoreError::Unreachable { reason: "the change log was not read in time".to_owned() })
        })
    }

    fn note_number(&mut self, id: i64) {
        match self.newest {
            Some(newest) if id <= newest => return,
            Some(newest) if id > newest + 1 => self.gaps.push_back((newest + 1, Instant::now())),
            Some(_) | None => {}
        }
        self.newest = Some(id);
    }
}

impl Watch {
    /// How often to look without being woken.
    fn look_every(&self) -> Duration {
        if self.is_remote() { LOOK_AT_SERVER_EVERY } else { LOOK_AT_FILE_EVERY }
    }
}

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;
/// How long an answer is held back until this process knows what it has done itself.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK_AT_SERVER_EVERY: Duration = Duration::from_millis(250);
const LOOK_AT_FILE_EVERY: Duration = Duration::from_millis(50);
/// How long the reading of a page may take.
const ANSWER: Duration = Duration::from_secs(2);
/// So many numbers back may be read again at each reading.
const OVERLAP: i64 = 64;
/// And so many in the first minute.
const FIRST_OVERLAP: i64 = 2000;
/// A number that has been missing for longer will not come any more.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(60);
