//! What the server says when it cannot, in our words.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::error::StoreError;

/// Why work through a session failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server or the connection said so.
    Said(Error),
    /// There was no answer in time.
    Silent,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl Failure {
    pub(super) fn told(self, patience: Duration) -> StoreError {
        match self {
            Self::Said(error) => problem(error),
            Self::Silent => StoreError::Unreachable { reason: format!("no answer for {} s", patience.as_secs()) },
        }
    }

    /// Whether the connection is good for nothing any more. What was asked of it may have been done.
    pub(super) fn is_end_of_connection(&self) -> bool {
        match self {
            Self::Said(error) => match error.code() {
                Some(code) => code.code().starts_with("57P") || code.code().starts_with("08"),
                None => error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>),
            },
            Self::Silent => true,
        }
    }

    /// Whether the server gave the transaction up for the sake of another one.
    pub(super) fn is_worth_another_try(&self) -> bool {
        self.is_one_of(&[SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED])
    }

    /// Whether a statement that was prepared before is so no longer: the schema was changed, or a session that is not
    /// ours alone was tidied up. Nothing was done.
    pub(super) fn is_stale_statement(&self) -> bool {
        let Self::Said(error) = self else { return false };
        self.is_one_of(&[SqlState::INVALID_SQL_STATEMENT_NAME])
            || self.is_one_of(&[SqlState::FEATURE_NOT_SUPPORTED]) && words(error).contains("cached plan")
    }

    fn is_one_of(&self, codes: &[SqlState]) -> bool {
        match self {
            Self::Said(error) => error.code().is_some_and(|code| codes.contains(code)),
            Self::Silent => false,
        }
    }
}

/// What went wrong with a statement. The server's message names tables and columns, but may quote values: those are in
/// its `DETAIL`, which is left out.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn problem(error: Error) -> StoreError {
    let Some(code) = error.code() else {
        let reason = words(&error);
        return if is_untrusted(&error) {
            StoreError::Untrusted { reason }
        } else {
            StoreError::Unreachable { reason }
        };
    };
    match code.code().get(..2) {
        Some("08" | "57") => StoreError::Unreachable { reason: words(&error) },
        Some("53") if *code == SqlState::DISK_FULL => StoreError::Full,
        Some("53") => StoreError::Unreachable { reason: words(&error) },
        Some("40" | "55") => StoreError::Busy,
        Some("58") => StoreError::Disk { reason: words(&error) },
        Some("XX") => StoreError::Corrupt { reason: words(&error) },
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly,
        _ if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
            StoreError::Unreachable { reason: words(&error) }
        }
        // A prepared statement of another client, or none where one was: somebody shares our sessions.
        _ if [SqlState::DUPLICATE_PSTATEMENT, SqlState::INVALID_SQL_STATEMENT_NAME].contains(code) => {
            StoreError::Pooler { reason: words(&error) }
        }
        _ => StoreError::Statement { reason: words(&error) },
    }
}

/// Whether it is the server's certificate that is wrong.
fn is_untrusted(error: &Error) -> bool {
    let within = error.source().and_then(|source| source.downcast_ref::<std::io::Error>()?.get_ref());
    within.is_some_and(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

/// The message without what surrounds it.
pub(super) fn words(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(refusal), _) => refusal.message().to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => error.to_string(),
    }
}
