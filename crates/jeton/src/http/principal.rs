//! Who sent a request: extractors, so that a handler does not compile without saying who may call it.

use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jeton_token::time::Timestamp;

use super::App;
use super::error::ApiError;
use crate::auth::{self, AuthError, Principal};
use crate::settings::SimpleJwt;

/// The other end of the connection, put there by the accept loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// When the head of the request was read, put there before anything else looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived(pub(super) Timestamp);

/// Whoever sends the request, authenticated (`Caller<Principal>`) or not (`Caller<Anybody>`).
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
        let from = origin(parts, app);
        let Some(token) = bearer_token(&parts.headers, &app.settings().simple_jwt)? else {
            return Err(AuthError::NotAuthenticated.into());
        };
        Ok(Self { who: app.auth.authenticate_token(token).await?, from })
    }
}

fn origin(parts: &Parts, app: &App) -> auth::Caller {
    let address: Option<IpAddr> = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
    let user_agent = parts.headers.get(header::USER_AGENT);
    auth::Caller {
        at: parts.extensions.get::<Arrived>().map_or_else(|| app.auth.now(), |arrived| arrived.0),
        address,
        user_agent: user_agent.map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned()),
    }
}

/// The token of the configured header: nothing if there is none or its scheme is not ours. A header that comes twice
/// does not hold one token.
pub(super) fn bearer_token<'a>(headers: &'a HeaderMap, simple_jwt: &SimpleJwt) -> Result<Option<&'a [u8]>, AuthError> {
    let mut headers = headers.get_all(simple_jwt.auth_header_name.as_str()).iter();
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    let repeated = headers.next().is_some();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let mut words = header.as_bytes().split(blank).filter(|word| !word.is_empty());
    match words.next() {
        Some(scheme) if simple_jwt.auth_header_types.iter().any(|ours| ours.as_bytes() == scheme) => {}
        Some(_) | None => return Ok(None),
    }
    match (words.next(), words.next()) {
        (Some(token), None) if !repeated => Ok(Some(token)),
        _ => Err(AuthError::BadAuthorizationHeader),
    }
}
