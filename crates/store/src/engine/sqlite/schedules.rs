//! The writer's queue and the group commit, run under schedules that `shuttle` chooses: who goes on is decided anew at each
//! send, receipt, wake and lock. What comes out is held against SQLite's own hooks, which see each commit.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::Scheduler;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner, future, thread};

use super::connection::{Connection, Role};
use super::sync::answering_early;
use super::writer::Writer;
use crate::engine::Statement;
use crate::error::StoreError;
use crate::in_use::InUse;

/// What SQLite did, as its hooks saw it.
#[derive(Default)]
struct Seen {
    /// Rows of the transaction that is open.
    open: HashSet<i64>,
    committed: HashSet<i64>,
    commits: usize,
}

/// How the disk behaves.
#[derive(Clone, Copy, PartialEq)]
enum Disk {
    Sound,
    /// Each commit may be refused.
    Failing,
}

#[derive(Clone)]
struct Probe(Arc<Mutex<Seen>>);

impl Probe {
    fn see(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A writer over a table of its own, watched.
    fn writer(disk: Disk) -> (Arc<Writer>, Self) {
        let mut connection = Connection::open(Path::new(":memory:"), Role::Memory).unwrap();
        connection.configure(Role::Memory).unwrap();
        connection.raw.execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY)").unwrap();
        let probe = Self(Arc::default());
        let (rows, commits, rollbacks) = (probe.clone(), probe.clone(), probe.clone());
        let on_row = move |_: rusqlite::hooks::Action, _: &str, _: &str, row| {
            rows.see().open.insert(row);
        };
        let on_commit = move || {
            let refused = disk == Disk::Failing && thread_rng().gen_bool(0.3);
            let mut seen = commits.see();
            let open = std::mem::take(&mut seen.open);
            if !refused {
                seen.committed.extend(open);
                seen.commits += 1;
            }
            refused
        };
        connection.raw.update_hook(Some(on_row)).unwrap();
        connection.raw.commit_hook(Some(on_commit)).unwrap();
        connection.raw.rollback_hook(Some(move || rollbacks.see().open.clear())).unwrap();
        (Arc::new(Writer::start(connection, Arc::new(InUse::default())).unwrap()), probe)
    }
}

/// Writes one row, and holds the answer against what was committed at the moment it came.
async fn write(writer: &Writer, probe: &Probe, number: i64) -> Result<(), StoreError> {
    let answer = writer.write(vec![insert(number)]).await;
    let is_committed = probe.see().committed.contains(&number);
    match answer {
        Ok(outcome) => {
            assert!(outcome.is_done());
            assert!(is_committed, "{number} was answered before its commit");
            Ok(())
        }
        Err(error) => {
            assert!(!is_committed, "{number} is committed, and was answered {error}");
            Err(error)
        }
    }
}

fn insert(number: i64) -> Statement {
    Statement::new("INSERT INTO t (a) VALUES ($1)", [number.into()])
}

/// Five callers, two of them twice in a row, through a queue with room for two.
fn callers_at_once(disk: Disk) {
    let (writer, probe) = Probe::writer(disk);
    let callers: Vec<_> = (0..5)
        .map(|caller| {
            let (writer, probe) = (Arc::clone(&writer), probe.clone());
            thread::spawn(move || {
                future::block_on(async {
                    let mut answers = vec![(caller, write(&writer, &probe, caller).await)];
                    if caller < 2 {
                        answers.push((caller + 10, write(&writer, &probe, caller + 10).await));
                    }
                    answers
                })
            })
        })
        .collect();
    let answers: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
    assert_eq!(answers.len(), 7, "everyone was answered");
    let acknowledged: HashSet<i64> = answers.iter().filter(|(_, answer)| answer.is_ok()).map(|&(row, _)| row).collect();
    assert_eq!(acknowledged, probe.see().committed);
    if disk == Disk::Sound {
        assert_eq!(acknowledged.len(), 7);
        assert!(probe.see().commits <= 7, "nobody has a commit to himself if there were others");
    }
    future::block_on(writer.close()).unwrap();
}

