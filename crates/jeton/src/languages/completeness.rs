//! Whether everything that clients are told can be told in Korean.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::korean::{self, GAPS, OWN};
use super::{LanguageCode, catalogue};

#[test]
fn every_message_has_its_korean_or_is_known_to_have_none() {
    let missing: Vec<_> = told().into_iter().filter(|message| !has_korean(message)).collect();
    assert!(missing.is_empty(), "add these to crates/jeton/src/languages/korean.rs: {missing:#?}");
}

#[test]
fn nothing_is_translated_that_nobody_is_told() {
    let told = told();
    let is_of_the_reference = |message: &str| catalogue::messages().any(|known| known == message);
    let is_stale = |message: &&str| !told.contains(*message) && !is_of_the_reference(message);
    let stale: Vec<_> = GAPS.iter().chain(OWN).map(|(english, _)| *english).filter(is_stale).collect();
    assert!(stale.is_empty(), "nobody is told these any more: {stale:#?}");
    let stale: Vec<_> = IN_ENGLISH.iter().filter(|message| !told.contains(**message)).collect();
    assert!(stale.is_empty(), "nobody is told these any more: {stale:#?}");
}

fn has_korean(message: &str) -> bool {
    let reference = catalogue::text(LanguageCode::KOREAN, message);
    reference.or_else(|| catalogue::form(LanguageCode::KOREAN, message, 2)).is_some()
        || korean::of_gap(message).is_some()
        || korean::of_own(message).is_some()
        || IN_ENGLISH.contains(&message)
}

/// Every sentence in the sources that reaches clients, but for the tail of parse errors, which is Python's wording.
fn told() -> BTreeSet<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut told = BTreeSet::new();
    for file in files(&here.join("src/http")) {
        told.extend(literals(&file, OPENINGS).filter(|text| is_sentence(text)));
    }
    for file in files(&here.join("../../web/templates")) {
        told.extend(literals(&file, &["frame.say("]));
    }
    for file in files(&here.join("src/auth")) {
        told.extend(literals(&file, &["#[error("]).filter(|text| is_sentence(text)));
    }
    for path in ["src/auth/users.rs", "../token/src/error.rs"] {
        let file = fs::read_to_string(here.join(path)).unwrap();
        told.extend(literals(&file, &["#[error(", "f.write_str("]));
    }
    told
}

fn is_sentence(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase() || c == '{') && text.contains(' ')
}

/// The string literal right behind each of these openings, the tests left out.
fn literals(file: &str, openings: &[&str]) -> impl Iterator<Item = String> {
    let code = file.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let starts = openings.iter().flat_map(|opening| code.match_indices(opening).map(|(at, found)| at + found.len()));
    let found: Vec<String> = starts.filter_map(|start| literal(code[start..].trim_start())).collect();
    found.into_iter()
}

fn literal(code: &str) -> Option<String> {
    let (mut text, mut chars) = (String::new(), code.strip_prefix('"')?.chars().peekable());
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => return Some(text),
            ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', _) => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    None
}

fn files(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => texts.extend(files(&path)),
            path => texts.push(fs::read_to_string(&path).unwrap()),
        }
    }
    texts
}

/// What makes a message: the constructors, and constants of text.
const OPENINGS: &[&str] = &[
    "Message::new(",
    "Message::of(format!(",
    ": &str =",
    "StatusCode::BAD_REQUEST, ",
    "StatusCode::REQUEST_TIMEOUT, ",
    "StatusCode::FORBIDDEN, ",
    "StatusCode::NOT_FOUND, ",
    ".say(",
    "message: ",
];

/// What the reference says in English to everybody.
const IN_ENGLISH: &[&str] = &[
    "JSON parse error - {message}",
    "Multipart form parse error - {why}",
    "CSRF Failed: {reason}",
    "OK, goodbye",
    "OK, goodbye, all refresh tokens blacklisted",
];
