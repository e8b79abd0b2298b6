//! Auth tokens: DRF's opaque keys, kept as digests, each of one user.

use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

use crate::engine::{Row, Statement, Value};
use crate::events::{self, EventKind, NewEvent};
use crate::{Store, StoreError};

/// A row of an auth token. The key is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthToken {
    /// What operators call it by. No secret.
    pub id: String,
    /// Whose it is.
    pub user_id: i64,
    /// What its user calls it; may be empty, and several may have the same.
    pub name: String,
    /// The key under the site's secret, if it is the one that its user is told again and again.
    pub sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is good for nothing; never, if that is nothing.
    pub expires_at: Option<Timestamp>,
}

/// An auth token to be, and under which digest it will be found.
#[derive(Clone, Debug)]
pub struct NewAuthToken {
    /// The row.
    pub token: AuthToken,
    /// A keyed digest of its key.
    pub digest: [u8; 32],
}

/// What has to hold for a token to be made, and what goes when it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthTokenTerms<'a> {
    /// The user's stored hash must still be this one: nobody gets in by a password that was changed in the meantime.
    pub if_password: Option<&'a Secret<String>>,
    /// This one is replaced, and must still be there.
    pub replaces: Option<&'a str>,
    /// So many tokens that are told once may the user have, the new one included; the oldest go.
    pub at_most: Option<u32>,
}

macro_rules! select_auth_tokens {
    ($condition:literal) => {
        concat!("SELECT id, user_id, name, sealed, created_at, expires_at FROM jeton_auth_token WHERE ", $condition)
    };
}

impl Store {
    /// By the digest of its key, expired or not.
    pub async fn find_auth_token(&self, digest: &[u8; 32]) -> Result<Option<AuthToken>, StoreError> {
        self.find_one(Statement::new(select_auth_tokens!("digest = $1"), [digest.as_slice().into()])).await
    }

    /// The one token of a user that is told again and again, expired or not.
    pub async fn find_kept_auth_token(&self, user_id: i64) -> Result<Option<AuthToken>, StoreError> {
        const SQL: &str = select_auth_tokens!("user_id = $1 AND sealed IS NOT NULL");
        self.find_one(Statement::new(SQL, [user_id.into()])).await
    }

