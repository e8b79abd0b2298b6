//! A row that a statement returned, read from left to right into types that cannot be wrong.

use std::vec::IntoIter;

use jeton_token::id::{FamilyKey, Generation};
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

use crate::django_time;
use crate::engine::Value;
use crate::error::StoreError;

/// The columns of a row that were not read yet.
#[derive(Debug)]
pub(crate) struct Row(IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next column. Its name is for the message if its content makes no sense.
    pub(crate) fn next<T: FromValue>(&mut self, column: &'static str) -> Result<T, StoreError> {
        self.0.next().and_then(T::from_value).ok_or(StoreError::Content { column })
    }
}

/// What a column can be read as; nothing if its content is something else.
pub(crate) trait FromValue: Sized {
    fn from_value(value: Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(integer) => Some(integer),
            Value::Null(_) | Value::Bool(_) | Value::Text(_) | Value::Secret(_) | Value::Bytes(_) | Value::Time(_) => {
                None
            }
        }
    }
}

impl FromValue for u64 {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for u32 {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for u8 {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bool(bool) => Some(bool),
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            Value::Integer(_)
            | Value::Null(_)
            | Value::Text(_)
            | Value::Secret(_)
            | Value::Bytes(_)
            | Value::Time(_) => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            Value::Null(_)
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Secret(_)
            | Value::Bytes(_)
            | Value::Time(_) => None,
        }
    }
}

impl FromValue for Secret<String> {
    fn from_value(value: Value) -> Option<Self> {
        String::from_value(value).map(Self::new)
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            Value::Null(_)
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Text(_)
            | Value::Secret(_)
            | Value::Time(_) => None,
        }
    }
}

impl FromValue for [u8; 8] {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok()
    }
}

impl FromValue for FamilyKey {
    fn from_value(value: Value) -> Option<Self> {
        Self::from_bytes(&Vec::from_value(value)?)
    }
}

impl FromValue for Generation {
    fn from_value(value: Value) -> Option<Self> {
        u32::from_value(value).map(Self)
    }
}

/// From a column of our own in microseconds, or one of Django's in whatever shape the engine has for it.
impl FromValue for Timestamp {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(micros) => Some(Self::from_micros(micros)),
            Value::Text(text) => django_time::parse(&text),
            Value::Time(moment) => Some(moment),
            Value::Null(_) | Value::Bool(_) | Value::Secret(_) | Value::Bytes(_) => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null(_) => Some(None),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Text(_)
            | Value::Secret(_)
            | Value::Bytes(_)
            | Value::Time(_) => T::from_value(value).map(Some),
        }
    }
}
