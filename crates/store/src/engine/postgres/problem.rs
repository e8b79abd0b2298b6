//! What the server says when it cannot, in our words.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::error::StoreError;

/// What went wrong with a statement. The server's message names tables and columns, but may quote values: those are in
/// its `DETAIL`, which is left out.
pub(super) fn problem(error: Error) -> StoreError {
    let Some(code) = error.code() else {
        return StoreError::Unreachable { reason: words(&error) };
    };
    match code.code().get(..2) {
        Some("08" | "57") => StoreError::Unreachable { reason: words(&error) },
        Some("53") if *code == SqlState::DISK_FULL => StoreError::Full,
        Some("53") => StoreError::Unreachable { reason: words(&error) },
        Some("40" | "55") => StoreError::Busy,
        Some("58") => StoreError::Disk { reason: words(&error) },
        Some("XX") => StoreError::Corrupt { reason: words(&error) },
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly,
        _ => StoreError::Statement { reason: words(&error) },
    }
}

/// Whether the server gave the transaction up for the sake of another one.
pub(super) fn is_worth_another_try(error: &Error) -> bool {
    error
        .code()
        .is_some_and(|code| [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code))
}

/// The message without what surrounds it.
pub(super) fn words(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(refusal), _) => refusal.message().to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => error.to_string(),
    }
}
