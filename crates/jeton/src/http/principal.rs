//! Who sent a request: extractors, so that a handler does not compile without saying who may call it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use jeton_token::time::Timestamp;

use super::App;
use super::error::ApiError;
use super::proxy::client_address;
use crate::auth::{self, AuthError, Principal};

/// The other end of the connection, put there by the accept loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// When the head of the request was read, put there before anything else looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived(pub(super) Timestamp);

/// Whom the classes of the view recognised, put there by the view before its handler runs.
#[derive(Clone, Debug)]
pub(super) struct Known(pub(super) Option<Arc<Principal>>);

/// Whoever sends the request: somebody who is known (`Caller<Principal>`), or whoever it may be (`Caller<Anybody>`).
pub(super) struct Caller<Who> {
    pub(super) who: Who,
    pub(super) from: auth::Caller,
}

/// The endpoint may be called by anybody.
pub(super) struct Anybody;

impl<Who> Deref for Caller<Who> {
    type Target = auth::Caller;

    fn deref(&self) -> &auth::Caller {
        &self.from
    }
}

impl FromRequestParts<App> for Caller<Anybody> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Self { who: Anybody, from: origin(parts, app) })
    }
}

impl FromRequestParts<App> for Caller<Principal> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let known = parts.extensions.remove::<Known>().and_then(|known| known.0);
        let who = known.ok_or(AuthError::NotAuthenticated)?;
        Ok(Self { who: Arc::unwrap_or_clone(who), from: origin(parts, app) })
    }
}

/// When its head was read.
pub(super) fn arrived(parts: &Parts, app: &App) -> Timestamp {
    parts.extensions.get::<Arrived>().map_or_else(|| app.auth.now(), |arrived| arrived.0)
}

/// Where a request comes from and when.
pub(super) fn origin(parts: &Parts, app: &App) -> auth::Caller {
    let user_agent = parts.headers.get(header::USER_AGENT);
    auth::Caller {
        at: arrived(parts, app),
        address: client_address(parts, app),
        user_agent: user_agent.map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned()),
    }
}
