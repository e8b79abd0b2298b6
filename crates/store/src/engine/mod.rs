//! The seam between statements, written once, and the database engine that carries them out.

pub(crate) mod postgres;
mod row;
pub(crate) mod sqlite;
mod statement;
mod user_triggers;
mod watch;

pub(crate) use self::row::{FromValue, Row};
pub(crate) use self::statement::{Kind, Statement, Value};
pub(crate) use self::watch::Watch;

use crate::error::StoreError;

/// The engines there are.
#[derive(Debug)]
pub(crate) enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// What became of a list of statements.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of them were carried out, and are durable.
    Done(Vec<Effect>),
    /// A guard changed no row, so none of them was.
    Guarded,
}

/// What one statement did.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) changed: u64,
    pub(crate) rows: Vec<Row>,
}

impl Outcome {
    /// Whether the list was carried out.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// What each statement did; nothing if a guard held the list back.
    pub(crate) fn effects(self) -> Vec<Effect> {
        match self {
            Self::Done(effects) => effects,
            Self::Guarded => Vec::new(),
        }
    }

    /// What the statement at `position` did; nothing if a guard held the list back.
    pub(crate) fn effect(self, position: usize) -> Option<Effect> {
        self.effects().into_iter().nth(position)
    }

    /// The first row that the statement at `position` returned.
    pub(crate) fn row(self, position: usize) -> Option<Row> {
        self.effect(position)?.rows.into_iter().next()
    }

    /// How many rows the statement at `position` changed.
    pub(crate) fn changed(self, position: usize) -> u64 {
        self.effect(position).map_or(0, |effect| effect.changed)
    }
}

impl Engine {
    /// Rows as of the newest commit.
    pub(crate) async fn read(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(statement).await,
            Self::Postgres(postgres) => postgres.read(statement).await,
        }
    }

    /// The first of them.
    pub(crate) async fn read_one(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.read(statement).await?.into_iter().next())
    }

    /// All of the list or nothing. Comes back once it is durable. Goes through even if the caller stops waiting.
    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<Outcome, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(statements).await,
            Self::Postgres(postgres) => postgres.write(statements).await,
        }
    }

    /// What has to follow an insert that brings its own number, so that the next one is higher. SQLite sees to it itself.
    pub(crate) fn skip_given_user_ids(&self) -> Option<Statement> {
        const SQL: &str = "SELECT setval(pg_get_serial_sequence('auth_user', 'id'), (SELECT MAX(id) FROM auth_user))";
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(_) => Some(Statement::new(SQL, [])),
        }
    }

    /// What has to come first in a list that looks more than once at the sign-ins of a user: until the list ends, nobody
    /// begins, uses or ends one. SQLite has one writer at a time.
    pub(crate) fn hold_sign_ins(&self, user_id: i64) -> Vec<Statement> {
        // A row that references the user waits for this lock, so no sign-in begins.
        const USER: &str = "SELECT 1 FROM auth_user WHERE id = $1 FOR UPDATE";
        const FAMILIES: &str =
            "SELECT 1 FROM jeton_family WHERE user_id = $1 AND revoked_at IS NULL ORDER BY key FOR UPDATE";
        const SESSIONS: &str = "SELECT 1 FROM jeton_session WHERE user_id = $1 ORDER BY digest FOR UPDATE";
        match self {
            Self::Sqlite(_) => Vec::new(),
            Self::Postgres(_) => [USER, FAMILIES, SESSIONS].map(|sql| Statement::new(sql, [user_id.into()])).to_vec(),
        }
    }

    /// How many bytes the database takes.
    pub(crate) async fn size(&self) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.size().await,
            Self::Postgres(postgres) => postgres.size().await,
        }
    }

    /// Finishes what is queued and lets go of the database.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(postgres) => postgres.close().await,
        }
    }
}
