//! Many jobs in one transaction and one commit, each whole or not at all; nobody is answered before the commit.

use std::time::Duration;

use tokio::sync::oneshot;

use super::connection::Connection;
use super::sync::{answers_early, thread};
use crate::engine::{Effect, Outcome, Statement};
use crate::error::StoreError;

/// A list of statements, and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) statements: Vec<Statement>,
    /// Nobody, where it is a note.
    pub(super) answer: Option<oneshot::Sender<Answer>>,
}

pub(super) type Answer = Result<Outcome, StoreError>;

/// Writes all jobs and answers them. An error that took a whole transaction with it is answered to all who were in it,
/// and comes back; the jobs after it get a transaction of their own.
pub(super) fn commit(connection: &Connection, mut jobs: Vec<Job>) -> Result<(), StoreError> {
    let mut failure = Ok(());
    while !jobs.is_empty() {
        let (rest, result) = transaction(connection, jobs);
        failure = failure.and(result);
        jobs = rest;
    }
    failure
}

/// One transaction. Comes back with the jobs that it did not get to, because one before them broke it.
fn transaction(connection: &Connection, jobs: Vec<Job>) -> (Vec<Job>, Result<(), StoreError>) {
    if let Err(error) = connection.control("BEGIN IMMEDIATE") {
        abandon(connection);
        answer_all(jobs, &error);
        return (Vec::new(), Err(error));
    }
    let mut waiting = jobs.into_iter();
    let mut done = Vec::with_capacity(waiting.len());
    while let Some(job) = waiting.next() {
        let result = run(connection, &job.statements);
        let breach = result.as_ref().err().filter(|_| is_broken(connection)).cloned();
        done.push((job, result));
        if let Some(error) = breach {
            abandon(connection);
            answer_all(done.into_iter().map(|(job, _)| job), &error);
            return (waiting.collect(), Err(error));
        }
    }
    if answers_early() {
        done.into_iter().for_each(|(job, result)| job.answer(result));
        thread::sleep(DAWDLE);
        return (Vec::new(), connection.control("COMMIT").inspect_err(|_| abandon(connection)));
    }
    if let Err(error) = connection.control("COMMIT") {
        abandon(connection);
        answer_all(done.into_iter().map(|(job, _)| job), &error);
        return (Vec::new(), Err(error));
    }
    done.into_iter().for_each(|(job, result)| job.answer(result));
    (Vec::new(), Ok(()))
}

/// One job. A single statement is atomic by itself; a list stands in a savepoint.
fn run(connection: &Connection, statements: &[Statement]) -> Answer {
    if let [only] = statements {
        let effect = connection.run(only)?;
        return Ok(if only.guard && effect.changed == 0 { Outcome::Guarded } else { Outcome::Done(vec![effect]) });
    }
    connection.control("SAVEPOINT job")?;
    let outcome = list(connection, statements);
    if !matches!(outcome, Ok(Outcome::Done(_))) && !connection.raw.is_autocommit() {
        connection.control("ROLLBACK TO job")?;
    }
    if !connection.raw.is_autocommit() {
        connection.control("RELEASE job")?;
    }
    outcome
}

fn list(connection: &Connection, statements: &[Statement]) -> Answer {
    let mut effects: Vec<Effect> = Vec::with_capacity(statements.len());
    for statement in statements {
        let effect = connection.run(statement)?;
        if statement.guard && effect.changed == 0 {
            return Ok(Outcome::Guarded);
        }
        effects.push(effect);
    }
    Ok(Outcome::Done(effects))
}

/// Whether an error took the transaction with it (a full disk may), or left a job half done.
fn is_broken(connection: &Connection) -> bool {
    // Releasing a savepoint that is not there fails, so where it works one was left behind.
    connection.raw.is_autocommit() || connection.control("RELEASE job").is_ok()
}

/// Leaves the transaction, if SQLite has not done so.
fn abandon(connection: &Connection) {
    if !connection.raw.is_autocommit()
        && let Err(error) = connection.control("ROLLBACK")
    {
        tracing::error!(%error, "the database would not roll back");
    }
}

