//! Jeton inside somebody else's app: hooks, the app's own users, extractors, and a router that gets along with others.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use jeton::Jeton;
use jeton::auth::{Attempt, BuildError, Grant, Hooks, Refusal, Shown, User, Users, UsersError, read_unverified};
use jeton::extract::{Authenticated, Verified, Verifier};
use jeton::settings::{AuthenticationClass, Compatibility, UserAttribute, UserField, ValueSource};
use jeton_store::{OpenMode, Store};
use jeton_token::secret::Secret;
use jeton_token::time::{Clock, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::site::{PASSWORD, settings};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

/// Notes every call; turns away whom the test names, and adds what it is told to.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Hooks for Notes {
    async fn before_obtain(&self, attempt: &Attempt<'_>) -> Result<(), Refusal> {
        self.note("before obtain");
        tokio::task::yield_now().await;
        match attempt.username {
            "mallory" => Err(Refusal::forbidden("Not today.").code("not_today")),
            _ => Ok(()),
        }
    }

    async fn after_obtain(&self, grant: &mut Grant<'_>) -> Result<(), Refusal> {
        self.note("after obtain");
        if grant.user.is_some_and(|user| user.username == "bob") {
            return Err(Refusal::unauthorized("The bill was not paid."));
        }
        grant.set_claim("plan", "basic").set_claim("exp", 7).set_claim("user_id", "999").set_claim("jti", "mine");
        grant.set_field("welcome", true).set_field("access", "mine");
        Ok(())
    }

    async fn before_refresh(&self, shown: &Shown<'_>) -> Result<(), Refusal> {
        self.note("before refresh");
        assert_eq!(shown.claims.text("plan"), Some("basic"));
        Ok(())
    }

    async fn after_refresh(&self, grant: &mut Grant<'_>) -> Result<(), Refusal> {
        self.note("after refresh");
        let name = grant.user.map(|user| user.username.clone());
        grant.set_claim("plan", "gold").set_field("name", name);
        Ok(())
    }

    async fn before_verify(&self, _: &Shown<'_>) -> Result<(), Refusal> {
        self.note("before verify");
        Ok(())
    }

    async fn after_verify(&self, grant: &mut Grant<'_>) -> Result<(), Refusal> {
        self.note("after verify");
        let plan = grant.claims.get("plan").cloned();
        grant.set_field("plan", plan);
        Ok(())
    }

    async fn before_blacklist(&self, _: &Shown<'_>) -> Result<(), Refusal> {
        self.note("before blacklist");
        Ok(())
    }

    async fn after_blacklist(&self, grant: &mut Grant<'_>) -> Result<(), Refusal> {
        self.note("after blacklist");
        grant.set_field("bye", true);
        Ok(())
    }
}

/// Three users who are in no table of Jeton's.
#[derive(Default)]
struct Shelf {
    hash: Mutex<Option<Secret<String>>>,
}

impl Users for Shelf {
    async fn find(&self, id: i64) -> Result<Option<User>, UsersError> {
        let user = |name: &str| User::new(id, name, self.hash.lock().unwrap().clone().unwrap());
        Ok(match id {
            700 => Some(user("ada")),
            701 => Some(User { is_active: false, ..user("ina") }),
            702 => return Err(UsersError("the shelf fell down".to_owned())),
            _ => None,
        })
    }

    async fn find_by_username(&self, username: &str) -> Result<Option<User>, UsersError> {
        match username {
            "ada" => self.find(700).await,
            "ina" => self.find(701).await,
            "eve" => self.find(702).await,
            _ => Ok(None),
        }
    }

    async fn groups(&self, _: i64) -> Result<Vec<String>, UsersError> {
        Ok(vec!["readers".to_owned()])
    }

    async fn update_password(&self, _: i64, _: &Secret<String>, new: &Secret<String>) -> Result<bool, UsersError> {
        *self.hash.lock().unwrap() = Some(new.clone());
        Ok(true)
    }
}

fn store() -> Store {
    Store::open("sqlite::memory:", OpenMode::Create, START).unwrap()
}

/// A service with Alice and Bob.
async fn with_hooks(notes: &Notes) -> Jeton {
    let builder = Jeton::builder(settings(Compatibility::Safe), store()).hooks(notes.clone());
    let jeton = builder.clock(Clock::manual(START)).build().unwrap();
    for name in ["alice", "bob"] {
        let password = jeton::auth::NewPassword::Plain(PASSWORD.into());
        let account = jeton::auth::Account { username: name.into(), password, ..Default::default() };
        jeton.auth().create_user(account).await.unwrap();
    }
    jeton
}

/// A hash of the password at the least cost.
async fn stored_hash() -> Secret<String> {
    let jeton = with_hooks(&Notes::default()).await;
    jeton.auth().find_user_by_username("alice").await.unwrap().unwrap().password
}

async fn send(app: &Router, request: Request<Body>) -> (StatusCode, Value, Option<String>) {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let location = parts.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
    (parts.status, serde_json::from_slice(&bytes).unwrap_or_default(), location)
}

