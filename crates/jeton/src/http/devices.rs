//! `/api/sessions/`: where one is signed in, and how to end it there.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{OriginalUri, RawPathParams, State};
use axum::http::{StatusCode, Uri};
use jeton_store::{SignIn, SignInCursor, SignInId};
use serde_json::{Value, json};

use super::App;
use super::answer::Answer;
use super::authentication::Callers;
use super::contract::{Kind, Member, Parameter, Refusal, Success, UNAUTHORIZED};
use super::error::ApiError;
use super::principal::Caller;
use super::view::View;
use crate::auth::{Principal, device_name, moment};

pub(super) static SESSIONS: View = View::open("Sessions", "Where you are signed in, the newest first.", &[])
    .callers(Callers::Known)
    .allow("GET, HEAD, OPTIONS")
    .parameters(&[Parameter::query("cursor", "Where the list goes on: as in `next` of the part before.")])
    .success(Success::object(|_| {
        Some(vec![Member::text("next").if_any(), Member::text("results").of(Kind::List(members()))])
    }))
    .refusals(&[UNAUTHORIZED, Refusal::new(404, "There is no such form of the answer, or no such place in the list.")]);

pub(super) static SESSION: View = View::open("Session", "Ends one of your sign-ins, this one or another.", &[])
    .callers(Callers::Known)
    .allow("DELETE, OPTIONS")
    .parameters(&[Parameter::path("id", "The sign-in, as in the list.")])
    .success(Success::NO_CONTENT)
    .refusals(&[UNAUTHORIZED, Refusal::new(404, "You have no such sign-in, or it has ended.")]);

pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Principal>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
) -> Result<Answer, ApiError> {
    let past = cursor(&uri)?;
    let page = app.auth.own_sign_ins(&caller.who, past).await?;
    let results: Vec<Value> =
        page.sign_ins.iter().map(|sign_in| told(sign_in, page.current == Some(sign_in.id))).collect();
    Ok(Answer::ok(match page.next {
        // Where the router is nested, only the original has the whole path.
        Some(next) => json!({"next": format!("{}?cursor={next}", original.path()), "results": results}),
        None => json!({"results": results}),
    }))
}

pub(super) async fn end(
    State(app): State<App>,
    caller: Caller<Principal>,
    params: Result<RawPathParams, RawPathParamsRejection>,
) -> Result<Answer, ApiError> {
    let params = params.map_err(|_| ApiError::NotFound)?;
    let id = params.iter().find(|(name, _)| *name == ID).and_then(|(_, id)| SignInId::parse(id));
    let id = id.ok_or(ApiError::NotFound)?;
    match app.auth.end_own_sign_in(&caller.who, id, &caller).await? {
        true => Ok(Answer::empty(StatusCode::NO_CONTENT)),
        false => Err(ApiError::NotFound),
    }
}

/// The path of one sign-in, where the list has this one.
pub(super) fn path_of_one(path: &str) -> String {
    match path.strip_suffix('/') {
        Some(folder) => format!("{folder}/{{{ID}}}/"),
        None => format!("{path}/{{{ID}}}"),
    }
}

/// The last `cursor` of the query, unless it is empty.
fn cursor(uri: &Uri) -> Result<Option<SignInCursor>, ApiError> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    match pairs.filter(|(name, value)| name == "cursor" && !value.is_empty()).last() {
        Some((_, text)) => SignInCursor::parse(&text).map(Some).ok_or(ApiError::InvalidCursor),
        None => Ok(None),
    }
}

fn told(sign_in: &SignIn, is_current: bool) -> Value {
    let user_agent = sign_in.user_agent.as_deref().unwrap_or_default();
    json!({
        "id": sign_in.id.to_string(),
        "kind": sign_in.kind.as_str(),
        "created_at": moment(sign_in.created_at),
        "last_used_at": moment(sign_in.last_used_at),
        "expires_at": moment(sign_in.expires_at),
        "device": device_name(user_agent),
        "user_agent": user_agent,
        "address": sign_in.address.as_deref().unwrap_or_default(),
        "current": is_current,
    })
}

fn members() -> Vec<Member> {
    let moments = ["created_at", "last_used_at", "expires_at"].map(|name| Member::text(name).of(Kind::Moment));
    let texts = ["device", "user_agent", "address"].map(Member::text);
    [Member::text("id"), Member::text("kind")]
        .into_iter()
        .chain(moments)
        .chain(texts)
        .chain([Member::text("current").of(Kind::Boolean)])
        .collect()
}

/// The name of the path's variable.
const ID: &str = "id";
