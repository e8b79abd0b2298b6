//! A header that begins with a scheme: what comes after it.

use axum::http::HeaderMap;

/// The words after the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After<'a> {
    Nothing,
    One(&'a [u8]),
    /// Several; a header that comes twice does not hold one word either.
    More,
}

/// What comes after the scheme: nothing at all if there is no such header, or its scheme is somebody else's.
pub(super) fn after_scheme<'a>(
    headers: &'a HeaderMap,
    name: &str,
    is_ours: impl Fn(&[u8]) -> bool,
) -> Option<After<'a>> {
    let mut headers = headers.get_all(name).iter();
    let header = headers.next()?;
    let is_repeated = headers.next().is_some();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let mut words = header.as_bytes().split(blank).filter(|word| !word.is_empty());
    if !words.next().is_some_and(is_ours) {
        return None;
    }
    Some(match (words.next(), words.next()) {
        _ if is_repeated => After::More,
        (None, _) => After::Nothing,
        (Some(word), None) => After::One(word),
        (Some(_), Some(_)) => After::More,
    })
}
