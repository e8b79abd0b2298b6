//! Work on one connection: statements, lists of them, and one statement for many callers.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use deadpool_postgres::Object;
use futures_util::{StreamExt as _, pin_mut};
use tokio::time::error::Elapsed;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, RowStream};

use super::problem::Failure;
use super::value;
use crate::connect_options::ConnectOptions;
use crate::engine::{Effect, Outcome, Statement, Value};

/// How a session is used.
#[derive(Debug)]
pub(super) struct Manner {
    /// Statements are prepared once for each connection; else they are sent whole, and leave nothing behind.
    is_prepared: bool,
    begin: String,
}

impl Manner {
    pub(super) fn new(options: &ConnectOptions) -> Self {
        let begin = match options.pooler {
            false => "BEGIN".to_owned(),
            true => format!(
                "BEGIN; SET LOCAL statement_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = {}",
                options.statement_timeout.as_millis(),
                options.idle_in_transaction_timeout.as_millis()
            ),
        };
        Self { is_prepared: !options.pooler, begin }
    }
}

pub(super) struct Session {
    client: Object,
    manner: Arc<Manner>,
    patience: Duration,
    began: Instant,
}

/// Something to send.
enum Step<'a> {
    Control(&'a str),
    Statement(&'a Statement),
}

/// A statement with its values, or with columns of them.
struct Call<'a> {
    sql: &'static str,
    types: Vec<Type>,
    params: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
}

impl Session {
    pub(super) fn new(client: Object, manner: Arc<Manner>, patience: Duration) -> Self {
        Self { client, manner, patience, began: Instant::now() }
    }

    /// The connection itself, for whole tables.
    pub(super) fn connection(&self) -> &Object {
        &self.client
    }

    /// When the connection was taken for it.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// How long to wait for work to end.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// What came of work that was waited for. A connection that was lost, or does not answer, is given up.
    pub(super) fn settle<T>(self, done: Result<Result<T, Failure>, Elapsed>) -> Result<T, Failure> {
        let done = done.unwrap_or(Err(Failure::Silent));
        if done.as_ref().is_err_and(Failure::is_end_of_connection) {
            drop(Object::take(self.client));
        }
        done
    }

    /// Statements in simple form, such as those of a migration.
    pub(super) async fn batch_execute(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await
    }

    /// One statement; again, once, if it has to be prepared anew.
    pub(super) async fn read(&self, statement: &Statement) -> Result<Effect, Failure> {
        match self.run(statement).await.map_err(Failure::Said) {
            Err(failure) if failure.is_stale_statement() => {
                self.client.statement_cache.clear();
                Ok(self.run(statement).await?)
            }
            done => done,
        }
    }

    /// The notes first, as a rotation outdates them; then the list, whole or not at all. What the server gave up for
    /// the sake of another transaction is begun again.
    pub(super) async fn write(&self, notes: &[Statement], statements: &[Statement]) -> Result<Outcome, Failure> {
        let mut tries = 0;
        loop {
            let done = self.write_once(notes, statements).await;
            if let Some(done) = self.or_again(done, &mut tries) {
                return done;
            }
        }
    }

    /// One statement for many callers, in the order of the rows that they change: what became of each. The notes go
    /// ahead; one that is lost only widens tolerance.
    pub(super) async fn write_together(
        &self,
        notes: &[Statement],
        many: &'static str,
        statements: &[Statement],
    ) -> Result<Vec<Outcome>, Failure> {
        let call = Call::of_many(many, statements);
        let mut tries = 0;
        let effect = loop {
            let done = self.call_after(notes, &call).await;
            if let Some(done) = self.or_again(done, &mut tries) {
                break done?;
            }
        };
        let mut outcomes: Vec<Outcome> = statements.iter().map(|_| Outcome::Guarded).collect();
        for mut row in effect.rows {
            // WITH ORDINALITY counts from one.
            let place: usize = row.next::<u32>("place").ok().and_then(|place| place.try_into().ok()).unwrap_or(0);
            if let Some(outcome) = place.checked_sub(1).and_then(|place| outcomes.get_mut(place)) {
                *outcome = Outcome::Done(vec![Effect { changed: 1, rows: vec![row] }]);
            }
        }
        Ok(outcomes)
    }

    /// One statement to its end, which comes after its commit.
    pub(super) async fn run(&self, statement: &Statement) -> Result<Effect, Error> {
        self.call(&Call::of_one(statement)).await
    }

    /// The end of a write; nothing if it is to be begun again.
    fn or_again<T>(&self, done: Result<T, Error>, tries: &mut u32) -> Option<Result<T, Failure>> {
        let done = done.map_err(Failure::Said);
        let Err(failure) = &done else { return Some(done) };
        let is_stale = failure.is_stale_statement();
        if *tries >= TRIES || !(is_stale || failure.is_worth_another_try()) {
            return Some(done);
        }
        if is_stale {
            self.client.statement_cache.clear();
        }
        *tries += 1;
        None
    }

    async fn write_once(&self, notes: &[Statement], statements: &[Statement]) -> Result<Outcome, Error> {
        self.note(notes).await?;
        match statements {
            [] => self.prove_writable().await,
            [only] => {
                let effect = self.run(only).await?;
                Ok(if only.guard && effect.changed == 0 { Outcome::Guarded } else { Outcome::Done(vec![effect]) })
            }
            list => self.list(list).await,
        }
    }

    async fn call_after(&self, notes: &[Statement], call: &Call<'_>) -> Result<Effect, Error> {
        self.note(notes).await?;
        self.call(call).await
    }

