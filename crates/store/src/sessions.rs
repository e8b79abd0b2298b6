//! Sessions: one row for each browser that signed in.

use std::fmt;

use jeton_token::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::engine::{FromValue, Statement, Value};
use crate::events::{self, NewEvent};
use crate::{Store, StoreError};

/// What the store knows of a session's key: whoever reads the database cannot use it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionDigest([u8; 32]);

/// What a session is called in public. It opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 16]);

/// A session to be.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Of its key.
    pub digest: SessionDigest,
    /// Its name.
    pub id: SessionId,
    /// Who signed in.
    pub user_id: i64,
    /// Binds it to the password that it was opened with.
    pub auth_hash: [u8; 32],
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The browser; its first 512 characters are kept.
    pub user_agent: Option<String>,
    /// Where the login came from.
    pub address: Option<String>,
}

/// A session that has not run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its name.
    pub id: SessionId,
    /// Whose it is; nobody's once the user is deleted.
    pub user_id: Option<i64>,
    /// What bound it to a password.
    pub auth_hash: [u8; 32],
    /// When the login was.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl SessionDigest {
    /// Of a key of high entropy.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }
}

impl fmt::Debug for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionDigest({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

impl From<SessionId> for Value {
    fn from(id: SessionId) -> Self {
        Self::Bytes(id.0.to_vec())
    }
}

impl FromValue for SessionId {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok().map(Self)
    }
}

impl From<SessionDigest> for Value {
    fn from(digest: SessionDigest) -> Self {
        Self::Bytes(digest.0.to_vec())
    }
}

impl Store {
    /// Another login of the same user in the same session: it lives on, from now. False if it ended in the meantime.
    pub async fn renew_session(
        &self,
        digest: SessionDigest,
        user_id: i64,
        at: Timestamp,
        expires_at: Timestamp,
        event: &NewEvent,
    ) -> Result<bool, StoreError> {
        const SQL: &str =
            "UPDATE jeton_session SET expires_at = $3, renewed_at = $4 WHERE digest = $1 AND user_id = $2";
        let renew = Statement::new(SQL, [digest.into(), user_id.into(), expires_at.into(), at.into()]).guard();
        let statements = vec![renew, last_login(user_id, at), events::append(event)];
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// By the digest of its key; nothing if it has run out.
    pub async fn find_session(&self, digest: SessionDigest, now: Timestamp) -> Result<Option<SessionRow>, StoreError> {
        const SQL: &str = "SELECT id, user_id, auth_hash, created_at, expires_at FROM jeton_session \
            WHERE digest = $1 AND expires_at > $2";
        let row = self.engine.read_one(Statement::new(SQL, [digest.into(), now.into()])).await?;
        row.map(|mut row| {
            let id = row.next("jeton_session.id")?;
            let user_id = row.next("jeton_session.user_id")?;
            let auth_hash: Vec<u8> = row.next("jeton_session.auth_hash")?;
            Ok(SessionRow {
                id,
                user_id,
                auth_hash: auth_hash
                    .try_into()
                    .map_err(|_| StoreError::Content { column: "jeton_session.auth_hash" })?,
                created_at: row.next("jeton_session.created_at")?,
                expires_at: row.next("jeton_session.expires_at")?,
            })
        })
        .transpose()
    }

    /// Ends a session. False if there was none: then there is no event either.
    pub async fn delete_session(&self, digest: SessionDigest, event: Option<&NewEvent>) -> Result<bool, StoreError> {
        let mut statements = vec![delete(digest).guard()];
        statements.extend(event.map(events::append));
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// Ends every session of a user, and answers how many there were.
    pub async fn delete_sessions_of_user(&self, user_id: i64) -> Result<u64, StoreError> {
        Ok(self.engine.write(vec![delete_of_user(user_id)]).await?.changed(0))
    }

    /// Deletes sessions that have run out, at most 500 in a commit, and answers how many; writes nothing if there are none.
    pub async fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        const LOOK: &str = "SELECT digest FROM jeton_session WHERE expires_at <= $1 LIMIT 1";
        const DELETE: &str = "DELETE FROM jeton_session WHERE digest IN \
            (SELECT digest FROM jeton_session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        if self.engine.read_one(Statement::new(LOOK, [now.into()])).await?.is_none() {
            return Ok(0);
        }
        let statement = Statement::new(DELETE, [now.into(), EXPIRED_AT_ONCE.into()]);
        Ok(self.engine.write(vec![statement]).await?.changed(0))
    }
}

/// The statement that ends every session of a user, to stand beside others.
pub(crate) fn delete_of_user(user_id: i64) -> Statement {
    Statement::new("DELETE FROM jeton_session WHERE user_id = $1", [user_id.into()])
}

/// The statements of a login.
pub(crate) fn creation(session: &NewSession, replaces: Option<SessionDigest>, event: &NewEvent) -> Vec<Statement> {
    const SQL: &str = "INSERT INTO jeton_session \
        (digest, id, user_id, auth_hash, created_at, expires_at, user_agent, address) \
        SELECT $1, $8, id, $3, $4, $5, $6, $7 FROM auth_user WHERE id = $2 ON CONFLICT DO NOTHING";
    let user_agent = session.user_agent.as_ref().map(|text| text.chars().take(USER_AGENT_LENGTH).collect::<String>());
    let values = [
        session.digest.into(),
        session.user_id.into(),
        session.auth_hash.as_slice().into(),
        session.created_at.into(),
        session.expires_at.into(),
        user_agent.into(),
        session.address.clone().into(),
        session.id.into(),
    ];
    let mut statements = vec![Statement::new(SQL, values).guard()];
    statements.push(last_login(session.user_id, session.created_at));
    statements.extend(replaces.map(delete));
    statements.push(events::append(event));
    statements
}

pub(crate) fn delete(digest: SessionDigest) -> Statement {
    const SQL: &str = "DELETE FROM jeton_session WHERE digest = $1";
    Statement::new(SQL, [digest.into()])
}

fn last_login(user_id: i64, at: Timestamp) -> Statement {
    const SQL: &str = "UPDATE auth_user SET last_login = $2 WHERE id = $1";
    Statement::new(SQL, [user_id.into(), Value::Time(at)])
}

const USER_AGENT_LENGTH: usize = 512;
const EXPIRED_AT_ONCE: u32 = 500;
