//! The event log: what happened to users and families, append-only.

use jeton_token::id::FamilyKey;
use jeton_token::time::Timestamp;

use crate::engine::{Row, Statement};
use crate::{Store, StoreError};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// To whom; the number stays when the user is deleted.
    pub user_id: Option<i64>,
    /// In which login.
    pub family: Option<FamilyKey>,
    /// From where.
    pub address: Option<String>,
    /// Anything else worth knowing. Never a token, never a password.
    pub detail: Option<String>,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number: later events have higher ones.
    pub id: i64,
    /// What it says.
    pub event: NewEvent,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names are their meaning")]
pub enum EventKind {
    SignedIn,
    SignedOut,
    SignedOutEverywhere,
    TokenBlacklisted,
    FamilyEnded,
    SessionEnded,
    FamilyMarked,
    LedgerBehind,
    UnknownToken,
    LateReplay,
    UserCreated,
    UserChanged,
    UserDeleted,
    PasswordChanged,
    AuthTokenCreated,
    AuthTokenEnded,
    Throttled,
    SigningKeyAdded,
    SigningKeyRetired,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::SignedIn,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::TokenBlacklisted,
        Self::FamilyEnded,
        Self::SessionEnded,
        Self::FamilyMarked,
        Self::LedgerBehind,
        Self::UnknownToken,
        Self::LateReplay,
        Self::UserCreated,
        Self::UserChanged,
        Self::UserDeleted,
        Self::PasswordChanged,
        Self::AuthTokenCreated,
        Self::AuthTokenEnded,
        Self::Throttled,
        Self::SigningKeyAdded,
        Self::SigningKeyRetired,
    ];

    /// As written into the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::TokenBlacklisted => "token_blacklisted",
            Self::FamilyEnded => "family_ended",
            Self::SessionEnded => "session_ended",
            Self::FamilyMarked => "family_marked",
            Self::LedgerBehind => "ledger_behind",
            Self::UnknownToken => "unknown_token",
            Self::LateReplay => "late_replay",
            Self::UserCreated => "user_created",
            Self::UserChanged => "user_changed",
            Self::UserDeleted => "user_deleted",
            Self::PasswordChanged => "password_changed",
            Self::AuthTokenCreated => "auth_token_created",
            Self::AuthTokenEnded => "auth_token_ended",
            Self::Throttled => "throttled",
            Self::SigningKeyAdded => "signing_key_added",
            Self::SigningKeyRetired => "signing_key_retired",
        }
    }

    /// The other way round.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Store {
    /// An event that comes with no change of anything else.
    pub async fn append_event(&self, event: &NewEvent) -> Result<(), StoreError> {
        self.engine.write(vec![append(event)]).await.map(drop)
    }

    /// A page of the log, from the oldest on, after the event with that number.
    pub async fn list_events(&self, after: Option<i64>, limit: u32) -> Result<Vec<Event>, StoreError> {
        const SQL: &str = "SELECT id, at, kind, user_id, family, address, detail FROM jeton_event \
            WHERE id > $1 ORDER BY id LIMIT $2";
        let statement = Statement::new(SQL, [after.unwrap_or(0).into(), limit.into()]);
        self.engine.read(statement).await?.into_iter().map(event).collect()
    }
}

/// The statement that writes an event beside a change.
pub(crate) fn append(event: &NewEvent) -> Statement {
    const SQL: &str = "INSERT INTO jeton_event (at, kind, user_id, family, address, detail) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    Statement::new(
        SQL,
        [
            event.at.into(),
            event.kind.as_str().into(),
            event.user_id.into(),
            event.family.into(),
            event.address.clone().into(),
            event.detail.clone().into(),
        ],
    )
}

fn event(mut row: Row) -> Result<Event, StoreError> {
    let id = row.next("jeton_event.id")?;
    let at = row.next("jeton_event.at")?;
    let kind: String = row.next("jeton_event.kind")?;
    let kind = EventKind::parse(&kind).ok_or(StoreError::Content { column: "jeton_event.kind" })?;
    let event = NewEvent {
        at,
        kind,
        user_id: row.next("jeton_event.user_id")?,
        family: row.next("jeton_event.family")?,
        address: row.next("jeton_event.address")?,
        detail: row.next("jeton_event.detail")?,
    };
    Ok(Event { id, event })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::parse("SignedIn"), None);
    }
}
