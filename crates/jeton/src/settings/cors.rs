//! `[cors]`: which web pages of other origins may call.

use std::time::Duration;

/// Cross-origin sharing; off while `allowed_origins` is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cors {
    /// Origins as browsers write them (`https://app.example`), or `*` alone.
    pub allowed_origins: Vec<String>,
    /// Whether cookies may come along; never together with `*`.
    pub allow_credentials: bool,
    /// Request headers a page may set, in lower case.
    pub allowed_headers: Vec<String>,
    /// Methods a page may use, in upper case.
    pub allowed_methods: Vec<String>,
    /// Response headers a page may read, in lower case.
    pub exposed_headers: Vec<String>,
    /// How long a browser may remember the answer to its question.
    pub max_age: Duration,
}

impl Cors {
    /// Nobody is allowed; pages that will be may send JSON and the header that carries the token.
    pub fn defaults(auth_header_name: &str) -> Self {
        let mut allowed_headers = vec!["accept".to_owned(), "authorization".to_owned(), "content-type".to_owned()];
        if !allowed_headers.iter().any(|name| name == auth_header_name) {
            allowed_headers.push(auth_header_name.to_owned());
        }
        Self {
            allowed_origins: Vec::new(),
            allow_credentials: false,
            allowed_headers,
            allowed_methods: vec!["GET".to_owned(), "POST".to_owned(), "OPTIONS".to_owned()],
            exposed_headers: Vec::new(),
            max_age: Duration::from_secs(86_400),
        }
    }
}