/// Who stops waiting leaves what was queued to be written, and takes nobody along.
fn callers_who_leave() {
    let (writer, probe) = Probe::writer(Disk::Sound);
    let leaver = {
        let writer = Arc::clone(&writer);
        thread::spawn(move || {
            future::block_on(async {
                let mut leaving = Box::pin(writer.write(vec![insert(1)]));
                // Polled once it is queued: there is room, and nobody has yet had to wait for it.
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                let _ = leaving.as_mut().poll(&mut context);
            });
        })
    };
    let stayers: Vec<_> = (2..4)
        .map(|number| {
            let (writer, probe) = (Arc::clone(&writer), probe.clone());
            thread::spawn(move || future::block_on(write(&writer, &probe, number)).unwrap())
        })
        .collect();
    leaver.join().unwrap();
    stayers.into_iter().for_each(|stayer| stayer.join().unwrap());
    future::block_on(writer.close()).unwrap();
    let committed = probe.see().committed.clone();
    assert!(committed.is_superset(&HashSet::from([2, 3])));
}

/// What is queued before the close is written and answered; what comes after it is refused, and not written.
fn a_close_among_callers() {
    let (writer, probe) = Probe::writer(Disk::Sound);
    let callers: Vec<_> = (0..4)
        .map(|caller| {
            let (writer, probe) = (Arc::clone(&writer), probe.clone());
            thread::spawn(move || future::block_on(write(&writer, &probe, caller)))
        })
        .collect();
    let closer = {
        let writer = Arc::clone(&writer);
        thread::spawn(move || future::block_on(writer.close()))
    };
    let answers: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
    closer.join().unwrap().unwrap();
    for answer in &answers {
        assert!(matches!(answer, Ok(()) | Err(StoreError::Closed)), "{answer:?}");
    }
    let acknowledged = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(acknowledged, probe.see().committed.len(), "what is refused is not written");
    let late = future::block_on(write(&writer, &probe, 9));
    assert_eq!(late, Err(StoreError::Closed));
    assert_eq!(future::block_on(writer.close()), Err(StoreError::Closed));
}

fn schedules() -> usize {
    if option_env!("JETON_TEST_LONG") == Some("1") { 50_000 } else { 500 }
}

/// By chance, and with few changes of thread at the worst moments.
fn under_many_schedules(test: impl Fn() + Send + Sync + Clone + 'static) {
    under(RandomScheduler::new_from_seed(SEED, schedules()), test.clone());
    under(PctScheduler::new_from_seed(SEED, 3, schedules()), test);
}

fn under(scheduler: impl Scheduler + 'static, test: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = STACK;
    Runner::new(scheduler, config).run(test);
}

#[test]
#[cfg(not(feature = "answer-before-commit"))]
fn everyone_is_answered_once_and_after_the_commit() {
    under_many_schedules(|| callers_at_once(Disk::Sound));
}

#[test]
#[cfg(not(feature = "answer-before-commit"))]
fn a_commit_that_fails_is_answered_to_all_who_were_in_it() {
    under_many_schedules(|| callers_at_once(Disk::Failing));
}

#[test]
#[cfg(not(feature = "answer-before-commit"))]
fn who_leaves_takes_nobody_along() {
    under_many_schedules(callers_who_leave);
}

#[test]
#[cfg(not(feature = "answer-before-commit"))]
fn a_close_answers_what_is_queued_and_refuses_the_rest() {
    under_many_schedules(a_close_among_callers);
}

#[test]
#[should_panic(expected = "was answered before its commit")]
fn an_answer_before_the_commit_is_found() {
    answering_early(|| under(RandomScheduler::new_from_seed(SEED, 500), || callers_at_once(Disk::Sound)));
}

const SEED: u64 = 20_261_121;
/// SQLite needs more than shuttle's own 32 KiB.
const STACK: usize = 1 << 19;