    /// A page of tokens, by id, after that id: everybody's, or one user's.
    pub async fn list_auth_tokens(
        &self,
        user_id: Option<i64>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AuthToken>, StoreError> {
        const ALL: &str = select_auth_tokens!("id > $1 ORDER BY id LIMIT $2");
        const OF_USER: &str = select_auth_tokens!("id > $1 AND user_id = $3 ORDER BY id LIMIT $2");
        let mut values = vec![after.unwrap_or_default().into(), limit.into()];
        let sql = match user_id {
            None => ALL,
            Some(user_id) => {
                values.push(user_id.into());
                OF_USER
            }
        };
        self.engine.read(Statement::new(sql, values)).await?.into_iter().map(auth_token).collect()
    }

    /// Whether the token was made: not if the terms do not hold, the user is gone, the id or the digest is taken, or the
    /// user has a token already that is told again and again and this is another. The user's expired tokens go with it.
    pub async fn create_auth_token(
        &self,
        new: &NewAuthToken,
        terms: AuthTokenTerms<'_>,
        address: Option<String>,
    ) -> Result<bool, StoreError> {
        const EXPIRED: &str = "DELETE FROM jeton_auth_token WHERE user_id = $1 AND expires_at <= $2";
        let AuthToken { ref id, user_id, created_at: now, .. } = new.token;
        let mut statements = Vec::new();
        if let Some(replaced) = terms.replaces {
            statements.push(event_of(replaced, now));
            statements.push(delete(replaced).guard());
        }
        statements.push(insert(new, terms.if_password).guard());
        statements.push(events::append(&NewEvent {
            at: now,
            kind: EventKind::AuthTokenCreated,
            user_id: Some(user_id),
            family: None,
            address,
            detail: Some(id.clone()),
        }));
        statements.push(Statement::new(EXPIRED, [user_id.into(), now.into()]));
        if let Some(at_most) = terms.at_most {
            statements.extend(end_oldest(&new.token, at_most.saturating_sub(1)));
        }
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// Ends a token, with its event. Whether it was there.
    pub async fn delete_auth_token(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let statements = vec![event_of(id, now), delete(id).guard()];
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// Ends all tokens of a user, each with its event. How many there were.
    pub async fn delete_auth_tokens_of(&self, user_id: i64, now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.engine.write(end_all(user_id, now).into()).await?.changed(1))
    }
}

/// The statements that end every token of a user: the events, then the rows.
pub(crate) fn end_all(user_id: i64, now: Timestamp) -> [Statement; 2] {
    const EVENTS: &str = "INSERT INTO jeton_event (at, kind, user_id, detail) \
        SELECT $1, $2, user_id, id FROM jeton_auth_token WHERE user_id = $3";
    const DELETE: &str = "DELETE FROM jeton_auth_token WHERE user_id = $1";
    let ended = EventKind::AuthTokenEnded.as_str();
    [Statement::new(EVENTS, [now.into(), ended.into(), user_id.into()]), Statement::new(DELETE, [user_id.into()])]
}

/// The statements that end all but the newest `others` beside this one.
fn end_oldest(kept: &AuthToken, others: u32) -> [Statement; 2] {
    const EVENTS: &str = "INSERT INTO jeton_event (at, kind, user_id, detail) \
        SELECT $4, $5, user_id, id FROM jeton_auth_token WHERE user_id = $1 AND sealed IS NULL AND id <> $2 \
        AND id NOT IN (SELECT id FROM jeton_auth_token WHERE user_id = $1 AND sealed IS NULL AND id <> $2 \
        ORDER BY created_at DESC, id DESC LIMIT $3)";
    const DELETE: &str = "DELETE FROM jeton_auth_token WHERE user_id = $1 AND sealed IS NULL AND id <> $2 \
        AND id NOT IN (SELECT id FROM jeton_auth_token WHERE user_id = $1 AND sealed IS NULL AND id <> $2 \
        ORDER BY created_at DESC, id DESC LIMIT $3)";
    let which = || -> Vec<Value> { vec![kept.user_id.into(), kept.id.as_str().into(), others.into()] };
    let mut values = which();
    values.extend([kept.created_at.into(), EventKind::AuthTokenEnded.as_str().into()]);
    [Statement::new(EVENTS, values), Statement::new(DELETE, which())]
}

fn insert(new: &NewAuthToken, if_password: Option<&Secret<String>>) -> Statement {
    const ALWAYS: &str = "INSERT INTO jeton_auth_token (id, digest, sealed, user_id, name, created_at, expires_at) \
        SELECT $1, $2, $3, id, $5, $6, $7 FROM auth_user WHERE id = $4 ON CONFLICT DO NOTHING";
    const IF_PASSWORD: &str = "INSERT INTO jeton_auth_token \
        (id, digest, sealed, user_id, name, created_at, expires_at) \
        SELECT $1, $2, $3, id, $5, $6, $7 FROM auth_user WHERE id = $4 AND password = $8 ON CONFLICT DO NOTHING";
    let token = &new.token;
    let mut values = vec![
        token.id.as_str().into(),
        new.digest.as_slice().into(),
        token.sealed.as_deref().into(),
        token.user_id.into(),
        token.name.as_str().into(),
        token.created_at.into(),
        token.expires_at.into(),
    ];
    match if_password {
        None => Statement::new(ALWAYS, values),
        Some(password) => {
            values.push(password.into());
            Statement::new(IF_PASSWORD, values)
        }
    }
}

fn delete(id: &str) -> Statement {
    Statement::new("DELETE FROM jeton_auth_token WHERE id = $1", [id.into()])
}

/// The event that tells of a deletion, if there is something to delete.
fn event_of(id: &str, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO jeton_event (at, kind, user_id, detail) \
        SELECT $1, $2, user_id, id FROM jeton_auth_token WHERE id = $3";
    Statement::new(SQL, [now.into(), EventKind::AuthTokenEnded.as_str().into(), id.into()])
}

impl Store {
    async fn find_one(&self, statement: Statement) -> Result<Option<AuthToken>, StoreError> {
        self.engine.read_one(statement).await?.map(auth_token).transpose()
    }
}

fn auth_token(mut row: Row) -> Result<AuthToken, StoreError> {
    Ok(AuthToken {
        id: row.next("jeton_auth_token.id")?,
        user_id: row.next("jeton_auth_token.user_id")?,
        name: row.next("jeton_auth_token.name")?,
        sealed: row.next("jeton_auth_token.sealed")?,
        created_at: row.next("jeton_auth_token.created_at")?,
        expires_at: row.next("jeton_auth_token.expires_at")?,
    })
}
