//! `token`: DRF's opaque key, `Authorization: Token …`.

use axum::http::{HeaderMap, HeaderValue, header};

use super::super::App;
use super::super::error::ApiError;
use super::header::{After, after_scheme};
use crate::auth::{AuthError, AuthTokenError, Principal};
use crate::settings::Settings;

pub(super) async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Option<Principal>, ApiError> {
    match key(headers, &app.settings().auth_tokens.keyword).map_err(AuthError::from)? {
        Some(key) => Ok(Some(app.auth.authenticate_auth_token(key).await?)),
        None => Ok(None),
    }
}

/// The keyword alone.
pub(super) fn challenge(settings: &Settings) -> HeaderValue {
    HeaderValue::from_str(&settings.auth_tokens.keyword).unwrap_or(HeaderValue::from_static("Token"))
}

/// The key of the header: nothing if there is none or its first word is another. A header that comes twice does not hold
/// one key.
fn key<'a>(headers: &'a HeaderMap, keyword: &str) -> Result<Option<&'a str>, AuthTokenError> {
    let is_ours = |word: &[u8]| word.eq_ignore_ascii_case(keyword.as_bytes());
    match after_scheme(headers, header::AUTHORIZATION.as_str(), is_ours) {
        None => Ok(None),
        Some(After::Nothing) => Err(AuthTokenError::NoCredentials),
        Some(After::More) => Err(AuthTokenError::Spaces),
        Some(After::One(key)) => std::str::from_utf8(key).map(Some).map_err(|_| AuthTokenError::InvalidCharacters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, AuthTokenError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        key(&headers, "Token").map(|key| key.map(str::to_owned))
    }

    #[test]
    fn one_word_after_the_keyword_is_a_key() {
        for header in ["Token abc", "token abc", "TOKEN \t abc ", " ToKeN abc"] {
            assert_eq!(read(&[header.as_bytes()]), Ok(Some("abc".to_owned())), "{header}");
        }
        assert_eq!(read(&["Token 토큰".as_bytes()]), Ok(Some("토큰".to_owned())));
    }

    #[test]
    fn another_scheme_is_somebody_elses() {
        for header in ["", " ", "Bearer abc", "Tokens abc", "Token=abc", "abc Token", "토큰 abc"] {
            assert_eq!(read(&[header.as_bytes()]), Ok(None), "{header}");
        }
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn everything_else_is_told() {
        assert_eq!(read(&[b"Token"]), Err(AuthTokenError::NoCredentials));
        assert_eq!(read(&[b"Token \t "]), Err(AuthTokenError::NoCredentials));
        assert_eq!(read(&[b"Token a b"]), Err(AuthTokenError::Spaces));
        assert_eq!(read(&[b"Token a \xff"]), Err(AuthTokenError::Spaces));
        assert_eq!(read(&[b"Token \xff"]), Err(AuthTokenError::InvalidCharacters));
        assert_eq!(read(&[b"Token a", b"Token a"]), Err(AuthTokenError::Spaces));
    }
}
