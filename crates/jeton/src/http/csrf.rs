//! CSRF tokens: the secret in the cookie, and the masked form of it that pages carry.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use jeton_token::time::Timestamp;

use super::cookies::{SetCookie, cookie};
use crate::entropy::{Entropy, LETTERS_AND_DIGITS};

/// What the cookie `csrftoken` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CsrfSecret(String);

impl CsrfSecret {
    /// A new one.
    pub(super) fn new(entropy: &Entropy) -> Self {
        Self(entropy.text(SECRET, LETTERS_AND_DIGITS))
    }

    /// The one that a browser sent, if it is one: plain, or masked as older releases of Django set it.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let token = cookie(headers, COOKIE.name).filter(|token| is_token(token.as_bytes()))?;
        Some(Self(if token.len() == SECRET { token } else { unmasked(&token) }))
    }

    /// The secret shifted by a mask that stands before it, each time another: nothing that repeats is in a page.
    pub(super) fn masked(&self, entropy: &Entropy) -> String {
        let mask = entropy.text(SECRET, LETTERS_AND_DIGITS);
        let shifted = shift(&self.0, &mask, |letter, by| letter + by);
        mask + &shifted
    }

    /// The header that sets the cookie.
    pub(super) fn cookie(&self, now: Timestamp) -> Option<HeaderValue> {
        COOKIE.set(&self.0, LIFETIME, now)
    }
}

/// Whether this can be a token at all: a secret, or a masked one.
pub(super) fn is_token(token: &[u8]) -> bool {
    [SECRET, 2 * SECRET].contains(&token.len()) && token.iter().all(u8::is_ascii_alphanumeric)
}

fn unmasked(token: &str) -> String {
    let (mask, shifted) = token.split_at(SECRET);
    shift(shifted, mask, |letter, by| letter + LETTERS_AND_DIGITS.len() - by)
}

fn shift(text: &str, by: &str, step: impl Fn(usize, usize) -> usize) -> String {
    let place = |letter: u8| LETTERS_AND_DIGITS.bytes().position(|other| other == letter).unwrap_or_default();
    let letters = text.bytes().zip(by.bytes()).map(|(letter, by)| step(place(letter), place(by)));
    letters.map(|index| char::from(LETTERS_AND_DIGITS.as_bytes()[index % LETTERS_AND_DIGITS.len()])).collect()
}

const COOKIE: SetCookie<'_> =
    SetCookie { name: "csrftoken", path: "/", domain: None, same_site: "Lax", is_secure: false, is_http_only: false };
const SECRET: usize = 32;
/// Django's year of 52 weeks.
const LIFETIME: Duration = Duration::from_secs(52 * 7 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    fn of(cookie: &str) -> Option<CsrfSecret> {
        CsrfSecret::of(&HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())]))
    }

    #[test]
    fn a_masked_token_hides_its_secret_and_leads_back_to_it() {
        let entropy = Entropy::seeded(1);
        let secret = CsrfSecret::new(&entropy);
        let (one, other) = (secret.masked(&entropy), secret.masked(&entropy));
        assert!(one != other && is_token(one.as_bytes()) && !one.contains(&secret.0));
        assert_eq!(of(&format!("csrftoken={one}")), Some(secret.clone()));
        assert_eq!(of(&format!("a=b; csrftoken={}", secret.0)), Some(secret));
    }

    #[test]
    fn django_reads_our_masks() {
        // Made by django.middleware.csrf._mask_cipher_secret.
        let masked = "97RFojXIfMsde4YpqLZ8UlPQKLiCEjdozyj8SOtfNl2OQHC4G2hreGbd8a8twc7j";
        assert_eq!(unmasked(masked), "ABCDEFGHIJKLMNOPqrstuvwxyz012345");
    }

    #[test]
    fn what_is_no_token_is_not_taken() {
        for cookie in ["csrftoken=", "csrftoken=short", "other=x"] {
            assert_eq!(of(cookie), None);
        }
        assert_eq!(of(&format!("csrftoken={}", "!".repeat(32))), None);
    }
}
