//! The defence against requests that other sites make in a user's name: Django's checks, and in safe a few more.

mod origin;
mod token;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use jeton_token::time::Timestamp;

pub(super) use origin::{check_cookie_request, check_origin};

use self::origin::{FetchSite, Provenance, header_text, is_trusted};
use self::token::CsrfSecret;
use super::App;
use super::body;
use super::cookies::{SetCookie, cookie};
use super::error::ApiError;
use super::session::session_key;
use crate::settings::Csrf;

/// Proof that [`check_origin`] had nothing to say: the extractor of handlers that want it.
pub(super) struct FromTrustedSite;

impl FromRequestParts<App> for FromTrustedSite {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        check_origin(parts, app).map(|()| Self)
    }
}

/// Checks a request that a session authenticates. Its body is read, and put back, if the token may be a field of it.
pub(super) async fn check(app: &App, parts: &Parts, body: &mut Body, session_key: &str) -> Result<(), ApiError> {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return Ok(());
    }
    check_provenance(&Provenance::of(parts, app), &app.settings().csrf).map_err(ApiError::Csrf)?;
    let rules = &app.settings().csrf;
    let secret = match cookie(&parts.headers, &rules.cookie.name) {
        None => return Err(ApiError::Csrf("CSRF cookie not set.".to_owned())),
        Some(text) => CsrfSecret::parse(&text).map_err(|why| ApiError::Csrf(format!("CSRF cookie {why}.")))?,
    };
    let (sent, place) = sent_token(app, parts, body).await?;
    let refused = |why: &dyn std::fmt::Display| ApiError::Csrf(format!("CSRF token from {place} {why}."));
    let sent = CsrfSecret::parse(&sent).map_err(|why| refused(&why))?;
    if !sent.matches(&secret) {
        return Err(refused(&"incorrect"));
    }
    match rules.bind_to_session && !secret.is_bound_to(&app.auth, session_key) {
        true => Err(ApiError::CsrfOfAnotherSession),
        false => Ok(()),
    }
}

/// A cookie with a new token, and the session it is for.
pub(super) fn new_cookie(
    app: &App,
    headers: &HeaderMap,
    session_key: Option<&str>,
    now: Timestamp,
) -> Option<HeaderValue> {
    set(app, headers, &CsrfSecret::issue(&app.auth, session_key), now)
}

/// A new cookie in place of one that holds no token; nothing if it holds one, or there is none.
pub(super) fn renewed_cookie(app: &App, headers: &HeaderMap, now: Timestamp) -> Option<HeaderValue> {
    let text = cookie(headers, &app.settings().csrf.cookie.name)?;
    match CsrfSecret::parse(&text) {
        Ok(_) => None,
        Err(_) => new_cookie(app, headers, session_key(app, headers).as_deref(), now),
    }
}

/// The token for a form, masked, and the cookie that goes with it: the one that came, with its time begun anew, or a new one.
pub(super) fn form_token(app: &App, headers: &HeaderMap, now: Timestamp) -> (String, Option<HeaderValue>) {
    let session_key = session_key(app, headers);
    let is_good = |secret: &CsrfSecret| match &session_key {
        Some(session_key) if app.settings().csrf.bind_to_session => secret.is_bound_to(&app.auth, session_key),
        Some(_) | None => true,
    };
    let sent = cookie(headers, &app.settings().csrf.cookie.name).and_then(|text| CsrfSecret::parse(&text).ok());
    let secret = sent.filter(is_good).unwrap_or_else(|| CsrfSecret::issue(&app.auth, session_key.as_deref()));
    (secret.masked(app.auth.entropy()), set(app, headers, &secret, now))
}

fn set(app: &App, headers: &HeaderMap, secret: &CsrfSecret, now: Timestamp) -> Option<HeaderValue> {
    let rules = &app.settings().csrf;
    SetCookie::by(&rules.cookie, headers, false).set(secret.as_str(), rules.cookie_age, now)
}

fn check_provenance(from: &Provenance, csrf: &Csrf) -> Result<(), String> {
    match &from.origin {
        Some(origin) if !from.is_allowed(origin, csrf, csrf.check_fetch_site) => {
            tracing::info!(
                origin,
                "an origin is not trusted: see csrf.trusted_origins, and server settings on proxies"
            );
            return Err(format!("Origin checking failed - {origin} does not match any trusted origins."));
        }
        None if from.is_secure => from.check_referer(csrf)?,
        Some(_) | None => {}
    }
    let is_vouched_for = from.origin.as_ref().is_some_and(|origin| is_trusted(origin, &csrf.trusted_origins));
    match csrf.check_fetch_site && from.fetch_site == FetchSite::CrossSite && !is_vouched_for {
        true => Err("the browser says that another site sent this request.".to_owned()),
        false => Ok(()),
    }
}

/// The token that a request sends, and where it was found: the form field if there is one, else the header.
async fn sent_token(app: &App, parts: &Parts, body: &mut Body) -> Result<(String, String), ApiError> {
    if parts.method == Method::POST
        && let Some(field) = body::form_field(&parts.headers, body, FIELD, &app.settings().server).await?
        && !field.is_empty()
    {
        return Ok((field, "POST".to_owned()));
    }
    let name = &app.settings().csrf.header_name;
    let token = HeaderName::try_from(name.as_str()).ok().and_then(|name| header_text(&parts.headers, &name));
    match token {
        Some(token) => Ok((token, format!("the '{}' HTTP header", title(name)))),
        None => Err(ApiError::Csrf("CSRF token missing.".to_owned())),
    }
}

/// A header's name as Django tells it: `X-Csrftoken`.
fn title(name: &str) -> String {
    let mut starts = true;
    let capital = |letter: char| {
        let written = if starts { letter.to_ascii_uppercase() } else { letter };
        starts = !letter.is_ascii_alphabetic();
        written
    };
    name.chars().map(capital).collect()
}

/// The form field that holds the token.
const FIELD: &str = "csrfmiddlewaretoken";
