//! `/api/token/…`: obtain, refresh, verify, blacklist, and the sliding ones.

use axum::extract::State;
use jeton_token::secret::Secret;
use serde_json::{Map, Value, json};

use super::App;
use super::answer::Answer;
use super::body::Data;
use super::contract::{FULL, Member, Success, UNAUTHORIZED};
use super::error::ApiError;
use super::fields::{Blanks, Fields};
use super::principal::{Anybody, Caller};
use super::view::{Field, View};
use crate::auth::Credentials;

pub(super) static OBTAIN: View = View::open(
    "Token Obtain Pair",
    "A username and a password for a pair of tokens: one that opens doors for minutes, and one that gets new ones.",
    &[Field::required("username", "Username"), Field::required("password", "Password")],
)
.success(Success::object(|settings| {
    let declared = settings.simple_jwt.response.obtain.iter().map(|(name, _)| Member::declared(name));
    Some([Member::text("refresh"), Member::text("access")].into_iter().chain(declared).collect())
}))
.refusals(&[UNAUTHORIZED, FULL]);

pub(super) static REFRESH: View = View::open(
    "Token Refresh",
    "A refresh token for a new access token, and where tokens rotate for its own successor.",
    &[Field::required("refresh", "Refresh"), Field::read_only("access", "Access")],
)
.success(Success::object(|settings| {
    let simple_jwt = &settings.simple_jwt;
    let rotated = simple_jwt.rotate_refresh_tokens.then(|| Member::text("refresh"));
    let declared = simple_jwt.response.refresh.iter().map(|(name, _)| Member::declared(name));
    Some([Member::text("access")].into_iter().chain(rotated).chain(declared).collect())
}))
.refusals(&[UNAUTHORIZED]);

pub(super) static VERIFY: View = View::open(
    "Token Verify",
    "Whether a token is good. What it is good for is not told.",
    &[Field::required("token", "Token")],
)
.success(Success::object(|settings| {
    Some(settings.simple_jwt.response.verify.iter().map(|(name, _)| Member::declared(name)).collect())
}))
.refusals(&[UNAUTHORIZED]);

pub(super) static BLACKLIST: View =
    View::open("Token Blacklist", "Ends a refresh token.", &[Field::required("refresh", "Refresh")])
        .refusals(&[UNAUTHORIZED]);

pub(super) static SLIDING_OBTAIN: View = View::open(
    "Token Obtain Sliding",
    "A username and a password for one token that opens doors and renews itself.",
    &[Field::required("username", "Username"), Field::required("password", "Password")],
)
.success(Success::object(|_| Some(vec![Member::text("token")])))
.refusals(&[UNAUTHORIZED, FULL]);

pub(super) static SLIDING_REFRESH: View = View::open(
    "Token Refresh Sliding",
    "A sliding token for itself with a later end, while its window is open.",
    &[Field::required("token", "Token")],
)
.success(Success::object(|_| Some(vec![Member::text("token")])))
.refusals(&[UNAUTHORIZED]);

pub(super) async fn obtain(State(app): State<App>, caller: Caller<Anybody>, data: Data) -> Result<Answer, ApiError> {
    let pair = app.auth.obtain_pair(credentials(&app, &data)?, &caller).await?;
    Ok(Answer::ok(with(json!({"refresh": pair.refresh, "access": pair.access}), pair.fields)))
}

pub(super) async fn refresh(State(app): State<App>, caller: Caller<Anybody>, data: Data) -> Result<Answer, ApiError> {
    app.auth.admit_request(&caller).await?;
    let refreshed = app.auth.refresh(&token(&data, "refresh")?, &caller).await?;
    let mut body = json!({"access": refreshed.access});
    if let Some(refresh) = refreshed.refresh {
        body["refresh"] = refresh.into();
    }
    Ok(Answer::ok(with(body, refreshed.fields)))
}

pub(super) async fn verify(State(app): State<App>, caller: Caller<Anybody>, data: Data) -> Result<Answer, ApiError> {
    app.auth.admit_request(&caller).await?;
    Ok(Answer::ok(app.auth.verify(&token(&data, "token")?, &caller).await?))
}

pub(super) async fn blacklist(State(app): State<App>, caller: Caller<Anybody>, data: Data) -> Result<Answer, ApiError> {
    Ok(Answer::ok(app.auth.blacklist(&token(&data, "refresh")?, &caller).await?))
}

pub(super) async fn obtain_sliding(
    State(app): State<App>,
    caller: Caller<Anybody>,
    data: Data,
) -> Result<Answer, ApiError> {
    let sliding = app.auth.obtain_sliding(credentials(&app, &data)?, &caller).await?;
    Ok(Answer::ok(with(json!({"token": sliding.token}), sliding.fields)))
}

pub(super) async fn refresh_sliding(
    State(app): State<App>,
    caller: Caller<Anybody>,
    data: Data,
) -> Result<Answer, ApiError> {
    app.auth.admit_request(&caller).await?;
    let sliding = app.auth.refresh_sliding(&token(&data, "token")?, &caller).await?;
    Ok(Answer::ok(with(json!({"token": sliding.token}), sliding.fields)))
}

pub(super) fn credentials(app: &App, data: &Data) -> Result<Credentials, ApiError> {
    let mut fields = Fields::of(&data.0)?;
    let blanks = if app.settings().passwords.trim { Blanks::Trim } else { Blanks::Keep };
    let credentials = Credentials {
        username: fields.text("username", Blanks::Trim),
        password: Secret::new(fields.text("password", blanks)),
    };
    fields.finish(credentials)
}

fn token(data: &Data, name: &str) -> Result<String, ApiError> {
    let mut fields = Fields::of(&data.0)?;
    let token = fields.text(name, Blanks::Trim);
    fields.finish(token)
}

fn with(mut body: Value, fields: Map<String, Value>) -> Value {
    if let Value::Object(members) = &mut body {
        members.extend(fields);
    }
    body
}
