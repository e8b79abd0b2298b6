//! The token itself: Django's spelling, its mask, and in safe the session that it is good for.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::auth::Auth;
use crate::entropy::{Entropy, LETTERS_AND_DIGITS};

/// What the cookie holds, and what comes back in a header or a form: 32 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CsrfSecret(String);

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Length,
    Characters,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "has incorrect length",
            Self::Characters => "has invalid characters",
        })
    }
}

impl CsrfSecret {
    /// A new one; for a session by whoever knows its key, if tokens are bound to sessions.
    pub(super) fn issue(auth: &Auth, session_key: Option<&str>) -> Self {
        let bound_to = session_key.filter(|_| auth.settings().csrf.bind_to_session);
        match bound_to {
            None => Self(auth.entropy().text(SECRET, LETTERS_AND_DIGITS)),
            Some(session_key) => {
                let mut text = auth.entropy().text(NONCE, LETTERS_AND_DIGITS);
                text += &seal(auth, session_key, &text);
                Self(text)
            }
        }
    }

    /// As it stands, or masked.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let length = text.chars().count();
        if length != SECRET && length != 2 * SECRET {
            return Err(Malformed::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Malformed::Characters);
        }
        match text.split_at_checked(SECRET) {
            Some((mask, masked)) if !masked.is_empty() => Ok(Self(shift(masked, mask, |x, y| x + LETTERS - y))),
            Some(_) | None => Ok(Self(text.to_owned())),
        }
    }

    /// Another text each time, so that a compressed page does not give the token away.
    pub(super) fn masked(&self, entropy: &Entropy) -> String {
        let mask = entropy.text(SECRET, LETTERS_AND_DIGITS);
        let masked = shift(&self.0, &mask, |x, y| x + y);
        mask + &masked
    }

    /// Whether they are the same; takes the same time wherever they differ.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// Whether it was issued for this session.
    pub(super) fn is_bound_to(&self, auth: &Auth, session_key: &str) -> bool {
        let Some((nonce, sealed)) = self.0.split_at_checked(NONCE) else { return false };
        sealed.as_bytes().ct_eq(seal(auth, session_key, nonce).as_bytes()).into()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The part of a token that only Jeton can write: 20 letters of a MAC, more than 110 bits.
fn seal(auth: &Auth, session_key: &str, nonce: &str) -> String {
    let tag = auth.csrf_tag(session_key, nonce);
    tag.iter().take(SECRET - NONCE).map(|&byte| letter(usize::from(byte))).collect()
}

/// Each letter of a text moved by the one of the mask at its place.
fn shift(text: &str, mask: &str, by: impl Fn(usize, usize) -> usize) -> String {
    text.bytes().zip(mask.bytes()).map(|(x, y)| letter(by(position(x), position(y)))).collect()
}

fn letter(position: usize) -> char {
    char::from(LETTERS_AND_DIGITS.as_bytes()[position % LETTERS])
}

fn position(letter: u8) -> usize {
    LETTERS_AND_DIGITS.bytes().position(|known| known == letter).unwrap_or_default()
}

const LETTERS: usize = LETTERS_AND_DIGITS.len();
const SECRET: usize = 32;
/// 71 bits.
const NONCE: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_comes_off_again_and_is_another_each_time() {
        let entropy = Entropy::seeded(1);
        let secret = CsrfSecret(entropy.text(SECRET, LETTERS_AND_DIGITS));
        let (first, second) = (secret.masked(&entropy), secret.masked(&entropy));
        assert!(first != second && first.len() == 64);
        assert_eq!(CsrfSecret::parse(&first), Ok(secret.clone()));
        assert_eq!(CsrfSecret::parse(&second), Ok(secret.clone()));
        assert_eq!(CsrfSecret::parse(secret.as_str()), Ok(secret));
    }

    #[test]
    fn masks_are_django_s() {
        // Made by Django's own _mask_cipher_secret.
        let masked = "97RFojXIfMsde4YpqLZ8UlPQKLiCEjdozyj8SOtfNl2OQHC4G2hreGbd8a8twc7j";
        assert_eq!(CsrfSecret::parse(masked).unwrap().as_str(), "ABCDEFGHIJKLMNOPqrstuvwxyz012345");
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        for (text, why) in [
            ("", Malformed::Length),
            ("abc", Malformed::Length),
            (&*"x".repeat(33), Malformed::Length),
            (&*"x".repeat(65), Malformed::Length),
            (&*"!".repeat(32), Malformed::Characters),
            (&*"é".repeat(32), Malformed::Characters),
            (&*"é".repeat(16), Malformed::Length),
        ] {
            assert_eq!(CsrfSecret::parse(text), Err(why), "{text}");
        }
    }
}
