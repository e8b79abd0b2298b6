//! `/api/logout/`: end one refresh token, or all.

use axum::extract::State;
use serde_json::json;

use super::App;
use super::answer::Answer;
use super::authentication::Callers;
use super::body::Data;
use super::body::json::Json;
use super::contract::{Member, Refusal, Success, UNAUTHORIZED};
use super::error::ApiError;
use super::fields::Fields;
use super::messages;
use super::principal::Caller;
use super::view::{Field, View};
use crate::auth::Principal;

pub(super) static LOGOUT: View =
    View::open("Logout", "Ends the refresh token in `refresh_token`, or with `all` every one of yours.", &[])
        .callers(Callers::Known)
        .untold_fields(&[
            Field::optional("refresh_token", "Refresh token"),
            Field::optional_truth("all", "All my tokens"),
        ])
        .success(Success::object(|_| Some(vec![Member::text("status")])))
        .refusals(&[UNAUTHORIZED, Refusal::new(403, "The token is somebody else’s.")]);

pub(super) async fn logout(State(app): State<App>, caller: Caller<Principal>, data: Data) -> Result<Answer, ApiError> {
    Fields::of(&data.0)?;
    if data.0.member("all").is_some_and(Json::is_truthy) {
        app.auth.logout_all(&caller.who, &caller).await?;
        return Ok(Answer::ok(json!({"status": messages::GOODBYE_ALL})));
    }
    match data.0.member("refresh_token") {
        // The reference makes up a token here, blacklists it and says goodbye: nothing of the caller's ends.
        None | Some(Json::Null) if !app.settings().ledger.logout_needs_a_field => {}
        None => return Err(field_error(messages::FIELD_REQUIRED)),
        Some(Json::Null) => return Err(field_error(messages::FIELD_NULL)),
        Some(Json::Text(token)) => app.auth.logout(&token.text, &caller.who, &caller).await?,
        // No token is a number or a list; it is refused as a text that is no token.
        Some(_) => app.auth.logout("", &caller.who, &caller).await?,
    }
    Ok(Answer::ok(json!({"status": messages::GOODBYE})))
}

fn field_error(message: &'static str) -> ApiError {
    ApiError::Fields(vec![("refresh_token".to_owned(), vec![message.into()])])
}