async fn post(app: &Router, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(path).header("Content-Type", "application/json");
    let (status, body, _) = send(app, request.body(Body::from(body.to_string())).unwrap()).await;
    (status, body)
}

async fn get_as(app: &Router, path: &str, token: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let (status, body, _) = send(app, request.body(Body::empty()).unwrap()).await;
    (status, body)
}

fn claims(token: &Value) -> Value {
    read_unverified(token.as_str().unwrap()).unwrap().1
}

#[tokio::test]
async fn hooks_run_before_and_after_each_use_case_and_add_to_tokens_and_answers() {
    let notes = Notes::default();
    let app = with_hooks(&notes).await.router();
    let (_, pair) = post(&app, "/api/token/", json!({"username": "alice", "password": PASSWORD})).await;
    assert_eq!(notes.taken(), ["before obtain", "after obtain"]);
    assert_eq!(pair["welcome"], true);
    let refresh = claims(&pair["refresh"]);
    assert_eq!((&refresh["plan"], &refresh["user_id"]), (&json!("basic"), &json!("1")));
    assert_eq!(refresh["exp"], START.seconds() + 86_400, "what Jeton writes itself stays");
    assert_eq!(claims(&pair["access"])["plan"], "basic");

    let (_, renewed) = post(&app, "/api/token/refresh/", json!({"refresh": pair["refresh"]})).await;
    assert_eq!(notes.taken(), ["before refresh", "after refresh"]);
    assert_eq!((&renewed["name"], &claims(&renewed["refresh"])["plan"]), (&json!("alice"), &json!("gold")));
    assert_eq!(claims(&renewed["access"])["plan"], "gold");

    let (_, verified) = post(&app, "/api/token/verify/", json!({"token": renewed["access"]})).await;
    assert_eq!(
        (notes.taken(), verified),
        (vec!["before verify".into(), "after verify".into()], json!({"plan": "gold"}))
    );
    let (_, ended) = post(&app, "/api/token/blacklist/", json!({"refresh": renewed["refresh"]})).await;
    assert_eq!(
        (notes.taken(), ended),
        (vec!["before blacklist".into(), "after blacklist".into()], json!({"bye": true}))
    );

    let (_, sliding) = post(&app, "/api/token/sliding/", json!({"username": "alice", "password": PASSWORD})).await;
    assert_eq!((&claims(&sliding["token"])["plan"], &sliding["welcome"]), (&json!("basic"), &json!(true)));
    let (_, renewed) = post(&app, "/api/token/sliding/refresh/", json!({"token": sliding["token"]})).await;
    assert_eq!((&claims(&renewed["token"])["plan"], &renewed["name"]), (&json!("gold"), &json!("alice")));
}

#[tokio::test]
async fn a_refusal_has_its_status_text_and_code_and_leaves_nothing_behind() {
    let notes = Notes::default();
    let jeton = with_hooks(&notes).await;
    let app = jeton.router();
    let (status, body) = post(&app, "/api/token/", json!({"username": "mallory", "password": "x"})).await;
    assert_eq!((status, body), (StatusCode::FORBIDDEN, json!({"detail": "Not today.", "code": "not_today"})));
    assert_eq!(notes.taken(), ["before obtain"]);
    let (status, body) = post(&app, "/api/token/", json!({"username": "bob", "password": PASSWORD})).await;
    assert_eq!((status, body), (StatusCode::UNAUTHORIZED, json!({"detail": "The bill was not paid."})));
    assert_eq!(jeton.auth().store().count_tokens(2).await.unwrap().outstanding, 0);
}

