//! `basic`: name and password with each request.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jeton_token::secret::Secret;

use super::super::App;
use super::super::error::ApiError;
use super::super::messages;
use super::super::principal::origin;
use super::header::{After, after_scheme};
use crate::auth::{AuthError, Credentials, Principal};

pub(super) async fn authenticate(app: &App, parts: &Parts) -> Result<Option<Principal>, ApiError> {
    let Some(credentials) = read(&parts.headers).map_err(ApiError::AuthenticationFailed)? else {
        return Ok(None);
    };
    match app.auth.authenticate_basic(credentials, &origin(parts, app)).await {
        Err(AuthError::WrongCredentials) => Err(ApiError::AuthenticationFailed(messages::WRONG_USERNAME_OR_PASSWORD)),
        other => Ok(Some(other?)),
    }
}

/// The name and password of the header: nothing if there is none, or it is of another scheme.
fn read(headers: &HeaderMap) -> Result<Option<Credentials>, &'static str> {
    let is_ours = |scheme: &[u8]| scheme.eq_ignore_ascii_case(b"basic");
    let encoded = match after_scheme(headers, header::AUTHORIZATION.as_str(), is_ours) {
        None => return Ok(None),
        Some(After::Nothing) => return Err(messages::BASIC_WITHOUT_CREDENTIALS),
        Some(After::More) => return Err(messages::BASIC_WITH_SPACES),
        Some(After::One(encoded)) => encoded,
    };
    let decoded = Secret::new(decode(encoded).ok_or(messages::BASIC_NOT_BASE64)?);
    let text = Secret::new(match std::str::from_utf8(decoded.expose()) {
        Ok(text) => text.to_owned(),
        Err(_) => decoded.expose().iter().map(|&byte| char::from(byte)).collect(),
    });
    let (username, password) = text.expose().split_once(':').ok_or(messages::BASIC_NOT_BASE64)?;
    Ok(Some(Credentials { username: username.to_owned(), password: Secret::from(password) }))
}

/// Python's lenient base64: what is no letter of the alphabet is skipped, and enough padding ends the text.
fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(encoded.len() / 4 * 3 + 3);
    let (mut held, mut place, mut pads) = (0_u8, 0_u8, 0_u8);
    for &byte in encoded {
        if byte == b'=' {
            pads = pads.saturating_add(1);
            if place >= 2 && place.saturating_add(pads) >= 4 {
                return Some(decoded);
            }
            continue;
        }
        let Some(six) = ALPHABET.iter().position(|&letter| letter == byte).and_then(|six| u8::try_from(six).ok())
        else {
            continue;
        };
        pads = 0;
        match place {
            0 => held = six,
            1 => {
                decoded.push(held << 2 | six >> 4);
                held = six & 0x0f;
            }
            2 => {
                decoded.push(held << 4 | six >> 2);
                held = six & 0x03;
            }
            _ => decoded.push(held << 6 | six),
        }
        place = (place + 1) % 4;
    }
    (place == 0).then_some(decoded)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
    }

    fn credentials(header: &str) -> Result<Option<(String, String)>, &'static str> {
        let read = read(&headers(&[header]))?;
        Ok(read.map(|credentials| (credentials.username, credentials.password.expose().clone())))
    }

    #[test]
    fn base64_is_read_as_python_reads_it() {
        // Each as `base64.b64decode` has it.
        for (encoded, decoded) in [
            ("YTpi", Some("a:b")),
            ("YTpi==", Some("a:b")),
            ("YTpi====x", None),
            ("YTo=", Some("a:")),
            ("YTo=x", Some("a:")),
            ("YTo", None),
            ("Y", None),
            ("YT=", None),
            ("YT==YTpi", Some("a")),
            ("Y=Tp=i", Some("a:")),
            ("Y-T_p!i", Some("a:b")),
            ("====", Some("")),
            ("YTpiYTp", None),
            ("YT=pi", Some("a:b")),
            ("Y===T===p===i", Some("a")),
        ] {
            assert_eq!(decode(encoded.as_bytes()).as_deref(), decoded.map(str::as_bytes), "{encoded}");
        }
    }

    #[test]
    fn a_header_is_one_pair_or_a_message_of_drf() {
        let pair = |username: &str, password: &str| Ok(Some((username.to_owned(), password.to_owned())));
        for other in ["", "Bearer x", "BasicYTpi", "Basically YTpi"] {
            assert_eq!(credentials(other), Ok(None), "{other}");
        }
        for scheme in ["Basic", "basic", "BASIC", "  bAsIc  "] {
            assert_eq!(credentials(&format!("{scheme} YTpi")), pair("a", "b"), "{scheme}");
        }
        assert_eq!(credentials("Basic YTpiOmM="), pair("a", "b:c"), "the first colon parts them");
        assert_eq!(credentials("Basic 66+87KCVOuu5hA=="), pair("민정", "비"));
        assert_eq!(credentials("Basic 6Tro"), pair("é", "è"), "Latin-1 where it is no UTF-8");
        assert_eq!(credentials("Basic OiA="), pair("", " "));
        assert_eq!(credentials("Basic"), Err(messages::BASIC_WITHOUT_CREDENTIALS));
        assert_eq!(credentials("Basic a b"), Err(messages::BASIC_WITH_SPACES));
        for odd in ["Basic YWxpY2U=", "Basic Y", "Basic !!", "Basic ="] {
            assert_eq!(credentials(odd), Err(messages::BASIC_NOT_BASE64), "{odd}");
        }
        assert!(read(&headers(&["Basic YTpi", "Basic YTpi"])).is_err(), "two headers are not one pair");
    }
}