    /// Notes that are of one form are one statement.
    async fn note(&self, notes: &[Statement]) -> Result<(), Error> {
        let Some(many) = notes.first().and_then(|note| note.many) else { return Ok(()) };
        for notes in notes.chunks(NOTES) {
            self.call(&Call::of_many(many, notes)).await?;
        }
        Ok(())
    }

    /// A standby refuses it.
    async fn prove_writable(&self) -> Result<Outcome, Error> {
        const SQL: &str = "SELECT 1 FROM jeton_install WHERE id = $1 FOR UPDATE";
        self.run(&Statement::new(SQL, [1_i64.into()])).await?;
        Ok(Outcome::Done(Vec::new()))
    }

    /// A transaction in as few round trips as its guards allow: nothing is sent after a guard before it has held.
    async fn list(&self, statements: &[Statement]) -> Result<Outcome, Error> {
        if self.manner.is_prepared {
            for statement in statements {
                self.prepare(&Call::of_one(statement)).await?;
            }
        }
        let outcome = self.guarded(statements).await;
        if !matches!(outcome, Ok(Outcome::Done(_))) {
            // After a commit that failed this is a warning and no more.
            let ended = self.client.batch_execute("ROLLBACK").await;
            if outcome.is_ok() {
                ended?;
            }
        }
        outcome
    }

    async fn guarded(&self, statements: &[Statement]) -> Result<Outcome, Error> {
        let mut effects = Vec::with_capacity(statements.len());
        let mut steps = vec![Step::Control(&self.manner.begin)];
        for statement in statements {
            steps.push(Step::Statement(statement));
            if statement.guard {
                let done = self.send(std::mem::take(&mut steps)).await?;
                if done.last().is_none_or(|effect| effect.changed == 0) {
                    return Ok(Outcome::Guarded);
                }
                effects.extend(done);
            }
        }
        steps.push(Step::Control("COMMIT"));
        effects.extend(self.send(steps).await?);
        Ok(Outcome::Done(effects))
    }

    /// Sends all of it at once and waits for what becomes of the statements. If one cannot be sent, nothing after it is.
    async fn send(&self, steps: Vec<Step<'_>>) -> Result<Vec<Effect>, Error> {
        let mut running: Vec<_> = steps.into_iter().map(|step| Box::pin(self.step(step))).collect();
        let mut done: Vec<Option<Result<Option<Effect>, Error>>> = running.iter().map(|_| None).collect();
        let mut is_sent = false;
        poll_fn(|context| {
            for (place, step) in running.iter_mut().enumerate() {
                if done[place].is_some() {
                    continue;
                }
                if let Poll::Ready(result) = step.as_mut().poll(context) {
                    let is_unsent = !is_sent && result.is_err();
                    done[place] = Some(result);
                    if is_unsent {
                        done.truncate(place + 1);
                        break;
                    }
                }
            }
            running.truncate(done.len());
            is_sent = true;
            if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let effects: Result<Vec<Option<Effect>>, Error> = done.into_iter().flatten().collect();
        Ok(effects?.into_iter().flatten().collect())
    }

    async fn step(&self, step: Step<'_>) -> Result<Option<Effect>, Error> {
        match step {
            Step::Control(sql) => self.client.batch_execute(sql).await.map(|()| None),
            Step::Statement(statement) => self.run(statement).await.map(Some),
        }
    }

    async fn call(&self, call: &Call<'_>) -> Result<Effect, Error> {
        let found = self.start(call).await?;
        pin_mut!(found);
        let mut rows = Vec::new();
        while let Some(row) = found.next().await {
            rows.push(value::row(&row?)?);
        }
        let changed = found.rows_affected().unwrap_or(rows.len() as u64);
        Ok(Effect { changed, rows })
    }

    async fn start(&self, call: &Call<'_>) -> Result<RowStream, Error> {
        let params = call.params.iter().map(|param| &**param as &(dyn ToSql + Sync));
        if !self.manner.is_prepared {
            return self.client.query_typed_raw(call.sql, params.zip(call.types.iter().cloned())).await;
        }
        let prepared = self.prepare(call).await?;
        self.client.query_raw(&prepared, params).await
    }

    async fn prepare(&self, call: &Call<'_>) -> Result<tokio_postgres::Statement, Error> {
        if self.client.statement_cache.size() >= STATEMENTS {
            self.client.statement_cache.clear();
        }
        self.client.prepare_typed_cached(call.sql, &call.types).await
    }
}

impl<'a> Call<'a> {
    fn of_one(statement: &'a Statement) -> Self {
        Self {
            sql: statement.sql,
            types: statement.params.iter().map(|value| value::type_of(value.kind())).collect(),
            params: statement.params.iter().map(|value| Box::new(value) as Box<_>).collect(),
        }
    }

    /// Each parameter of `many` is the column of what the statements have in its place.
    fn of_many(many: &'static str, statements: &'a [Statement]) -> Self {
        let width = statements.first().map_or(0, |statement| statement.params.len());
        let column = |place: usize| statements.iter().filter_map(move |statement| statement.params.get(place));
        let kinds = statements.iter().take(1).flat_map(|statement| &statement.params).map(Value::kind);
        Self {
            sql: many,
            types: kinds.map(value::array_of).collect(),
            params: (0..width).map(|place| Box::new(column(place).collect::<Vec<&Value>>()) as Box<_>).collect(),
        }
    }
}

/// How often a write is begun again that others got in the way of.
const TRIES: u32 = 20;
/// Notes in one statement.
const NOTES: usize = 512;
/// Prepared statements of a connection: more than there are in this crate.
const STATEMENTS: usize = 256;
