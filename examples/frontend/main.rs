//! A page that signs in and keeps its tokens fresh, with about sixty lines of script: `page/app.js` is what to read.
//!
//! `cargo run -p jeton-examples --bin frontend`, then sign in as ada with the password "correct horse". An address to
//! listen on and the seconds that an access token lives may follow; with few of them there is more to see.
#![expect(clippy::print_stdout, reason = "it tells where it listens")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use jeton::Jeton;
use jeton::auth::{Account, NewPassword};
use jeton::extract::Authenticated;
use jeton::settings::{Compatibility, Settings};
use jeton_store::{OpenMode, Store};
use jeton_token::time::Clock;
use serde::Deserialize;

#[derive(Clone)]
struct App {
    jeton: Jeton,
    notes: Arc<Mutex<HashMap<i64, Vec<String>>>>,
}

impl FromRef<App> for Jeton {
    fn from_ref(app: &App) -> Self {
        app.jeton.clone()
    }
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let seconds = arguments.next().map_or(Ok(300), |text| text.parse()).context("the seconds are a number")?;
    let app = App { jeton: jeton(seconds).await?, notes: Arc::default() };

    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let ours = Router::new()
        .route("/", get(Html(include_str!("page/index.html"))))
        .route("/app.js", get(file("text/javascript", include_str!("page/app.js"))))
        .route("/style.css", get(file("text/css", include_str!("page/style.css"))))
        .route("/notes", get(list).post(add))
        .with_state(app.clone());
    let service = ours.merge(app.jeton.router()).into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

/// Refresh tokens rotate, so that a stolen one is noticed; users and logins are gone with the process.
async fn jeton(access_seconds: u64) -> anyhow::Result<Jeton> {
    let mut settings = Settings::new(Compatibility::Safe, "for this example alone, never for a site".into());
    settings.simple_jwt.access_token_lifetime = Duration::from_secs(access_seconds);
    settings.simple_jwt.rotate_refresh_tokens = true;
    settings.simple_jwt.blacklist_after_rotation = true;
    let store = Store::open("sqlite::memory:", OpenMode::Create, Clock::system().now())?;
    let jeton = Jeton::new(settings, store)?;
    let password = NewPassword::Plain("correct horse".into());
    jeton.auth().create_user(Account { username: "ada".into(), password, ..Account::default() }).await?;
    Ok(jeton)
}

async fn list(State(app): State<App>, Authenticated(who): Authenticated) -> Json<Vec<String>> {
    let notes = app.notes.lock().unwrap_or_else(PoisonError::into_inner);
    Json(who.user_id().and_then(|id| notes.get(&id).cloned()).unwrap_or_default())
}

async fn add(State(app): State<App>, Authenticated(who): Authenticated, Json(note): Json<Note>) -> StatusCode {
    let mut notes = app.notes.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(own) = who.user_id().map(|id| notes.entry(id).or_default()) else { return StatusCode::FORBIDDEN };
    if own.len() >= 100 || note.text.len() > 1000 {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    own.push(note.text);
    StatusCode::CREATED
}

fn file(content_type: &'static str, text: &'static str) -> impl IntoResponse + Clone + Send + Sync {
    ([(header::CONTENT_TYPE, content_type)], text)
}
