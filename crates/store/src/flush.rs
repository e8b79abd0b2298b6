//! Deleting what has expired: little by little for the sweeper, all at once for `flushexpiredtokens`.

use std::sync::PoisonError;

use jeton_token::id::FamilyKey;
use jeton_token::time::Timestamp;

use crate::engine::{Kind, Row, Statement, Value};
use crate::{Store, StoreError};

/// What one step of the sweeper did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlushStep {
    /// Families deleted.
    pub families: u64,
    /// Single tokens deleted.
    pub tokens: u64,
    /// The end was reached; the next step begins anew.
    pub wrapped: bool,
}

/// What a flush of everything did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Families deleted.
    pub families: u64,
    /// Single tokens deleted.
    pub tokens: u64,
}

/// How far a walk over the ledger has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// Among the families, past this key.
    Families(Option<FamilyKey>),
    /// Through with those; among the single tokens, past this `jti`.
    Tokens(String),
}

impl Store {
    /// One step of the sweeper's walk, round and round: looks at 50 rows at most and deletes those past their horizon.
    /// The place is stored whenever something was deleted; nothing is written where nothing has expired.
    pub async fn flush_step(&self, now: Timestamp) -> Result<FlushStep, StoreError> {
        let kept = self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let from = match kept {
            Some(cursor) => cursor,
            None => self.stored_cursor().await?,
        };
        let (step, next) = self.walk(&from, now, STEP, true).await?;
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
        Ok(step)
    }

    /// Deletes everything that has expired at `now`.
    pub async fn flush_all(&self, now: Timestamp) -> Result<Flushed, StoreError> {
        let mut flushed = Flushed::default();
        let mut from = Cursor::Families(None);
        loop {
            let (step, next) = self.walk(&from, now, STRIDE, false).await?;
            flushed.families += step.families;
            flushed.tokens += step.tokens;
            if step.wrapped {
                return Ok(flushed);
            }
            from = next;
        }
    }

    /// The highest expiry of a foreign token that was ever flushed, or of a change that somebody had to know of. A foreign
    /// token that expires by then is unknown for good reason, and refused.
    pub async fn flushed_through(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.engine.read_one(through()).await?;
        row.map_or(Ok(None), |mut row| row.next("jeton_flush.flushed_through"))
    }

    async fn stored_cursor(&self) -> Result<Cursor, StoreError> {
        const SQL: &str = "SELECT family_cursor, token_cursor FROM jeton_flush WHERE id = 1";
        let Some(mut row) = self.engine.read_one(Statement::new(SQL, [])).await? else {
            return Ok(Cursor::Families(None));
        };
        let family = row.next("jeton_flush.family_cursor")?;
        let token: Option<String> = row.next("jeton_flush.token_cursor")?;
        Ok(token.map_or(Cursor::Families(family), Cursor::Tokens))
    }

    /// Looks at the next `rows` rows. What has expired among them is deleted by a statement that looks again.
    async fn walk(
        &self,
        from: &Cursor,
        now: Timestamp,
        rows: u32,
        keep_cursor: bool,
    ) -> Result<(FlushStep, Cursor), StoreError> {
        let span = match from {
            Cursor::Families(after) => self.families_from(*after, now, rows).await?,
            Cursor::Tokens(after) => self.tokens_from(after, now, rows).await?,
        };
        let next = match (from, span.last) {
            (Cursor::Families(_), Last::Family(key)) if span.full => Cursor::Families(Some(key)),
            (Cursor::Families(_), _) => Cursor::Tokens(String::new()),
            (Cursor::Tokens(_), Last::Token(jti)) if span.full => Cursor::Tokens(jti),
            (Cursor::Tokens(_), _) => Cursor::Families(None),
        };
        let wrapped = matches!(from, Cursor::Tokens(_)) && matches!(next, Cursor::Families(_));
        let mut step = FlushStep { wrapped, ..FlushStep::default() };
        if let Some(mut statements) = span.flush {
            let delete = statements.len() - 1;
            if keep_cursor {
                statements.push(keep(&next));
            }
            let deleted = self.engine.write(statements).await?.changed(delete);
            match from {
                Cursor::Families(_) => step.families = deleted,
                Cursor::Tokens(_) => step.tokens = deleted,
            }
        }
        Ok((step, next))
    }

