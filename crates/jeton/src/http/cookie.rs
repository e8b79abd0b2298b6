//! `/api/v1/…`: the cookie flow. The refresh token travels in a cookie that scripts cannot read.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::body::Data;
use super::contract::{Kind, Member, Refusal, Success, UNAUTHORIZED};
use super::cookies::{SetCookie, cookie};
use super::csrf::FromTrustedSite;
use super::error::ApiError;
use super::fields::strip;
use super::messages;
use super::principal::{Anybody, Caller};
use super::render;
use super::token::credentials;
use super::view::{Field, View};
use crate::auth;
use crate::settings::CookieRules;

pub(super) static LOGIN: View = View::open(
    "Cookie Login",
    "A username and a password for an access token, and for a refresh token in a cookie.",
    &[Field::required("username", "Username"), Field::required("password", "Password")],
)
.success(Success::object(|_| Some(members(true))))
.refusals(&[
    UNAUTHORIZED,
    Refusal::new(403, "Another site sent the request, or the user has as many sign-ins as there may be."),
]);

pub(super) static REFRESH: View =
    View::open("Cookie Refresh", "The refresh token in the cookie for a new access token.", &[])
        .success(Success::object(|_| Some(members(true))))
        .refusals(&[NO_COOKIE, UNAUTHORIZED, FOREIGN]);

pub(super) static LOGOUT: View =
    View::open("Cookie Logout", "Ends the refresh token in the cookie, and deletes the cookie.", &[])
        .success(Success::object(|_| Some(members(false))))
        .refusals(&[NO_COOKIE, UNAUTHORIZED, FOREIGN]);

/// In safe these endpoints look at where a request comes from.
const FOREIGN: Refusal = Refusal::new(403, "Another site sent the request.");
const NO_COOKIE: Refusal = Refusal::new(400, "There is no such cookie.");

/// The members of an envelope.
pub(super) fn members(has_token: bool) -> Vec<Member> {
    let token = has_token.then(|| Member::text("token").of(Kind::Object(vec![Member::text("access")])));
    [Member::text("code").of(Kind::Integer), Member::text("message")].into_iter().chain(token).collect()
}

pub(super) async fn login(
    State(app): State<App>,
    _: FromTrustedSite,
    caller: Caller<Anybody>,
    headers: HeaderMap,
    data: Data,
) -> Result<Response, ApiError> {
    let pair = app.auth.obtain_pair(credentials(&app, &data)?, &caller).await?;
    let cookies = set_cookies(&app, &headers, &pair.access, Some(&pair.refresh), &caller);
    Ok(envelope(StatusCode::OK, "login success", Some(&pair.access), cookies))
}

pub(super) async fn refresh(
    State(app): State<App>,
    _: FromTrustedSite,
    caller: Caller<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.auth.admit_request(&caller).await?;
    let refreshed = app.auth.refresh(&refresh_token(&app, &headers)?, &caller).await?;
    let cookies = set_cookies(&app, &headers, &refreshed.access, refreshed.refresh.as_deref(), &caller);
    Ok(envelope(StatusCode::OK, "new accessToken", Some(&refreshed.access), cookies))
}

pub(super) async fn logout(
    State(app): State<App>,
    _: FromTrustedSite,
    caller: Caller<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.auth.blacklist(&refresh_token(&app, &headers)?, &caller).await?;
    let cookies = delete_cookies(&app, &headers);
    Ok(envelope(StatusCode::OK, "logout success", None, cookies))
}

/// The token in the cookie; one that is absent is a field left blank.
fn refresh_token(app: &App, headers: &HeaderMap) -> Result<String, ApiError> {
    let token = cookie(headers, &app.settings().cookies.refresh.name).unwrap_or_default();
    match strip(&token) {
        "" => Err(ApiError::Fields(vec![("refresh".to_owned(), vec![messages::FIELD_BLANK.into()])])),
        token => Ok(token.to_owned()),
    }
}

/// What these endpoints answer: always JSON, whatever was asked for.
pub(super) fn envelope(
    status: StatusCode,
    message: &'static str,
    access: Option<&str>,
    cookies: Vec<HeaderValue>,
) -> Response {
    let mut body = json!({"code": status.as_u16(), "message": message});
    if let Some(access) = access {
        body["token"] = json!({"access": access});
    }
    let json = HeaderValue::from_static("application/json");
    let mut response = (status, [(header::CONTENT_TYPE, json)], render::json(&body, None)).into_response();
    response.headers_mut().extend(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// Sets the refresh token, where there is a new one, and the access token, where it has a cookie.
pub(super) fn set_cookies(
    app: &App,
    headers: &HeaderMap,
    access: &str,
    refresh: Option<&str>,
    caller: &auth::Caller,
) -> Vec<HeaderValue> {
    let (cookies, simple_jwt) = (&app.settings().cookies, &app.settings().simple_jwt);
    let set = |rules: &CookieRules, token: &str, age: Duration| {
        SetCookie::by(rules, headers, true).set(token, age, caller.at)
    };
    let refresh = refresh.and_then(|token| set(&cookies.refresh, token, simple_jwt.refresh_token_lifetime));
    let access = cookies.access().and_then(|rules| set(&rules, access, simple_jwt.access_token_lifetime));
    refresh.into_iter().chain(access).collect()
}

fn delete_cookies(app: &App, headers: &HeaderMap) -> Vec<HeaderValue> {
    let cookies = &app.settings().cookies;
    let all = [Some(cookies.refresh.clone()), cookies.access()].into_iter().flatten();
    all.filter_map(|rules| {
        let cookie = SetCookie::by(&rules, headers, true);
        match cookies.plain_deletion {
            // Django's is Secure where browsers would not take it otherwise.
            true => {
                let is_secure = cookie.is_secure && (cookie.name.starts_with("__") || cookie.same_site == "None");
                SetCookie { is_http_only: false, is_secure, ..cookie }.delete()
            }
            false => cookie.delete(),
        }
    })
    .collect()
}
