//! What a presented refresh token deserves, and why.

use super::LateReplay;

/// What a presented refresh token deserves.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::{Decision, Family, Presented, Rules, decide};
/// use jeton_token::time::Timestamp;
///
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let token = Presented { generation: Generation(0), blacklisted: false, at: now, agent: None };
/// match decide(&Family::new(), &token, &Rules::SAFE) {
///     Decision::Rotate => {}
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Good, and stays as it is: there is no rotation.
    Accept,
    /// The newest: rotate it.
    Rotate,
    /// Older than the newest, but never used up: it came from rotations without blacklisting. Rotate it.
    RotateOlder,
    /// Just rotated: the same successor again.
    SameSuccessor,
    /// Rotated a while ago, but its answer seems to have got lost: the same successor, and a note of it.
    SameSuccessorLate(LateReplay),
    /// Refused. Nothing else happens.
    Refuse(Refusal),
    /// Refused, and the family loses its right to late replays.
    RefuseAndMark,
    /// Refused, and the family ends.
    End(EndReason),
}

/// Why a token is refused without ending anything. Clients see "Token is blacklisted" each time.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::{Decision, Family, Presented, Refusal, Rules, decide};
/// use jeton_token::time::Timestamp;
///
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let token = Presented { generation: Generation(0), blacklisted: false, at: now, agent: None };
/// let ended = Family { revoked: true, ..Family::new() };
/// assert_eq!(decide(&ended, &token, &Rules::SAFE), Decision::Refuse(Refusal::Ended));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The family has ended.
    Ended,
    /// The token was used up or blacklisted.
    Blacklisted,
    /// The ledger is older than the token: it was restored, or a replica answered.
    LedgerBehind,
}

/// Why a family ended.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::{Decision, EndReason, Family, Presented, Rules, decide};
/// use jeton_token::time::Timestamp;
///
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let token = Presented { generation: Generation(0), blacklisted: false, at: now, agent: None };
/// let spent = Family { generation: Generation(2), consumed_below: Generation(2), ..Family::new() };
/// assert_eq!(decide(&spent, &token, &Rules::SAFE), Decision::End(EndReason::Reuse));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its owner logged out, or the token was blacklisted.
    Logout,
    /// All of the user's families were ended.
    LogoutAll,
    /// An operator ended it.
    Operator,
    /// The user was given another password.
    PasswordChanged,
    /// The user was deleted.
    UserDeleted,
    /// A token was presented that no honest client presents.
    Reuse,
    /// It has used up all of its generations.
    Exhausted,
    /// The database was restored from a backup.
    Restored,
    /// Its user signed in anew, and had as many sign-ins as there may be.
    NewestWins,
}

impl EndReason {
    /// As written into the ledger.
    ///
    /// ```
    /// use jeton_token::rotation::EndReason;
    ///
    /// assert_eq!(EndReason::LogoutAll.as_str(), "logout_all");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::LogoutAll => "logout_all",
            Self::Operator => "operator",
            Self::PasswordChanged => "password_changed",
            Self::UserDeleted => "user_deleted",
            Self::Reuse => "reuse",
            Self::Exhausted => "exhausted",
            Self::Restored => "restored",
            Self::NewestWins => "newest_wins",
        }
    }
}
