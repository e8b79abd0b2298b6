//! Values on PostgreSQL's wire, in the type that the column has.

use std::error::Error;

use bytes::BytesMut;
use jeton_token::time::Timestamp;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::engine::{Kind, Row, Value};

type Failure = Box<dyn Error + Sync + Send>;

/// What a value is announced as. Columns of narrower types take it by assignment.
pub(super) fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Bool => Type::BOOL,
        Kind::Integer => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
        Kind::Time => Type::TIMESTAMPTZ,
    }
}

/// What a column of such values is announced as.
pub(super) fn array_of(kind: Kind) -> Type {
    match kind {
        Kind::Bool => Type::BOOL_ARRAY,
        Kind::Integer => Type::INT8_ARRAY,
        Kind::Text => Type::TEXT_ARRAY,
        Kind::Bytes => Type::BYTEA_ARRAY,
        Kind::Time => Type::TIMESTAMPTZ_ARRAY,
    }
}

/// A row with its columns in their order.
pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let values: Result<Vec<Value>, _> = (0..row.len()).map(|column| row.try_get(column)).collect();
    values.map(Row::new)
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null(_) => Ok(IsNull::Yes),
            Self::Bool(bool) => bool.to_sql(ty, out),
            Self::Integer(integer) => integer.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Secret(secret) => secret.expose().to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
            Self::Time(moment) => since_2000(*moment).to_sql(&Type::INT8, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(match *ty {
            Type::BOOL => Self::Bool(bool::from_sql(ty, raw)?),
            Type::INT2 => Self::Integer(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::BYTEA => Self::Bytes(raw.to_vec()),
            Type::TIMESTAMPTZ => {
                let micros = i64::from_sql(&Type::INT8, raw)?;
                Self::Time(Timestamp::from_micros(micros.saturating_add(EPOCH)))
            }
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(ty: &Type) -> Result<Self, Failure> {
        Ok(Self::Null(match *ty {
            Type::BOOL => Kind::Bool,
            Type::INT2 | Type::INT4 | Type::INT8 => Kind::Integer,
            Type::BYTEA => Kind::Bytes,
            Type::TIMESTAMPTZ => Kind::Time,
            _ => Kind::Text,
        }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::BOOL | Type::INT2 | Type::INT4 | Type::INT8 | Type::BYTEA | Type::TIMESTAMPTZ)
            || <String as FromSql<'_>>::accepts(ty)
    }
}

/// A value in exactly the type of its column, as `COPY` wants it.
#[derive(Debug)]
pub(super) struct Exact<'v>(pub(super) &'v Value);

/// A number for which the column has no room.
#[derive(Debug, thiserror::Error)]
#[error("a number does not fit into its column")]
pub(super) struct TooWide;

impl ToSql for Exact<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (self.0, ty) {
            (Value::Integer(integer), &Type::INT4) => i32::try_from(*integer).map_err(|_| TooWide)?.to_sql(ty, out),
            (Value::Integer(integer), &Type::INT2) => i16::try_from(*integer).map_err(|_| TooWide)?.to_sql(ty, out),
            (value, _) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Microseconds as the server counts them.
fn since_2000(moment: Timestamp) -> i64 {
    moment.micros().saturating_sub(EPOCH)
}

/// 2000-01-01 in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;
