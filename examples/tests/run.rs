//! Each example is started and asked what its own comments promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use jeton_token::algorithm::Algorithm;
use jeton_token::claims::Claims;
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::Clock;
use jeton_token::token::Tokens;
use serde_json::{Value, json};

/// A running example, ended with its test.
struct Example {
    child: Child,
    address: String,
}

struct Answer {
    status: u16,
    body: String,
}

impl Example {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, address }
    }

    fn send(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let bearer = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{bearer}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), body: body.to_owned() }
    }

    fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("GET", path, token, "")
    }

    fn login(&self, path: &str, username: &str) -> Answer {
        self.send("POST", path, None, &json!({"username": username, "password": "correct horse"}).to_string())
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.body))
    }

    fn text_of(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.body)).to_owned()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn embed_signs_its_own_users_in_and_asks_its_hooks() {
    let app = Example::start(env!("CARGO_BIN_EXE_embed"), &["127.0.0.1:0"]);
    let pair = app.login("/auth/api/token/", "ada");
    assert_eq!((pair.status, pair.text_of("greeting").as_str()), (200, "Welcome, ada!"));
    let access = pair.text_of("access");
    assert_eq!(app.get("/books", Some(&access)).json()[0], "Sonnets");
    assert_eq!(app.get("/", Some(&access)).body, "Hello, member 1.");
    assert_eq!(app.get("/", None).body, "Hello, stranger.");
    assert_eq!(app.get("/books", None).status, 401);
    let refresh = json!({"refresh": pair.text_of("refresh")}).to_string();
    let next = app.send("POST", "/auth/api/token/refresh/", None, &refresh).text_of("access");
    assert_eq!(app.get("/books", Some(&next)).status, 200, "a refreshed token still names the shelf");
    let refused = app.login("/auth/api/token/", "bob");
    assert_eq!((refused.status, refused.text_of("code").as_str()), (403, "membership_ended"));
}

#[test]
fn protect_takes_tokens_that_were_minted_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("public.pem");
    std::fs::write(&public, PUBLIC).unwrap();
    let app = Example::start(env!("CARGO_BIN_EXE_protect"), &["EdDSA", public.to_str().unwrap(), "127.0.0.1:0"]);
    let elsewhere = Tokens::new(Key::from_private_pem(Algorithm::EdDsa, PRIVATE).unwrap(), Policy::default());
    let mint = |kind, groups: Value| {
        let claims: Claims = [("user_id", json!("7")), ("groups", groups)].into_iter().collect();
        elsewhere.sign(&elsewhere.mint(kind, Some("an-id"), &claims, Clock::system().now()))
    };
    let accountant = mint(TokenType::Access, json!(["accounting"]));
    assert_eq!(app.get("/report", Some(&accountant)).text_of("for"), "7");
    assert_eq!(app.get("/claims", Some(&accountant)).text_of("user_id"), "7");
    assert_eq!(app.get("/report", Some(&mint(TokenType::Access, json!([])))).status, 403);
    for token in [mint(TokenType::Refresh, json!(["accounting"])), accountant.replace('.', ".x")] {
        assert_eq!(app.get("/report", Some(&token)).status, 401);
    }
    assert_eq!(app.get("/report", None).status, 401);
}

#[test]
fn the_front_end_is_served_beside_what_it_calls() {
    let app = Example::start(env!("CARGO_BIN_EXE_frontend"), &["127.0.0.1:0", "1"]);
    assert!(app.get("/", None).body.contains("/app.js"));
    assert!(app.get("/app.js", None).body.contains("/api/token/refresh/"));
    assert_eq!(app.get("/style.css", None).status, 200);
    let pair = app.login("/api/token/", "ada");
    let access = pair.text_of("access");
    assert_eq!(app.send("POST", "/notes", Some(&access), r#"{"text": "buy milk"}"#).status, 201);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(app.get("/notes", Some(&access)).status, 401, "tokens of this test live a second");
    let refresh = json!({"refresh": pair.text_of("refresh")}).to_string();
    let access = app.send("POST", "/api/token/refresh/", None, &refresh).text_of("access");
    assert_eq!(app.get("/notes", Some(&access)).json(), json!(["buy milk"]));
}

const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----";
