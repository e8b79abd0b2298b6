//! `basic`: name and password with each request.

use axum::http::header;
use axum::http::request::Parts;
use jeton_token::secret::Secret;

use super::super::App;
use super::super::error::ApiError;
use super::super::messages;
use super::super::principal::origin;
use crate::auth::{AuthError, Credentials, Principal};

pub(super) async fn authenticate(app: &App, parts: &Parts) -> Result<Option<Principal>, ApiError> {
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    let Some(credentials) =
        read(header.as_bytes(), headers.next().is_some()).map_err(ApiError::AuthenticationFailed)?
    else {
        return Ok(None);
    };
    match app.auth.authenticate_basic(credentials, &origin(parts, app)).await {
        Err(AuthError::WrongCredentials) => Err(ApiError::AuthenticationFailed(messages::WRONG_USERNAME_OR_PASSWORD)),
        other => Ok(Some(other?)),
    }
}

/// The name and password of a header: nothing if it is of another scheme. One that comes twice is refused.
fn read(header: &[u8], is_repeated: bool) -> Result<Option<Credentials>, &'static str> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let mut words = header.split(blank).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")) {
        return Ok(None);
    }
    let encoded = match (words.next(), words.next()) {
        (None, _) => return Err(messages::BASIC_WITHOUT_CREDENTIALS),
        (Some(encoded), None) if !is_repeated => encoded,
        (Some(_), _) => return Err(messages::BASIC_WITH_SPACES),
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

    fn credentials(header: &str) -> Result<Option<(String, String)>, &'static str> {
        let read = read(header.as_bytes(), false)?;
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
        assert!(read(b"Basic YTpi", true).is_err(), "two headers are not one pair");
    }
}
