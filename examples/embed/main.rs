//! An app with Jeton inside: its own users, what it adds to their tokens, its own routes, one server.
//!
//! `cargo run -p jeton-examples --bin embed`, then
//!
//! ```console
//! $ curl -d 'username=ada' -d 'password=correct horse' http://127.0.0.1:8000/auth/api/token/
//! $ curl -H 'Authorization: Bearer …' http://127.0.0.1:8000/books
//! ```
#![expect(clippy::print_stdout, reason = "it tells where it listens")]

use std::net::SocketAddr;

use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jeton::Jeton;
use jeton::auth::{Grant, Hooks, Refusal, User, Users, UsersError};
use jeton::extract::Authenticated;
use jeton::settings::{Compatibility, Settings};
use jeton_store::{OpenMode, Store};
use jeton_token::time::Clock;
use serde_json::{Value, json};

/// The members of a library, wherever it keeps them. Stored hashes are Django's; `jeton user add` makes some, too.
#[derive(Clone)]
struct Members(&'static [Member]);

struct Member {
    id: i64,
    name: &'static str,
    hash: &'static str,
    shelf: &'static str,
    has_paid: bool,
}

impl Members {
    fn by(&self, is_wanted: impl Fn(&Member) -> bool) -> Option<&Member> {
        self.0.iter().find(|member| is_wanted(member))
    }
}

impl Users for Members {
    async fn find(&self, id: i64) -> Result<Option<User>, UsersError> {
        Ok(self.by(|member| member.id == id).map(|member| User::new(member.id, member.name, member.hash)))
    }

    async fn find_by_username(&self, username: &str) -> Result<Option<User>, UsersError> {
        Ok(self.by(|member| member.name == username).map(|member| User::new(member.id, member.name, member.hash)))
    }
}

/// Who has not paid gets no tokens; everybody's tokens name their shelf.
impl Hooks for Members {
    async fn after_obtain(&self, grant: &mut Grant<'_>) -> Result<(), Refusal> {
        let Some(member) = grant.user.and_then(|user| self.by(|member| member.id == user.id)) else { return Ok(()) };
        if !member.has_paid {
            return Err(Refusal::forbidden("Your membership has ended.").code("membership_ended"));
        }
        grant.set_claim("shelf", member.shelf).set_field("greeting", format!("Welcome, {}!", member.name));
        Ok(())
    }
}

#[derive(Clone)]
struct App {
    jeton: Jeton,
}

impl FromRef<App> for Jeton {
    fn from_ref(app: &App) -> Self {
        app.jeton.clone()
    }
}

/// The books on the caller's shelf, as their token tells.
async fn books(Authenticated(who): Authenticated) -> Result<Json<Value>, StatusCode> {
    match who.claims.text("shelf") {
        Some("poetry") => Ok(Json(json!(["Sonnets", "Leaves of Grass"]))),
        Some(shelf) => Ok(Json(json!([format!("an introduction to {shelf}")]))),
        None => Err(StatusCode::FORBIDDEN),
    }
}

/// Strangers are welcome here, and members by name.
async fn home(who: Option<Authenticated>) -> String {
    match who.and_then(|who| who.0.user_id()) {
        Some(id) => format!("Hello, member {id}."),
        None => "Hello, stranger.".to_owned(),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let mut settings = Settings::new(Compatibility::Safe, "for this example alone, never for a site".into());
    settings.simple_jwt.rotate_refresh_tokens = true;
    settings.simple_jwt.blacklist_after_rotation = true;
    let store = Store::open("sqlite::memory:", OpenMode::Create, Clock::system().now())?;
    let members = Members(MEMBERS);
    let jeton = Jeton::builder(settings, store).users(members.clone()).hooks(members).build()?;

    // What a running service does beside answering.
    let upkeep = tokio::spawn({
        let jeton = jeton.clone();
        async move { jeton.upkeep().await }
    });
    let ours = Router::new().route("/", get(home)).route("/books", get(books)).with_state(App { jeton: jeton.clone() });
    let app = ours.nest("/auth", jeton.router());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    upkeep.abort();
    Ok(())
}

/// All of them have the password "correct horse", hashed at a cost that is for examples alone.
const MEMBERS: &[Member] = &[
    Member { id: 1, name: "ada", hash: HASH, shelf: "poetry", has_paid: true },
    Member { id: 2, name: "bob", hash: HASH, shelf: "chess", has_paid: false },
];
const HASH: &str = "pbkdf2_sha256$1000$anExampleOfASalt012345$GhGP8PzSH8WMNnJjAzLLO+TtHkxjmmwhgqOBXGabJ+E=";
