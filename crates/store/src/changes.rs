//! The change log: what other processes have to know of, written in the transaction of the fact itself.

use std::time::Duration;

use jeton_token::id::FamilyKey;
use jeton_token::time::Timestamp;

use crate::engine::{Outcome, Row, Statement, Value};
use crate::{Store, StoreError};

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number. A lower one may become visible after a higher one.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: ChangeKind,
    /// In which family.
    pub family: Option<FamilyKey>,
    /// To whom.
    pub user_id: Option<i64>,
    /// From when on nobody needs to know any more.
    pub expires_at: Timestamp,
}

/// The text that tells of each family under a condition: none for longer than its tokens live, and for as long where it is
/// from the future, because then nobody knows for how long its access tokens are good. The parameters are the moment, the
/// kind, and from when on nobody needs to know of what happens now.
macro_rules! tell_families_ended {
    ($at:literal, $kind:literal, $untold_after:literal, $($condition:tt)+) => {
        concat!(
            "INSERT INTO jeton_change (at, kind, family, user_id, expires_at) SELECT ",
            $at, ", ", $kind, ", key, user_id, CASE WHEN expires_at < ", $untold_after,
            " OR COALESCE(rotated_at, created_at) > ", $at, " THEN expires_at ELSE ", $untold_after, " END ",
            "FROM jeton_family WHERE ",
            $($condition)+
        )
    };
}
pub(crate) use tell_families_ended;

/// What others have to know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// No token of the family is good any more, access tokens included.
    FamilyEnded,
    /// The user's row is another.
    UserChanged,
    /// The user is kept out, or deleted.
    UserLocked,
    /// The user is let in again.
    UserUnlocked,
    /// What the user was given until then is not to be taken any more, whoever minted it.
    UserTokensEnded,
    /// The signing keys are others.
    KeysChanged,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::FamilyEnded,
        Self::UserChanged,
        Self::UserLocked,
        Self::UserUnlocked,
        Self::UserTokensEnded,
        Self::KeysChanged,
    ];

    /// As written into the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FamilyEnded => "family_ended",
            Self::UserChanged => "user_changed",
            Self::UserLocked => "user_locked",
            Self::UserUnlocked => "user_unlocked",
            Self::UserTokensEnded => "user_tokens_ended",
            Self::KeysChanged => "keys_changed",
        }
    }

    /// The other way round.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Store {
    /// How long what was given out before an end may be good by itself: the life of an access token, leeway included.
    /// For as long every process is told of the end.
    pub fn tell_ends_for(&self, life: Duration) {
        self.feed.set_life(life);
    }

    /// From when on nobody needs to know of what happens now.
    pub(crate) fn untold_after(&self, now: Timestamp) -> Timestamp {
        now + self.feed.life()
    }

    /// The statement that tells of a change from now on, to stand beside it: of a user, or of the site.
    pub(crate) fn tell_of(&self, kind: ChangeKind, user_id: Option<i64>, now: Timestamp) -> Statement {
        const SQL: &str = "INSERT INTO jeton_change (at, kind, user_id, expires_at) VALUES ($1, $2, $3, $4)";
        Statement::new(SQL, [now.into(), kind.as_str().into(), user_id.into(), self.untold_after(now).into()])
    }

    /// The same of a family that ended.
    pub(crate) fn tell_family_ended(&self, key: FamilyKey, now: Timestamp) -> Statement {
        const SQL: &str = tell_families_ended!("$2", "$3", "$4", "key = $1");
        self.tell_of_families(SQL, key.into(), now)
    }

    /// The same of all the families of a user that ended at that moment.
    pub(crate) fn tell_families_ended(&self, user_id: i64, now: Timestamp) -> Statement {
        const SQL: &str = tell_families_ended!("$2", "$3", "$4", "user_id = $1 AND revoked_at = $2");
        self.tell_of_families(SQL, user_id.into(), now)
    }

    fn tell_of_families(&self, sql: &'static str, whose: Value, now: Timestamp) -> Statement {
        let kind = ChangeKind::FamilyEnded.as_str();
        Statement::new(sql, [whose, now.into(), kind.into(), self.untold_after(now).into()])
    }

    /// Writes what others have to know of, and comes back once the followers in this process know it.
    pub(crate) async fn announce(&self, statements: Vec<Statement>) -> Result<Outcome, StoreError> {
        let outcome = self.engine.write(statements).await?;
        if outcome.is_done() {
            self.feed.announce(&self.engine).await;
        }
        Ok(outcome)
    }

    /// Deletes what nobody needs to know any more, at most 1000 entries in a commit, and answers how many. Until when they
    /// had to be known is kept, for a clock that was ahead: see [`flushed_through`](Self::flushed_through).
    pub async fn flush_changes(&self, now: Timestamp) -> Result<u64, StoreError> {
        const LOOK: &str = "SELECT 1 FROM jeton_change WHERE expires_at <= $1 LIMIT 1";
        const DELETE: &str = "DELETE FROM jeton_change WHERE id IN \
            (SELECT id FROM jeton_change WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        const THROUGH: &str = "UPDATE jeton_flush SET flushed_through = \
            (SELECT MAX(expires_at) FROM jeton_change WHERE expires_at <= $1) WHERE id = 1 \
            AND COALESCE(flushed_through, -1) < (SELECT MAX(expires_at) FROM jeton_change WHERE expires_at <= $1)";
        if self.engine.read_one(Statement::new(LOOK, [now.into()])).await?.is_none() {
            return Ok(0);
        }
        let through = Statement::new(THROUGH, [now.into()]);
        let delete = Statement::new(DELETE, [now.into(), STRIDE.into()]);
        Ok(self.engine.write(vec![through, delete]).await?.changed(1))
    }
}

/// A page of the log.
pub(crate) fn page(after: i64) -> Statement {
    const SQL: &str = "SELECT id, at, kind, family, user_id, expires_at FROM jeton_change \
        WHERE id > $1 ORDER BY id LIMIT $2";
    Statement::new(SQL, [after.into(), STRIDE.into()])
}

/// Nothing if a newer version tells of something that this one does not know.
pub(crate) fn change(mut row: Row) -> Result<(i64, Option<Change>), StoreError> {
    let id = row.next("jeton_change.id")?;
    let at = row.next("jeton_change.at")?;
    let kind: String = row.next("jeton_change.kind")?;
    let family = row.next("jeton_change.family")?;
    let user_id = row.next("jeton_change.user_id")?;
    let expires_at = row.next("jeton_change.expires_at")?;
    let change = ChangeKind::parse(&kind).map(|kind| Change { id, at, kind, family, user_id, expires_at });
    Ok((id, change))
}

/// Rows in a page, and in a commit of the sweeper.
pub(crate) const STRIDE: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for kind in ChangeKind::ALL {
            assert_eq!(ChangeKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(ChangeKind::parse("FamilyEnded"), None);
    }
}
