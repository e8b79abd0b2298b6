//! `/api/v1/users/login/jwt`: a name and a password for a hand-made token, and whom such a token names.

use axum::extract::State;
use serde_json::json;

use super::App;
use super::answer::Answer;
use super::authentication::Callers;
use super::body::Data;
use super::contract::{Kind, Member, Success};
use super::error::ApiError;
use super::fields::unchecked_credentials;
use super::principal::{Anybody, Caller};
use super::view::{Field, View};
use crate::auth::AuthError;

pub(super) static LOGIN: View = View::open("Jwt Login", "A username and a password for a token that names you.", &[])
    .callers(Callers::Tried)
    .untold_fields(&[Field::required("username", "Username"), Field::required("password", "Password")])
    .success(Success::object(|_| Some(vec![Member::text("token")])));

pub(super) static INFO: View = View::open("Jwt Info", "Whom the token in the header names.", &[])
    .callers(Callers::HandMade)
    .allow("GET, HEAD, OPTIONS")
    .success(Success::object(|_| Some(vec![Member::text("id").of(Kind::Integer), Member::text("username")])));

pub(super) async fn login(State(app): State<App>, caller: Caller<Anybody>, data: Data) -> Result<Answer, ApiError> {
    let credentials = unchecked_credentials(&data.0)?.ok_or(AuthError::WrongCredentials)?;
    let token = app.auth.obtain_hand_made(credentials, &caller).await?;
    Ok(Answer::ok(json!({"token": token})))
}
