//! What sign-ins are called in public, and places in lists of them.

use std::fmt;

use jeton_token::id::FamilyKey;
use jeton_token::time::Timestamp;

use crate::engine::Value;
use crate::sessions::SessionId;

/// What a sign-in is called in public: 20 hex digits for a family, 32 for a session. It opens nothing.
///
/// ```
/// use jeton_store::SignInId;
///
/// let id = SignInId::parse("00000000000000000000000000000007").unwrap();
/// assert!(matches!(id, SignInId::Session(_)));
/// assert_eq!(id.to_string(), "00000000000000000000000000000007");
/// assert_eq!(SignInId::parse("7"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignInId {
    /// A family of tokens.
    Family(FamilyKey),
    /// A browser's session.
    Session(SessionId),
}

/// A place in a list of sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInCursor {
    pub(crate) created_at: Timestamp,
    pub(crate) id: SignInId,
}

impl SignInId {
    /// As it is written; nothing if it is no such name.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() || text.len() > 32 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let digits = |at: usize| text.get(at..at + 2).filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let bytes: Option<Vec<u8>> =
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(digits(at)?, 16).ok()).collect();
        Self::of(&bytes?)
    }

    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        match <[u8; 16]>::try_from(name) {
            Ok(id) => Some(Self::Session(SessionId(id))),
            Err(_) => FamilyKey::from_bytes(name).map(Self::Family),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Family(key) => key.as_bytes(),
            Self::Session(id) => &id.0,
        }
    }
}

impl fmt::Display for SignInId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl SignInCursor {
    /// As it is written; nothing if it is no place in such a list.
    pub fn parse(text: &str) -> Option<Self> {
        let (moment, id) = text.split_once('-')?;
        let is_plain = !moment.is_empty() && moment.bytes().all(|byte| byte.is_ascii_digit());
        let micros: i64 = moment.parse().ok().filter(|_| is_plain)?;
        Some(Self { created_at: Timestamp::from_micros(micros), id: SignInId::parse(id)? })
    }
}

impl fmt::Display for SignInCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.created_at.micros(), self.id)
    }
}

impl From<SignInId> for Value {
    fn from(id: SignInId) -> Self {
        Self::Bytes(id.as_bytes().to_vec())
    }
}