fn answer_all(jobs: impl IntoIterator<Item = Job>, error: &StoreError) {
    jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
}

impl Job {
    fn answer(self, result: Answer) {
        if let Some(answer) = self.answer {
            // The caller may have gone; what was written stays written.
            let _ = answer.send(result);
        }
    }
}

/// How long a build that answers before the commit waits with the commit.
const DAWDLE: Duration = Duration::from_millis(20);

#[cfg(test)]
#[cfg(not(feature = "answer-before-commit"))]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use tokio::sync::oneshot::Receiver;

    use super::super::connection::Role;
    use super::*;
    use crate::engine::Value;

    fn connection() -> Connection {
        let connection = Connection::open(Path::new(":memory:"), Role::Memory).unwrap();
        connection.configure(Role::Memory).unwrap();
        connection.raw.execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)").unwrap();
        connection
    }

    fn insert(number: i64) -> Statement {
        Statement::new("INSERT INTO t (a) VALUES ($1)", [number.into()])
    }

    fn insert_big(number: i64) -> Statement {
        Statement::new("INSERT INTO t (a, b) VALUES ($1, $2)", [number.into(), Value::Bytes(vec![0; 1 << 20])])
    }

    fn no_such_row() -> Statement {
        Statement::new("DELETE FROM t WHERE a = -1", []).guard()
    }

    fn jobs(lists: Vec<Vec<Statement>>) -> (Vec<Job>, Vec<Receiver<Answer>>) {
        let job = |statements| {
            let (answer, answered) = oneshot::channel();
            (Job { statements, answer: Some(answer) }, answered)
        };
        lists.into_iter().map(job).unzip()
    }

    fn numbers(connection: &Connection) -> Vec<i64> {
        let effect = connection.run(&Statement::new("SELECT a FROM t ORDER BY a", [])).unwrap();
        effect.rows.into_iter().map(|mut row| row.next("a").unwrap()).collect()
    }

    fn answers(answered: Vec<Receiver<Answer>>) -> Vec<Answer> {
        answered.into_iter().map(|mut answered| answered.try_recv().unwrap()).collect()
    }

    #[test]
    fn many_jobs_share_one_commit_and_nobody_is_answered_before_it() {
        let mut connection = connection();
        let (jobs, answered) = jobs((0..50).map(|number| vec![insert(number)]).collect());
        let answered = Arc::new(Mutex::new(answered));
        let (commits, early) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let hook = {
            let (answered, commits, early) = (Arc::clone(&answered), Arc::clone(&commits), Arc::clone(&early));
            move || {
                commits.fetch_add(1, Ordering::SeqCst);
                let mut answered = answered.lock().unwrap();
                early.fetch_add(answered.iter_mut().filter(|one| !one.is_empty()).count(), Ordering::SeqCst);
                false
            }
        };
        connection.raw.commit_hook(Some(hook)).unwrap();
        commit(&connection, jobs).unwrap();
        assert_eq!((commits.load(Ordering::SeqCst), early.load(Ordering::SeqCst)), (1, 0));
        let mut answered = answered.lock().unwrap();
        assert!(answered.iter_mut().all(|one| one.try_recv().unwrap().unwrap().is_done()));
        assert_eq!(numbers(&connection).len(), 50);
    }

    #[test]
    fn a_failing_job_leaves_its_neighbours_alone() {
        let connection = connection();
        let twin = vec![insert(2), insert(1)];
        let (jobs, answered) = jobs(vec![vec![insert(1)], twin, vec![insert(1)], vec![insert(3), insert(4)]]);
        commit(&connection, jobs).unwrap();
        let answers = answers(answered);
        let verdicts: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(verdicts, [true, false, false, true]);
        assert_eq!(numbers(&connection), [1, 3, 4]);
    }

    #[test]
    fn a_guard_that_changes_no_row_holds_its_whole_list_back() {
        let connection = connection();
        let lists = vec![vec![insert(1), no_such_row(), insert(2)], vec![no_such_row()], vec![insert(3)], vec![]];
        let (jobs, answered) = jobs(lists);
        commit(&connection, jobs).unwrap();
        let done: Vec<bool> = answers(answered).into_iter().map(|answer| answer.unwrap().is_done()).collect();
        assert_eq!(done, [false, false, true, true]);
        assert_eq!(numbers(&connection), [3]);
    }

    #[test]
    fn a_failed_commit_is_answered_to_all_and_the_next_one_works() {
        let mut connection = connection();
        connection.raw.commit_hook(Some(|| true)).unwrap();
        let (first, answered) = jobs(vec![vec![insert(1)], vec![no_such_row()], vec![insert(2), insert(3)]]);
        commit(&connection, first).unwrap_err();
        assert!(answers(answered).iter().all(Result::is_err));
        assert_eq!(numbers(&connection), [] as [i64; 0]);
        connection.raw.commit_hook(None::<fn() -> bool>).unwrap();
        let (second, answered) = jobs(vec![vec![insert(1)]]);
        commit(&connection, second).unwrap();
        assert!(answers(answered).iter().all(Result::is_ok));
        assert_eq!(numbers(&connection), [1]);
    }

    #[test]
    fn a_full_disk_refuses_what_does_not_fit_and_keeps_what_it_acknowledged() {
        for list in [vec![insert_big(2)], vec![insert(2), insert_big(3)]] {
            let connection = connection();
            connection.raw.execute_batch("PRAGMA max_page_count = 20").unwrap();
            let (crowded, answered) = jobs(vec![vec![insert(1)], list.clone(), vec![insert(4)], vec![insert(5)]]);
            let _ = commit(&connection, crowded);
            let answers = answers(answered);
            assert_eq!(answers[1].as_ref().unwrap_err(), &StoreError::Full);
            let acknowledged: Vec<i64> =
                [1, 0, 4, 5].into_iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(a, _)| a).collect();
            assert_eq!(numbers(&connection), acknowledged);
            assert!(acknowledged.ends_with(&[4, 5]), "who comes after it is not touched");
            connection.raw.execute_batch("PRAGMA max_page_count = 2000").unwrap();
            let (later, answered) = jobs(vec![list]);
            commit(&connection, later).unwrap();
            assert!(self::answers(answered).iter().all(Result::is_ok), "writing goes on by itself");
        }
    }

    /// As SQLite does by itself after some failures of the disk.
    #[test]
    fn an_error_that_takes_the_transaction_along_is_told_to_all_who_were_in_it() {
        let connection = connection();
        connection
            .raw
            .execute_batch(
                "CREATE TRIGGER doom BEFORE INSERT ON t WHEN NEW.a = 13 BEGIN SELECT RAISE(ROLLBACK, 'doom'); END",
            )
            .unwrap();
        for doomed in [vec![insert(13)], vec![insert(3), insert(13)]] {
            let (jobs, answered) = jobs(vec![vec![insert(1)], vec![insert(2)], doomed, vec![insert(4)]]);
            commit(&connection, jobs).unwrap_err();
            let verdicts: Vec<bool> = answers(answered).iter().map(Result::is_ok).collect();
            assert_eq!(verdicts, [false, false, false, true]);
            assert_eq!(numbers(&connection), [4]);
            connection.raw.execute_batch("DELETE FROM t").unwrap();
        }
    }

    #[test]
    fn a_caller_who_left_is_written_all_the_same() {
        let connection = connection();
        let (jobs, answered) = jobs(vec![vec![insert(1)]]);
        drop(answered);
        commit(&connection, jobs).unwrap();
        assert_eq!(numbers(&connection), [1]);
    }

    #[test]
    fn rows_come_back_with_the_outcome_and_none_where_a_guard_held() {
        let connection = connection();
        let upsert = "INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING RETURNING a";
        let statement = Statement::new(upsert, [7_i64.into()]).guard();
        let (jobs, answered) = jobs(vec![vec![statement.clone()], vec![statement]]);
        commit(&connection, jobs).unwrap();
        let mut answers = answers(answered).into_iter().map(Result::unwrap);
        assert_eq!(answers.next().unwrap().row(0).unwrap().next::<i64>("a"), Ok(7));
        assert!(!answers.next().unwrap().is_done());
    }
}
