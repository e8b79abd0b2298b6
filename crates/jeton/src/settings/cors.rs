//! `[cors]`: which web pages of other origins may call.

use std::time::Duration;

use super::given::{Wrong, between};
use super::reader::Reader;

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
    /// Nobody is allowed; pages that will be may send JSON and the headers that carry tokens.
    pub fn defaults(token_headers: &[&str]) -> Self {
        let mut allowed_headers = vec!["accept".to_owned(), "authorization".to_owned(), "content-type".to_owned()];
        for header in token_headers {
            if !allowed_headers.iter().any(|name| name == header) {
                allowed_headers.push((*header).to_owned());
            }
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

impl Cors {
    pub(super) fn read(reader: &mut Reader, token_headers: &[&str]) -> Self {
        let mut section = reader.section("cors");
        let default = Self::defaults(token_headers);
        let allowed_origins = section.read_if(
            "allowed_origins",
            "Origins whose pages may call: [\"https://app.example\"], or [\"*\"] for all. Empty: none.",
            default.allowed_origins,
            |list| are_origins(list),
        );
        let allow_credentials = section.read(
            "allow_credentials",
            "Whether cookies may come along; never together with \"*\".",
            default.allow_credentials,
        );
        let mut names =
            |key, about, default: Vec<String>| section.read_if(key, about, default, |list| are_header_names(list));
        let allowed_headers = names("allowed_headers", "Request headers a page may set.", default.allowed_headers);
        let exposed_headers = names("exposed_headers", "Response headers a page may read.", default.exposed_headers);
        let allowed_methods = names("allowed_methods", "Methods a page may use.", default.allowed_methods);
        let max_age = section.read_if(
            "max_age",
            "How long a browser may remember what it was allowed.",
            default.max_age,
            between(Duration::ZERO..=Duration::from_secs(7 * 86_400)),
        );
        if allow_credentials && allowed_origins.iter().any(|origin| origin == "*") {
            section.refuse(
                "allow_credentials",
                Wrong::new(
                    "every page of the web could act with its visitor's cookies",
                    "Name the origins, or write false.",
                ),
            );
        }
        Self {
            allowed_origins,
            allow_credentials,
            allowed_headers: allowed_headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
            allowed_methods: allowed_methods.iter().map(|name| name.to_ascii_uppercase()).collect(),
            exposed_headers: exposed_headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
            max_age,
        }
    }
}

fn are_origins(origins: &[String]) -> Result<(), Wrong> {
    if origins.iter().any(|origin| origin == "*") {
        return match origins {
            [_] => Ok(()),
            _ => Err(Wrong::new(
                "\"*\" stands for all origins already",
                "Write [\"*\"], or name the origins without it.",
            )),
        };
    }
    match origins.iter().find(|origin| !is_origin(origin)) {
        None => Ok(()),
        Some(origin) => Err(Wrong::new(
            format!("\"{origin}\" is not an origin"),
            "Write scheme, host and port as browsers send them, without a path: \"https://app.example\" or \"http://localhost:3000\".",
        )),
    }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, "0"),
    };
    let name_is_good = name.starts_with('[') && name.ends_with(']')
        || name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    let scheme_is_good = scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    !scheme.is_empty() && scheme_is_good && !name.is_empty() && name_is_good && port.parse::<u16>().is_ok()
}

fn are_header_names(names: &[String]) -> Result<(), Wrong> {
    let is_token = |name: &&String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    match names.iter().find(|name| !is_token(name)) {
        None => Ok(()),
        Some(name) => {
            Err(Wrong::new(format!("\"{name}\" is not a name HTTP allows"), "Use letters, digits and dashes."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for origin in
            ["https://app.example", "http://localhost:3000", "http://[::1]:8000", "http://[::1]", "tauri://localhost"]
        {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in [
            "",
            "app.example",
            "https://",
            "https://app.example/",
            "https://App.example",
            "https://a b",
            "http://x:99999",
            "https://*.example",
            "null",
        ] {
            assert!(!is_origin(origin), "{origin}");
        }
    }

    #[test]
    fn a_star_stands_alone() {
        assert!(are_origins(&["*".to_owned()]).is_ok());
        assert!(are_origins(&["*".to_owned(), "https://app.example".to_owned()]).is_err());
    }
}