    async fn families_from(&self, after: Option<FamilyKey>, now: Timestamp, rows: u32) -> Result<Span, StoreError> {
        const LOOK: &str = "SELECT key, expires_at FROM jeton_family WHERE key > $1 ORDER BY key LIMIT $2";
        const THROUGH: &str = "UPDATE jeton_flush SET flushed_through = (SELECT MAX(expires_at) FROM jeton_family \
            WHERE key > $1 AND key <= $2 AND expires_at <= $3 AND origin_jti IS NOT NULL) \
            WHERE id = 1 AND COALESCE(flushed_through, -1) < (SELECT MAX(expires_at) FROM jeton_family \
            WHERE key > $1 AND key <= $2 AND expires_at <= $3 AND origin_jti IS NOT NULL)";
        const DELETE: &str = "DELETE FROM jeton_family WHERE key > $1 AND key <= $2 AND expires_at <= $3";
        let after = after.map_or(Value::Bytes(Vec::new()), Value::from);
        let found = self.engine.read(Statement::new(LOOK, [after.clone(), rows.into()])).await?;
        let found: Vec<(FamilyKey, Timestamp)> = found.into_iter().map(pair).collect::<Result<_, _>>()?;
        let Some(&(last, _)) = found.last() else { return Ok(Span::EMPTY) };
        let values = || [after.clone(), last.into(), now.into()];
        let expired = found.iter().any(|&(_, expires_at)| expires_at <= now);
        Ok(Span {
            last: Last::Family(last),
            full: found.len() == rows as usize,
            flush: expired.then(|| vec![Statement::new(THROUGH, values()), Statement::new(DELETE, values())]),
        })
    }

    async fn tokens_from(&self, after: &str, now: Timestamp, rows: u32) -> Result<Span, StoreError> {
        const LOOK: &str = "SELECT jti, expires_at FROM jeton_blacklisted_token WHERE jti > $1 ORDER BY jti LIMIT $2";
        const THROUGH: &str = "UPDATE jeton_flush SET flushed_through = \
            (SELECT MAX(expires_at) FROM jeton_blacklisted_token \
            WHERE jti > $1 AND jti <= $2 AND expires_at <= $3 AND generation IS NULL) \
            WHERE id = 1 AND COALESCE(flushed_through, -1) < (SELECT MAX(expires_at) FROM jeton_blacklisted_token \
            WHERE jti > $1 AND jti <= $2 AND expires_at <= $3 AND generation IS NULL)";
        const DELETE: &str = "DELETE FROM jeton_blacklisted_token WHERE jti > $1 AND jti <= $2 AND expires_at <= $3";
        let found = self.engine.read(Statement::new(LOOK, [after.into(), rows.into()])).await?;
        let mut found: Vec<(String, Timestamp)> = found.into_iter().map(pair).collect::<Result<_, _>>()?;
        let expired = found.iter().any(|&(_, expires_at)| expires_at <= now);
        let full = found.len() == rows as usize;
        let Some((last, _)) = found.pop() else { return Ok(Span::EMPTY) };
        let values = || [after.into(), last.as_str().into(), now.into()];
        let flush = expired.then(|| vec![Statement::new(THROUGH, values()), Statement::new(DELETE, values())]);
        Ok(Span { last: Last::Token(last), full, flush })
    }
}

/// Some rows in a row, and what deletes the expired ones among them.
struct Span {
    last: Last,
    /// There may be more behind it.
    full: bool,
    flush: Option<Vec<Statement>>,
}

impl Span {
    const EMPTY: Self = Self { last: Last::None, full: false, flush: None };
}

enum Last {
    None,
    Family(FamilyKey),
    Token(String),
}

pub(crate) fn through() -> Statement {
    const SQL: &str = "SELECT flushed_through FROM jeton_flush WHERE id = 1";
    Statement::new(SQL, [])
}

fn keep(cursor: &Cursor) -> Statement {
    const SQL: &str = "UPDATE jeton_flush SET family_cursor = $1, token_cursor = $2 WHERE id = 1";
    let (family, token) = match cursor {
        Cursor::Families(key) => (Value::from(*key), Value::Null(Kind::Text)),
        Cursor::Tokens(jti) => (Value::Null(Kind::Bytes), jti.as_str().into()),
    };
    Statement::new(SQL, [family, token])
}

fn pair<K: crate::engine::FromValue>(mut row: Row) -> Result<(K, Timestamp), StoreError> {
    Ok((row.next("jeton_flush.cursor")?, row.next("jeton_flush.expires_at")?))
}

/// Rows in a step of the sweeper: a commit that takes no longer for it.
const STEP: u32 = 50;
/// Rows in a commit of a flush of everything.
const STRIDE: u32 = 1000;
