//! `jwt_header`: a hand-made token in a header of its own, by default `jwt-auth`.

use axum::http::HeaderMap;
use jeton_token::error::Flaw;

use super::super::App;
use super::super::error::ApiError;
use crate::auth::{HandMadeError, Principal};

/// An empty header is none. One that comes twice does not hold one token.
pub(super) async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Option<Principal>, ApiError> {
    let mut values = headers.get_all(app.settings().hand_made.header.as_str()).iter();
    let Some(value) = values.next().filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ApiError::Auth(HandMadeError::Undecodable(Flaw::Form).into()));
    }
    Ok(Some(app.auth.authenticate_hand_made(value.as_bytes()).await?))
}