#[tokio::test]
async fn an_app_brings_its_own_users() {
    let shelf = Shelf { hash: Mutex::new(Some(stored_hash().await)) };
    let mut settings = settings(Compatibility::Safe);
    settings.simple_jwt.claims = vec![("groups".to_owned(), ValueSource::User(UserAttribute::Groups))];
    settings.authentication.classes =
        vec![AuthenticationClass::Jwt, AuthenticationClass::Basic, AuthenticationClass::Session];
    let jeton = Jeton::builder(settings, store()).users(shelf).clock(Clock::manual(START)).build().unwrap();
    let app = jeton.router();
    let login = async |name: &str| post(&app, "/api/token/", json!({"username": name, "password": PASSWORD})).await;
    let (status, pair) = login("ada").await;
    assert_eq!(status, StatusCode::OK, "{pair}");
    assert_eq!(claims(&pair["access"])["groups"], json!(["readers"]));
    let (_, me) = get_as(&app, "/api/me/", pair["access"].as_str()).await;
    assert_eq!(me, json!({"id": 700, "username": "ada"}));
    let (_, next) = post(&app, "/api/token/refresh/", json!({"refresh": pair["refresh"]})).await;
    assert_eq!(jeton.auth().store().count_tokens(700).await.unwrap().outstanding, 2, "the ledger names them");
    let request = Request::post("/api/logout/").header("Content-Type", "application/json");
    let request = request.header("Authorization", format!("Bearer {}", next["access"].as_str().unwrap()));
    send(&app, request.body(Body::from(r#"{"all": true}"#)).unwrap()).await;
    let (status, _) = post(&app, "/api/token/refresh/", json!({"refresh": next["refresh"]})).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    for (path, header) in [("/api/v1/users/login", "set-cookie"), ("/api/me/", "allow")] {
        let basic = format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}")));
        let request = Request::builder().method(if path == "/api/me/" { "GET" } else { "POST" }).uri(path);
        let request = request.header("Authorization", basic).header("Content-Type", "application/json");
        let body = json!({"username": "ada", "password": PASSWORD}).to_string();
        let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(response.headers().contains_key(header), "{path}");
    }
    let (status, _) = post(&app, "/api/v1/signup/", json!({"username": "new", "password": "a-long-pa55word"})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "the app makes its users itself");
    for name in ["ina", "nobody"] {
        assert_eq!(login(name).await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, body) = login("eve").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!body.to_string().contains("shelf"), "the reason is for the log: {body}");
}

#[tokio::test]
async fn own_users_are_not_found_by_what_the_app_cannot_be_asked_for() {
    let mut settings = settings(Compatibility::Safe);
    settings.simple_jwt.user_id_field = UserField::Email;
    let built = Jeton::builder(settings, store()).users(Shelf::default()).build();
    assert!(matches!(built.err(), Some(BuildError::UserIdField)));
}

#[derive(Clone)]
struct AppState {
    jeton: Jeton,
    verifier: Verifier,
}

impl FromRef<AppState> for Jeton {
    fn from_ref(state: &AppState) -> Self {
        state.jeton.clone()
    }
}

impl FromRef<AppState> for Verifier {
    fn from_ref(state: &AppState) -> Self {
        state.verifier.clone()
    }
}

#[derive(serde::Deserialize)]
struct Wanted {
    user_id: String,
}

async fn app() -> Router {
    let jeton = with_hooks(&Notes::default()).await;
    let verifier = Verifier::new(jeton.auth().tokens().clone()).with_clock(jeton.auth().clock().clone());
    let notes = async |Authenticated(who): Authenticated| axum::Json(who.user_id());
    let greeting = async |who: Option<Authenticated>| axum::Json(who.and_then(|who| who.0.user_id()));
    let report = async |Verified(claims): Verified<Wanted>| axum::Json(claims.user_id);
    Router::new()
        .route("/", get(async || "home"))
        .route("/notes", get(notes))
        .route("/greeting", get(greeting))
        .route("/report", get(report))
        .with_state(AppState { jeton: jeton.clone(), verifier })
        .merge(jeton.router())
        .nest("/inner", jeton.router())
        .fallback(async || (StatusCode::NOT_FOUND, axum::Json("the app's own")))
}

#[tokio::test]
async fn extractors_let_in_whom_jeton_knows() {
    let app = app().await;
    let (_, pair) = post(&app, "/api/token/", json!({"username": "alice", "password": PASSWORD})).await;
    let access = pair["access"].as_str();
    for (path, seen) in [("/notes", json!(1)), ("/greeting", json!(1)), ("/report", json!("1"))] {
        assert_eq!(get_as(&app, path, access).await, (StatusCode::OK, seen), "{path}");
        assert_eq!(get_as(&app, path, pair["refresh"].as_str()).await.0, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(get_as(&app, path, Some("nonsense")).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(get_as(&app, "/greeting", None).await, (StatusCode::OK, Value::Null));
    for path in ["/notes", "/report"] {
        let (status, body) = get_as(&app, path, None).await;
        let told = json!({"detail": "Authentication credentials were not provided."});
        assert_eq!((status, body), (StatusCode::UNAUTHORIZED, told));
    }
    let response = app.oneshot(Request::get("/notes").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"api\"");
}

#[tokio::test]
async fn the_address_is_the_one_that_axum_tells() {
    let jeton = with_hooks(&Notes::default()).await;
    let login = json!({"username": "alice", "password": PASSWORD}).to_string();
    let mut request =
        Request::post("/api/token/").header("Content-Type", "application/json").body(Body::from(login)).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4711))));
    assert_eq!(send(&jeton.router(), request).await.0, StatusCode::OK);
    let events = jeton.auth().store().list_events(None, 10).await.unwrap();
    assert_eq!(events.last().unwrap().event.address.as_deref(), Some("192.0.2.7"));
}

#[tokio::test]
async fn the_router_merges_nests_and_leaves_other_paths_to_the_app() {
    let app = app().await;
    assert_eq!(send(&app, Request::get("/").body(Body::empty()).unwrap()).await.0, StatusCode::OK);
    let (status, body) = get_as(&app, "/nowhere/", None).await;
    assert_eq!((status, body), (StatusCode::NOT_FOUND, json!("the app's own")));
    for prefix in ["", "/inner"] {
        let login = json!({"username": "alice", "password": PASSWORD});
        assert_eq!(post(&app, &format!("{prefix}/api/token/"), login).await.0, StatusCode::OK);
        let slashless = Request::get(format!("{prefix}/api/token?x=1")).body(Body::empty()).unwrap();
        let (status, _, location) = send(&app, slashless).await;
        assert_eq!((status, location), (StatusCode::MOVED_PERMANENTLY, Some(format!("{prefix}/api/token/?x=1"))));
    }
}
