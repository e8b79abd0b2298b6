//! `/api/v1/…`: the cookie flow. The refresh token travels in a cookie that scripts cannot read.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::body::Data;
use super::contract::{Kind, Member, Success, UNAUTHORIZED};
use super::cookies::{SetCookie, cookie};
use super::error::ApiError;
use super::fields::strip;
use super::messages;
use super::principal::{Anybody, Caller};
use super::render;
use super::token::credentials;
use super::view::{Field, View};
use crate::auth;
use crate::settings::{SameSite, Secure};

pub(super) static LOGIN: View = View::open(
    "Cookie Login",
    "A username and a password for an access token, and for a refresh token in a cookie.",
    &[Field::required("username", "Username"), Field::required("password", "Password")],
)
.success(Success::object(|_| Some(members(true))))
.refusals(&[UNAUTHORIZED]);

pub(super) static REFRESH: View =
    View::open("Cookie Refresh", "The refresh token in the cookie for a new access token.", &[])
        .success(Success::object(|_| Some(members(true))))
        .refusals(&[UNAUTHORIZED]);

pub(super) static LOGOUT: View =
    View::open("Cookie Logout", "Ends the refresh token in the cookie, and deletes the cookie.", &[])
        .success(Success::object(|_| Some(members(false))))
        .refusals(&[UNAUTHORIZED]);

/// The members of an envelope.
pub(super) fn members(has_token: bool) -> Vec<Member> {
    let token = has_token.then(|| Member::text("token").of(Kind::Object(vec![Member::text("access")])));
    [Member::text("code").of(Kind::Integer), Member::text("message")].into_iter().chain(token).collect()
}

pub(super) async fn login(
    State(app): State<App>,
    caller: Caller<Anybody>,
    headers: HeaderMap,
    data: Data,
) -> Result<Response, ApiError> {
    let pair = app.auth.obtain_pair(credentials(&app, &data)?, &caller).await?;
    let cookies = Jar::new(&app, &headers).set(&pair.access, Some(&pair.refresh), &caller);
    Ok(envelope(StatusCode::OK, "login success", Some(&pair.access), cookies))
}

pub(super) async fn refresh(
    State(app): State<App>,
    caller: Caller<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let refreshed = app.auth.refresh(&refresh_token(&app, &headers)?, &caller).await?;
    let cookies = Jar::new(&app, &headers).set(&refreshed.access, refreshed.refresh.as_deref(), &caller);
    Ok(envelope(StatusCode::OK, "new accessToken", Some(&refreshed.access), cookies))
}

pub(super) async fn logout(
    State(app): State<App>,
    caller: Caller<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.auth.blacklist(&refresh_token(&app, &headers)?, &caller).await?;
    let cookies = Jar::new(&app, &headers).delete();
    Ok(envelope(StatusCode::OK, "logout success", None, cookies))
}

/// The token in the cookie; one that is absent is a field left blank.
fn refresh_token(app: &App, headers: &HeaderMap) -> Result<String, ApiError> {
    let token = cookie(headers, &app.settings().cookies.refresh_name).unwrap_or_default();
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

/// The cookies of this site, for whoever sent these headers.
pub(super) struct Jar<'a> {
    app: &'a App,
    refresh_path: String,
    is_secure: bool,
}

impl<'a> Jar<'a> {
    pub(super) fn new(app: &'a App, headers: &HeaderMap) -> Self {
        let settings = &app.settings().cookies;
        let needs_secure = |name: &str| name.starts_with("__");
        let is_secure = match settings.secure {
            Secure::Always => true,
            Secure::Never => false,
            Secure::UnlessLocal => {
                settings.same_site == SameSite::None
                    || needs_secure(&settings.refresh_name)
                    || !is_plain_and_local(headers)
            }
        };
        Self { app, refresh_path: settings.refresh_path(&app.settings().urls), is_secure }
    }

    /// Sets the refresh token, where there is a new one, and the access token, where it has a cookie.
    pub(super) fn set(&self, access: &str, refresh: Option<&str>, caller: &auth::Caller) -> Vec<HeaderValue> {
        let simple_jwt = &self.app.settings().simple_jwt;
        let header = |cookie: SetCookie<'_>, token: &str, age: Duration| cookie.set(token, age, caller.at);
        let refresh = refresh.and_then(|token| header(self.refresh(), token, simple_jwt.refresh_token_lifetime));
        let access = self.access().and_then(|cookie| header(cookie, access, simple_jwt.access_token_lifetime));
        refresh.into_iter().chain(access).collect()
    }

    pub(super) fn delete(&self) -> Vec<HeaderValue> {
        let plain = self.app.settings().cookies.plain_deletion;
        let all = [Some(self.refresh()), self.access()].into_iter().flatten();
        all.filter_map(|cookie| match plain {
            true => {
                let is_secure = cookie.is_secure && (cookie.name.starts_with("__") || cookie.same_site == "None");
                SetCookie { is_http_only: false, is_secure, ..cookie }.delete()
            }
            false => cookie.delete(),
        })
        .collect()
    }

    fn refresh(&self) -> SetCookie<'_> {
        self.cookie(&self.app.settings().cookies.refresh_name, &self.refresh_path)
    }

    fn access(&self) -> Option<SetCookie<'_>> {
        self.app.settings().cookies.access_name.as_ref().map(|name| self.cookie(name, "/"))
    }

    fn cookie<'b>(&'b self, name: &'b str, path: &'b str) -> SetCookie<'b> {
        let settings = &self.app.settings().cookies;
        SetCookie {
            name,
            path,
            domain: settings.domain.as_deref(),
            same_site: settings.same_site.as_str(),
            is_secure: self.is_secure,
            is_http_only: true,
        }
    }
}

/// Whether a request came to this very machine by plain HTTP, as on a developer's desk. A proxy may call this server
/// by such a name, too; then the page's own `Origin` tells of TLS.
fn is_plain_and_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let host = text(header::HOST);
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_local = name == "localhost"
        || name.ends_with(".localhost")
        || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    is_local && !text(header::ORIGIN).starts_with("https:")
}
