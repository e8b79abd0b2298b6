//! `jwt` and `jwt_stateless`: a token in the configured header, by default `Authorization: Bearer …`, or in the cookie of
//! `cookies.access_name`.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use super::super::App;
use super::super::cookies::cookie;
use super::super::csrf;
use super::super::error::ApiError;
use super::Authentication;
use super::header::{After, after_scheme};
use crate::auth::{AuthError, Principal};
use crate::settings::{Settings, SimpleJwt};

/// Whether the user of a token is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    LookedUp,
    Claimed,
}

pub(super) async fn authenticate(
    app: &App,
    parts: &Parts,
    user: User,
    authentication: &mut Authentication,
) -> Result<Option<Principal>, ApiError> {
    if let Some(token) = bearer_token(&parts.headers, &app.settings().simple_jwt)? {
        return recognise(app, token, user).await.map(Some);
    }
    let Some(name) = &app.settings().cookies.access_name else {
        return Ok(None);
    };
    authentication.looked_at_session = true;
    match cookie(&parts.headers, name).filter(|token| !token.is_empty()) {
        Some(token) => {
            // A browser adds the cookie by itself, whoever made it send the request.
            csrf::check_cookie_request(parts, app)?;
            recognise(app, token.as_bytes(), user).await.map(Some)
        }
        None => Ok(None),
    }
}

async fn recognise(app: &App, token: &[u8], user: User) -> Result<Principal, ApiError> {
    Ok(match user {
        User::LookedUp => app.auth.authenticate_token(token).await?,
        User::Claimed => app.auth.authenticate_stateless(token).await?,
    })
}

/// The first of `AUTH_HEADER_TYPES`.
pub(super) fn challenge(settings: &Settings) -> HeaderValue {
    let scheme = settings.simple_jwt.auth_header_types.first().map_or("Bearer", String::as_str);
    HeaderValue::from_str(&format!("{scheme} realm=\"api\"")).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// The token of the configured header: nothing if there is none or its scheme is not ours. A header that comes twice
/// does not hold one token.
pub(in super::super) fn bearer_token<'a>(
    headers: &'a HeaderMap,
    simple_jwt: &SimpleJwt,
) -> Result<Option<&'a [u8]>, AuthError> {
    token_of(headers, &simple_jwt.auth_header_name, |scheme| {
        simple_jwt.auth_header_types.iter().any(|ours| ours.as_bytes() == scheme)
    })
}

/// The same where there are no settings: `Authorization: Bearer …`.
pub(in super::super) fn bearer_word(headers: &HeaderMap) -> Result<Option<&[u8]>, AuthError> {
    token_of(headers, "authorization", |scheme| scheme == b"Bearer")
}

fn token_of<'a>(
    headers: &'a HeaderMap,
    name: &str,
    is_ours: impl Fn(&[u8]) -> bool,
) -> Result<Option<&'a [u8]>, AuthError> {
    match after_scheme(headers, name, is_ours) {
        None => Ok(None),
        Some(After::One(token)) => Ok(Some(token)),
        Some(After::Nothing | After::More) => Err(AuthError::BadAuthorizationHeader),
    }
}
