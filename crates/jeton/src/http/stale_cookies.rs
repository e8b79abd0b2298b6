//! Cookies of Django's that cannot be what they claim: a `csrftoken` of the wrong shape is replaced, a `sessionid` too
//! short for a key is deleted.

use axum::http::{HeaderMap, HeaderValue, header};
use jeton_token::time::Timestamp;

use super::csrf::{self, CsrfSecret};
use crate::entropy::Entropy;

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
                    b"csrftoken" => stale.csrf = !csrf::is_token(value),
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
            let cookie = CsrfSecret::new(entropy).cookie(now);
            headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
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
