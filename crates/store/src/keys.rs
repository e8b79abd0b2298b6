//! Signing keys: when each begins to sign, and what is left of it afterwards.

use std::time::Duration;

use jeton_token::time::Timestamp;

use crate::changes::ChangeKind;
use crate::engine::{Row, Statement};
use crate::events::{self, EventKind, NewEvent};
use crate::{Store, StoreError};

/// The row that stands for the key of the settings: it has this instead of a `kid`.
pub const SETTINGS_KEY: &str = "settings";

/// A row of a signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its place in the order of keys; 0 is the settings' own.
    pub number: u32,
    /// What tokens call it by, or [`SETTINGS_KEY`].
    pub kid: String,
    /// The name of its algorithm.
    pub algorithm: String,
    /// Its public JWK, if it is a key pair.
    pub public: Option<String>,
    /// The private key under the site's secret; erased when the key is retired. The settings' key has none in here.
    pub sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs, until the next one does.
    pub activates_at: Timestamp,
    /// The longest that any token of it lives.
    pub longest_life: Duration,
    /// When it was retired, before its time or after.
    pub retired_at: Option<Timestamp>,
}

/// A signing key to be.
#[derive(Clone, Debug)]
pub struct NewSigningKey {
    /// The row; `number` must be the next one.
    pub key: SigningKey,
    /// The row of the settings' key, for when this is the first key that is kept here.
    pub settings: SigningKey,
}

/// How many would have to sign in again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignedLogins {
    /// Logins that are not ended, and whose newest token has not expired.
    pub logins: u64,
    /// The users they are of.
    pub users: u64,
}

impl Store {
    /// All of them in their order, the retired ones too.
    pub async fn list_signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        const SQL: &str = "SELECT number, kid, algorithm, public, sealed, created_at, activates_at, longest_life, \
            retired_at FROM jeton_signing_key ORDER BY number";
        self.engine.read(Statement::new(SQL, [])).await?.into_iter().map(signing_key).collect()
    }

    /// Adds a key with its event. Not if its number or its `kid` was taken: then another rotation was faster.
    pub async fn create_signing_key(&self, new: &NewSigningKey, now: Timestamp) -> Result<bool, StoreError> {
        let detail = format!("{} {}", new.key.algorithm, new.key.kid);
        let event = event(EventKind::SigningKeyAdded, detail, now);
        let statements = vec![
            insert(&new.settings),
            insert(&new.key).guard(),
            events::append(&event),
            self.tell_of(ChangeKind::KeysChanged, None, now),
        ];
        Ok(self.announce(statements).await?.is_done())
    }

    /// Ends a key for good, with its event, and erases what it signed with. Whether it had not ended before.
    pub async fn retire_signing_key(&self, kid: &str, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_signing_key SET retired_at = $2, sealed = NULL \
            WHERE kid = $1 AND retired_at IS NULL";
        let event = event(EventKind::SigningKeyRetired, format!("{kid} {why}"), now);
        let retire = Statement::new(SQL, [kid.into(), now.into()]).guard();
        let statements = vec![retire, events::append(&event), self.tell_of(ChangeKind::KeysChanged, None, now)];
        Ok(self.announce(statements).await?.is_done())
    }

    /// Puts one sealed value in the place of another. Whether that was still there.
    pub async fn reseal_signing_key(&self, kid: &str, seen: &[u8], sealed: &[u8]) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_signing_key SET sealed = $3 \
            WHERE kid = $1 AND sealed = $2 AND retired_at IS NULL";
        let statement = Statement::new(SQL, [kid.into(), seen.into(), sealed.into()]).guard();
        Ok(self.engine.write(vec![statement]).await?.is_done())
    }

    /// Notes that tokens of a key may live this long from now on. Whether that is longer than was known.
    pub async fn extend_signing_key(&self, kid: &str, longest_life: Duration) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_signing_key SET longest_life = $2 \
            WHERE kid = $1 AND longest_life < $2 AND retired_at IS NULL";
        let statement = Statement::new(SQL, [kid.into(), micros(longest_life).into()]).guard();
        Ok(self.engine.write(vec![statement]).await?.is_done())
    }

    /// The logins whose newest refresh token was minted from one moment until before another and still lives.
    pub async fn count_signed_logins(
        &self,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<SignedLogins, StoreError> {
        const SQL: &str = "SELECT COUNT(*), COUNT(DISTINCT user_id) FROM jeton_family \
            WHERE revoked_at IS NULL AND token_expires_at > $3 \
            AND COALESCE(rotated_at, created_at) >= $1 AND COALESCE(rotated_at, created_at) < $2";
        let statement = Statement::new(SQL, [from.into(), until.into(), now.seconds().into()]);
        let Some(mut row) = self.engine.read_one(statement).await? else {
            return Ok(SignedLogins::default());
        };
        Ok(SignedLogins { logins: row.next("COUNT(*)")?, users: row.next("COUNT(DISTINCT user_id)")? })
    }
}

fn insert(key: &SigningKey) -> Statement {
    const SQL: &str = "INSERT INTO jeton_signing_key \
        (number, kid, algorithm, public, sealed, created_at, activates_at, longest_life, retired_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    Statement::new(
        SQL,
        [
            key.number.into(),
            key.kid.as_str().into(),
            key.algorithm.as_str().into(),
            key.public.as_deref().into(),
            key.sealed.as_deref().into(),
            key.created_at.into(),
            key.activates_at.into(),
            micros(key.longest_life).into(),
            key.retired_at.into(),
        ],
    )
}

fn event(kind: EventKind, detail: String, now: Timestamp) -> NewEvent {
    NewEvent { at: now, kind, user_id: None, family: None, address: None, detail: Some(detail) }
}

fn micros(life: Duration) -> i64 {
    i64::try_from(life.as_micros()).unwrap_or(i64::MAX)
}

fn signing_key(mut row: Row) -> Result<SigningKey, StoreError> {
    Ok(SigningKey {
        number: row.next("jeton_signing_key.number")?,
        kid: row.next("jeton_signing_key.kid")?,
        algorithm: row.next("jeton_signing_key.algorithm")?,
        public: row.next("jeton_signing_key.public")?,
        sealed: row.next("jeton_signing_key.sealed")?,
        created_at: row.next("jeton_signing_key.created_at")?,
        activates_at: row.next("jeton_signing_key.activates_at")?,
        longest_life: Duration::from_micros(row.next("jeton_signing_key.longest_life")?),
        retired_at: row.next("jeton_signing_key.retired_at")?,
    })
}
