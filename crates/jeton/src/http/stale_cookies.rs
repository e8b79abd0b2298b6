//! Cookies of Django's that cannot be what they claim: a `csrftoken` of the wrong shape is replaced, a `sessionid` too
//! short for a key is deleted.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use jeton_token::time::Timestamp;

use super::cookies::http_date;
use crate::entropy::{Entropy, LETTERS_AND_DIGITS};

/// Which cookies of a request are stale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StaleCookies {
    csrf: bool,
    session: bool,
}

impl StaleCookies {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut stale = Self::default();
        for header in headers.get_all(header::COOKIE) {
            for pair in header.as_bytes().split(|&byte| byte == b';') {
                let Some(equals) = pair.iter().position(|&byte| byte == b'=') else { continue };
                let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
                match name {
                    b"csrftoken" => stale.csrf = !is_csrf_token(value),
                    b"sessionid" => stale.session = value.len() < MIN_SESSION_KEY,
                    _ => {}
                }
            }
        }
        stale
    }

    /// Puts right what is stale.
    pub(super) fn replace(self, headers: &mut HeaderMap, entropy: &Entropy, now: Timestamp) {
        if self.csrf {
            let token = entropy.text(CSRF_SECRET, LETTERS_AND_DIGITS);
            let expires = http_date(now + CSRF_LIFETIME);
            let age = CSRF_LIFETIME.as_secs();
            let cookie = format!("csrftoken={token}; expires={expires}; Max-Age={age}; Path=/; SameSite=Lax");
            headers.extend(HeaderValue::from_str(&cookie).map(|cookie| (header::SET_COOKIE, cookie)));
        }
        if self.session {
            let cookie = "sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax";
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        if self != Self::default() {
            headers.append(header::VARY, HeaderValue::from_static("Cookie"));
        }
    }
}

fn is_csrf_token(value: &[u8]) -> bool {
    [CSRF_SECRET, 2 * CSRF_SECRET].contains(&value.len()) && value.iter().all(u8::is_ascii_alphanumeric)
}

const CSRF_SECRET: usize = 32;
/// Django's year of 52 weeks.
const CSRF_LIFETIME: Duration = Duration::from_secs(52 * 7 * 24 * 60 * 60);
const MIN_SESSION_KEY: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cookie: &str) -> StaleCookies {
        StaleCookies::of(&HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())]))
    }

    #[test]
    fn only_impossible_cookies_are_stale() {
        assert_eq!(of("sessionid=abc; csrftoken=def"), StaleCookies { csrf: true, session: true });
        assert_eq!(of("sessionid=abcdefgh"), StaleCookies::default());
        assert_eq!(of(&format!("a=b; csrftoken={}", "x".repeat(32))), StaleCookies::default());
        assert!(of(&format!("csrftoken={}", "!".repeat(64))).csrf);
        assert_eq!(of("other"), StaleCookies::default());
    }
}
