//! Where a database is, from its URL.

use std::path::PathBuf;

use crate::StoreError;
use crate::moving::MoveError;

pub(super) enum Address<'u> {
    File(PathBuf),
    Server(&'u str),
}

impl<'u> Address<'u> {
    pub(super) fn of(url: &'u str) -> Result<Self, MoveError> {
        if ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Ok(Self::Server(url));
        }
        match url.strip_prefix("sqlite:") {
            Some(":memory:" | "//:memory:") => Err(MoveError::Memory),
            Some(rest) => match rest.strip_prefix("//") {
                Some(path) if !path.is_empty() => Ok(Self::File(path.into())),
                Some(_) | None => Err(StoreError::Url.into()),
            },
            None => Err(StoreError::Url.into()),
        }
    }
}
