//! `/api/me/`: who am I.

use serde_json::json;

use super::answer::Answer;
use super::authentication::Callers;
use super::contract::{Kind, Member, Success};
use super::principal::Caller;
use super::view::View;
use crate::auth::{Identity, Principal};

pub(super) static ME: View = View::open("Me", "Who you are, as far as your credentials tell.", &[])
    .callers(Callers::Known)
    .allow("GET, POST, HEAD, OPTIONS")
    .success(Success::object(|_| Some(vec![Member::text("id").of(Kind::Any), Member::text("username")])));

pub(super) async fn me(caller: Caller<Principal>) -> Answer {
    Answer::ok(match caller.who.identity {
        Identity::User(user) => json!({"id": user.id, "username": user.username}),
        Identity::Claims { id, username } => json!({"id": id, "username": username}),
    })
}
