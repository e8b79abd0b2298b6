//! A site to test: users Alice and Bob, hashes that cost nothing, a manual clock.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jeton::Jeton;
use jeton::auth::{Account, NewPassword};
use jeton::entropy::Entropy;
use jeton::settings::{Compatibility, Settings};
use jeton_store::{OpenMode, Store};
use jeton_token::time::{Clock, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "Pa55-word!";

pub(crate) struct Site {
    pub(crate) jeton: Jeton,
    pub(crate) clock: Clock,
    folder: Arc<tempfile::TempDir>,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn text_of(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.text)).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Settings with rotation and blacklisting, and hashes that cost nothing.
pub(crate) fn settings(compatibility: Compatibility) -> Settings {
    let mut settings = Settings::new(compatibility, "a secret of at least thirty-two bytes, for tests".into());
    settings.simple_jwt.rotate_refresh_tokens = true;
    settings.simple_jwt.blacklist_after_rotation = true;
    settings.passwords.pbkdf2_iterations = 1;
    settings.passwords.argon2_memory_kib = 8;
    settings.passwords.argon2_iterations = 1;
    settings
}

impl Site {
    pub(crate) async fn new(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_795_000_000));
        let url = format!("sqlite://{}", folder.path().join("jeton.db").display());
        let store = Store::open(&url, OpenMode::Create, clock.now()).unwrap();
        let jeton = Jeton::with(settings, store, clock.clone(), Entropy::system()).unwrap();
        let site = Self { jeton, clock, folder: Arc::new(folder) };
        site.add_users().await;
        site
    }

    /// Several nodes over a database on a server, with Alice and Bob.
    pub(crate) async fn nodes(settings: Settings, url: &str, count: usize) -> Vec<Self> {
        let clock = Clock::manual(Timestamp::from_seconds(1_795_000_000));
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut nodes = Vec::new();
        for _ in 0..count {
            let store = Store::connect(url, OpenMode::Create, clock.now()).await.unwrap();
            let jeton = Jeton::with(settings.clone(), store, clock.clone(), Entropy::system()).unwrap();
            nodes.push(Self { jeton, clock: clock.clone(), folder: Arc::clone(&folder) });
        }
        nodes[0].add_users().await;
        nodes
    }

    async fn add_users(&self) {
        for username in ["alice", "bob"] {
            let account = Account {
                username: username.to_owned(),
                password: NewPassword::Plain(PASSWORD.into()),
                ..Account::default()
            };
            self.jeton.auth().create_user(account).await.unwrap();
        }
    }

    /// Another process over the same database, with the same settings.
    pub(crate) fn neighbour(&self) -> Jeton {
        let url = format!("sqlite://{}", self.folder.path().join("jeton.db").display());
        let store = Store::open(&url, OpenMode::Existing, self.clock.now()).unwrap();
        let settings = self.jeton.auth().settings().clone();
        Jeton::with(settings, store, self.clock.clone(), Entropy::system()).unwrap()
    }

    /// The same site in a new process.
    pub(crate) fn restarted(self) -> Self {
        Self { jeton: self.neighbour(), ..self }
    }

    pub(crate) async fn exact() -> Self {
        Self::new(settings(Compatibility::Exact)).await
    }

    pub(crate) async fn safe() -> Self {
        Self::new(settings(Compatibility::Safe)).await
    }

    /// Another service with its own settings over the same database.
    pub(crate) fn beside(&self, settings: Settings) -> Self {
        let store = Store::open(&self.database_url(), OpenMode::Existing, self.clock.now()).unwrap();
        let jeton = Jeton::with(settings, store, self.clock.clone(), Entropy::system()).unwrap();
        Self { jeton, clock: self.clock.clone(), folder: Arc::clone(&self.folder) }
    }

    /// All that is on the disk, the log of the database included.
    pub(crate) fn database_files(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    pub(crate) fn database_url(&self) -> String {
        self.url_beside("jeton.db")
    }

    /// Of a database that is, or will be, in the same folder.
    pub(crate) fn url_beside(&self, name: &str) -> String {
        format!("sqlite://{}", self.beside_database(name).display())
    }

    pub(crate) fn beside_database(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// The same service over another database, which is there and up to date.
    pub(crate) async fn at(&self, url: &str, settings: Settings) -> Self {
        let store = Store::connect(url, OpenMode::UpToDate, self.clock.now()).await.unwrap();
        let jeton = Jeton::with(settings, store, self.clock.clone(), Entropy::system()).unwrap();
        Self { jeton, clock: self.clock.clone(), folder: Arc::clone(&self.folder) }
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The files of the database, with their names.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(Result::unwrap);
        files
            .map(|file| (file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).unwrap()))
            .collect()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.jeton.site().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(path, body, &[]).await
    }

    pub(crate) async fn post_as(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::post(path).header("Content-Type", "application/json").header("User-Agent", "tab");
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("user-agent") {
                request.headers_mut().unwrap().remove("User-Agent");
            }
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn raw(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Reply {
        let request = Request::builder().method(method).uri(path).header("Content-Type", content_type);
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub(crate) async fn me(&self, access: &str) -> Reply {
        let request = Request::get("/api/me/").header("Authorization", format!("Bearer {access}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// The pair of a login.
    pub(crate) async fn login(&self, username: &str) -> (String, String) {
        let reply = self.post("/api/token/", &json!({"username": username, "password": PASSWORD})).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        (reply.text_of("refresh"), reply.text_of("access"))
    }

    pub(crate) async fn refresh(&self, refresh: &str) -> Reply {
        self.post("/api/token/refresh/", &json!({"refresh": refresh})).await
    }

    /// The successor of a token that must be good.
    pub(crate) async fn rotate(&self, refresh: &str) -> String {
        let reply = self.refresh(refresh).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.text_of("refresh")
    }
}
