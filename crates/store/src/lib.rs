//! Where Jeton keeps users, token families and sessions: the only crate that speaks SQL.
//!
//! [`Store`] is concrete; its test double is `sqlite::memory:`. Every write is one list of statements without a decision
//! in between, and guarded: whoever changes the row wins, and learns it from what comes back. An event is written only
//! with the change that it tells of, in the same transaction. Time is an argument.

mod auth_tokens;
mod blacklist;
mod changes;
mod connect_options;
mod devices;
mod django_time;
mod engine;
mod error;
mod events;
mod facts;
mod families;
mod flush;
mod follow;
mod groups;
mod in_use;
mod keys;
mod limits;
mod migrate;
pub mod moving;
mod rotations;
mod sessions;
mod sign_in_id;
#[cfg(feature = "simulation")]
pub mod simulation;
mod user_triggers;
mod users;

use std::sync::{Arc, Mutex};

use jeton_token::time::Timestamp;

pub use crate::auth_tokens::{AuthToken, AuthTokenTerms, NewAuthToken};
pub use crate::blacklist::{BlacklistedToken, SingleToken};
pub use crate::changes::{Change, ChangeKind};
pub use crate::connect_options::ConnectOptions;
pub use crate::devices::{Opened, SignIn, SignInCap, SignInKind, WhenFull};
pub use crate::engine::sqlite::OpenMode;
pub use crate::error::StoreError;
pub use crate::events::{Event, EventKind, NewEvent};
pub use crate::facts::DatabaseFacts;
pub use crate::families::{Device, FamilyKind, FamilyRow, NewFamily, TokenCounts};
pub use crate::flush::{FlushStep, Flushed};
pub use crate::follow::Follower;
pub use crate::groups::Group;
pub use crate::keys::{NewSigningKey, SETTINGS_KEY, SignedLogins, SigningKey};
pub use crate::limits::{LimitRow, LimitSubject, LimitWrite};
pub use crate::rotations::Rotation;
pub use crate::sessions::{NewSession, SessionDigest, SessionId, SessionRow};
pub use crate::sign_in_id::{SignInCursor, SignInId};
pub use crate::users::{NewUser, PasswordEnds, User, UserField, UserKey};

use crate::engine::postgres::Postgres;
use crate::engine::sqlite::{Location, Sqlite};
use crate::engine::{Engine, Statement};
use crate::follow::Feed;
use crate::in_use::InUse;

/// The database. Cheap to clone; the clones are one store.
///
/// A write that was begun goes through even if its future is dropped. It is durable once it comes back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), jeton_store::StoreError> {
/// use jeton_store::{OpenMode, Store};
/// use jeton_token::time::Timestamp;
///
/// let store = Store::open("sqlite::memory:", OpenMode::Create, Timestamp::from_seconds(1_700_000_000))?;
/// assert!(store.find_user_by_username("nobody").await?.is_none());
/// store.close().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    engine: Arc<Engine>,
    in_use: Arc<InUse>,
    /// Where the sweeper of this process stands.
    cursor: Arc<Mutex<Option<flush::Cursor>>>,
    feed: Arc<Feed>,
}

impl Store {
    /// Opens `sqlite://relative/path.db`, `sqlite:///absolute/path.db` or `sqlite::memory:`, and brings its schema up to
    /// date. An existing file is read through once; one that is empty, damaged, newer or not ours is refused.
    pub fn open(url: &str, mode: OpenMode, now: Timestamp) -> Result<Self, StoreError> {
        let location = match url.strip_prefix("sqlite:") {
            Some(":memory:") => Location::Memory,
            Some(rest) => match rest.strip_prefix("//") {
                Some(path) if !path.is_empty() => Location::File(path.into()),
                Some(_) | None => return Err(StoreError::Url),
            },
            None => return Err(StoreError::Url),
        };
        let in_use = Arc::new(InUse::default());
        let engine = Engine::Sqlite(Sqlite::open(&location, mode, now, Arc::clone(&in_use))?);
        Ok(Self { engine: Arc::new(engine), in_use, cursor: Arc::default(), feed: Arc::default() })
    }

    /// Opens what [`Store::open`] opens, and `postgres://user:password@host/database`: connects to the server, which several
    /// nodes may share, and brings its schema up to date.
    pub async fn connect(url: &str, mode: OpenMode, now: Timestamp) -> Result<Self, StoreError> {
        Self::connect_with(url, &ConnectOptions::default(), mode, now).await
    }

    /// The same, with what a server is asked for. A SQLite file needs none of it.
    pub async fn connect_with(
        url: &str,
        options: &ConnectOptions,
        mode: OpenMode,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Self::open(url, mode, now);
        }
        let in_use = Arc::new(InUse::default());
        let engine = Engine::Postgres(Postgres::open(url, options, mode, now, Arc::clone(&in_use)).await?);
        Ok(Self { engine: Arc::new(engine), in_use, cursor: Arc::default(), feed: Arc::default() })
    }

    /// Proves that reads are answered and that the database can be locked for writing.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.engine.read(Statement::new("SELECT 1", [])).await?;
        self.engine.write(Vec::new()).await.map(drop)
    }

    /// Finishes the writes that are queued, moves the log into the database, and lets go of it. Whatever comes later is
    /// [`StoreError::Closed`]. What was announced is known to the servers that follow when this comes back.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.feed.settle().await;
        self.engine.close().await
    }
}
