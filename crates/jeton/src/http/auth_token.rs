//! `/api/token-auth/`: a username and a password for an opaque key.

use axum::extract::State;
use jeton_token::secret::Secret;
use serde_json::json;

use super::App;
use super::answer::Answer;
use super::authentication::Callers;
use super::body::Data;
use super::contract::{Member, Success};
use super::error::ApiError;
use super::fields::{Blanks, Fields};
use super::messages;
use super::negotiation::Renderers;
use super::principal::{Anybody, Caller};
use super::view::{Field, Parsers, View};
use crate::auth::{AuthError, Credentials};

pub(super) static OBTAIN: View = View {
    parsers: Parsers::FormsFirst,
    ..View::open(
        "Obtain Auth Token",
        "A username and a password for a key that opens doors until it is taken back.",
        &[
            Field { is_label_translated: true, ..Field::required("username", "Username") },
            Field { is_label_translated: true, ..Field::required("password", "Password") },
            Field { is_label_translated: true, ..Field::read_only("token", "Token") },
        ],
    )
    .callers(Callers::Tried)
    .renderers(Renderers::JsonOnly)
    .success(Success::object(|_| Some(vec![Member::text("token")])))
};

pub(super) async fn obtain(State(app): State<App>, caller: Caller<Anybody>, data: Data) -> Result<Answer, ApiError> {
    let (credentials, name) = read(&app, &data)?;
    match app.auth.obtain_auth_token(credentials, &name, &caller).await {
        Ok(key) => Ok(Answer::ok(json!({"token": key.expose()}))),
        Err(AuthError::WrongCredentials) => Err(ApiError::NonField(messages::CANNOT_LOG_IN.into())),
        Err(error) => Err(error.into()),
    }
}

/// The password is kept as it was sent. A key that is one of several may have a name.
fn read(app: &App, data: &Data) -> Result<(Credentials, String), ApiError> {
    let mut fields = Fields::of(&data.0)?;
    let credentials = Credentials {
        username: fields.text("username", Blanks::Trim),
        password: Secret::new(fields.text("password", Blanks::Significant)),
    };
    let name = match app.settings().auth_tokens.one_per_user {
        true => String::new(),
        false => fields.optional_text("name", MAX_NAME),
    };
    fields.finish((credentials, name))
}

/// In characters.
const MAX_NAME: usize = 100;
