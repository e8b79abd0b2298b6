//! A statement and its values, as both engines take them.

use jeton_token::id::{FamilyKey, Generation};
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

/// One SQL statement in the common subset, with `$1` … `$n` for its values.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
    pub(crate) guard: bool,
    /// The same for many rows at once, where the engine gains by it.
    pub(crate) many: Option<&'static str>,
}

impl Statement {
    pub(crate) fn new(sql: &'static str, params: impl Into<Vec<Value>>) -> Self {
        Self { sql, params: params.into(), guard: false, many: None }
    }

    /// If this one changes no row, the whole list that it stands in is rolled back.
    pub(crate) fn guard(mut self) -> Self {
        self.guard = true;
        self
    }

    /// The text for many at once, on PostgreSQL: each parameter is an array of what this one has in its place. The first
    /// names the row and the second what is expected of it. It holds its rows in the order of their names, and the first
    /// column that it returns is the place in the arrays, from one.
    pub(crate) fn or_many(mut self, sql: &'static str) -> Self {
        self.many = Some(sql);
        self
    }

    /// Which row is changed, and what is expected of it. Of two that claim the same at most one changes it.
    pub(crate) fn claim(&self) -> Option<(&[u8], i64)> {
        match &self.params[..] {
            [Value::Bytes(row), Value::Integer(expected), ..] => Some((row, *expected)),
            _ => None,
        }
    }
}

/// A value in a statement or in a row.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing, in a column of this kind.
    Null(Kind),
    Bool(bool),
    Integer(i64),
    Text(String),
    /// Text that is not for `Debug`.
    Secret(Secret<String>),
    Bytes(Vec<u8>),
    /// A moment in a column of Django's. Our own columns hold microseconds.
    Time(Timestamp),
}

/// What kinds of values there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Bool,
    Integer,
    Text,
    Bytes,
    Time,
}

/// A type whose values are all of one kind, so that even their absence is.
pub(crate) trait Kinded {
    const KIND: Kind;
}

impl Value {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Bool(_) => Kind::Bool,
            Self::Integer(_) => Kind::Integer,
            Self::Text(_) | Self::Secret(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Time(_) => Kind::Time,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&Secret<String>> for Value {
    fn from(value: &Secret<String>) -> Self {
        Self::Secret(value.clone())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_owned())
    }
}

impl From<[u8; 8]> for Value {
    fn from(value: [u8; 8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<FamilyKey> for Value {
    fn from(key: FamilyKey) -> Self {
        Self::Bytes(key.as_bytes().to_vec())
    }
}

impl From<Generation> for Value {
    fn from(generation: Generation) -> Self {
        Self::Integer(generation.0.into())
    }
}

/// Into a column of our own.
impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Integer(moment.micros())
    }
}

impl<T: Into<Self> + Kinded> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null(T::KIND), Into::into)
    }
}

macro_rules! kinds {
    ($($type:ty: $kind:ident),* $(,)?) => {
        $(impl Kinded for $type {
            const KIND: Kind = Kind::$kind;
        })*
    };
}

kinds! {
    bool: Bool,
    i64: Integer,
    u32: Integer,
    Timestamp: Integer,
    Generation: Integer,
    &str: Text,
    String: Text,
    &Secret<String>: Text,
    &[u8]: Bytes,
    [u8; 8]: Bytes,
    FamilyKey: Bytes,
}
