//! `/api/v1/users/login` and `…/logout`: sign-in with a session cookie.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;

use super::App;
use super::answer::Answer;
use super::authentication::{Callers, LookedAtSession};
use super::body::Data;
use super::contract::{Member, Refusal, Success, UNAUTHORIZED};
use super::cookies::{SetCookie, cookie};
use super::csrf::{self, FromTrustedSite};
use super::error::ApiError;
use super::fields::unchecked_credentials;
use super::principal::{Anybody, Caller};
use super::view::{Field, View};
use crate::auth::{AuthError, Principal};
use crate::settings::Settings;

pub(super) static LOGIN: View = View::open("Session Login", "A username and a password for a session cookie.", &[])
    .callers(Callers::Tried)
    .untold_fields(&[Field::required("username", "Username"), Field::required("password", "Password")])
    .success(Success::object(login_members))
    .refusals(&[Refusal::new(403, "The credentials are not good, or another site sent them.").without_body()]);

pub(super) static LOGOUT: View = View::open("Session Logout", "Ends the session.", &[])
    .callers(Callers::Known)
    .success(Success::object(|_| None))
    .refusals(&[UNAUTHORIZED]);

pub(super) async fn login(
    State(app): State<App>,
    caller: Caller<Anybody>,
    headers: HeaderMap,
    _: FromTrustedSite,
    data: Data,
) -> Result<impl IntoResponse, ApiError> {
    let credentials = unchecked_credentials(&data.0)?.ok_or(ApiError::SessionRefused)?;
    let presented = session_key(&app, &headers);
    let key = match app.auth.sign_in_session(credentials, presented.as_deref(), &caller).await {
        Err(AuthError::WrongCredentials) => return Err(ApiError::SessionRefused),
        other => other?,
    };
    let sessions = &app.settings().sessions;
    let cookies = [
        csrf::new_cookie(&app, &headers, Some(key.expose()), caller.at),
        SetCookie::by(&sessions.cookie, &headers, true).set(key.expose(), sessions.cookie_age, caller.at),
    ];
    let answer = Answer { data: sessions.login_body.clone(), ..Answer::empty(StatusCode::OK) };
    Ok((Extension(LookedAtSession), with_cookies(answer, cookies)))
}

pub(super) async fn logout(
    State(app): State<App>,
    caller: Caller<Principal>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let presented = session_key(&app, &headers);
    if let Some(key) = &presented {
        app.auth.sign_out_session(key, &caller).await?;
    }
    let deletion = presented.and_then(|_| deleted_cookie(&app, &headers));
    Ok((Extension(LookedAtSession), with_cookies(Answer::empty(StatusCode::OK), [deletion])))
}

/// What the session cookie of a request says, good or not.
pub(super) fn session_key(app: &App, headers: &HeaderMap) -> Option<String> {
    cookie(headers, &app.settings().sessions.cookie.name)
}

/// The header that deletes the session cookie. As in Django it is not `HttpOnly`: browsers do not ask for that.
pub(super) fn deleted_cookie(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    SetCookie::by(&app.settings().sessions.cookie, headers, false).delete()
}

/// The same for a cookie that is too short to be a key, which Django sees without looking it up.
pub(super) fn deleted_if_impossible(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    session_key(app, headers).filter(|key| key.chars().count() < MIN_KEY).and_then(|_| deleted_cookie(app, headers))
}

fn login_members(settings: &Settings) -> Option<Vec<Member>> {
    let body = settings.sessions.login_body.as_ref()?.as_object()?;
    Some(body.keys().map(|name| Member::declared(name)).collect())
}

fn with_cookies(answer: Answer, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Answer {
    cookies.into_iter().flatten().fold(answer, |answer, cookie| answer.with(header::SET_COOKIE, cookie))
}

/// Django takes a text of fewer letters for no key at all.
const MIN_KEY: usize = 8;
