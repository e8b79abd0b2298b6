//! The words of the command: English stands where it is said, Korean in `ko.po`.

mod catalogue;
mod errors;
mod help;
mod particle;

use std::fmt::Display;
use std::sync::OnceLock;

pub(crate) use errors::tell;
pub(crate) use help::in_korean;

use catalogue::Catalogue;

/// Chooses Korean where the locale asks for it, for the whole process. Until then, and else, it speaks English.
pub(crate) fn follow_locale() {
    let variable = |name: &str| std::env::var(name).ok();
    let _ = SPEAKS_KOREAN.set(is_korean(variable));
}

/// Whether it speaks Korean.
pub(crate) fn speaks_korean() -> bool {
    SPEAKS_KOREAN.get().copied().unwrap_or_default()
}

/// A sentence in the language of the locale. The English is the key of its Korean, so its values stand behind it: `{}`,
/// never `{name}`.
macro_rules! say {
    ($english:literal $(, $value:expr)* $(,)?) => {
        match $crate::words::korean($english) {
            Some(korean) => $crate::words::fill(korean, &[$(&$value as &dyn std::fmt::Display),*]),
            None => format!($english $(, $value)*),
        }
    };
}
pub(crate) use say;

/// The Korean of an English sentence, if it speaks Korean and has one.
pub(crate) fn korean(english: &str) -> Option<&'static str> {
    if speaks_korean() { Catalogue::korean().exact(english) } else { None }
}

/// Puts values into a Korean sentence, each for its `{}`. A pair such as `{을/를}` becomes what fits the word before it.
pub(crate) fn fill(korean: &str, values: &[&dyn Display]) -> String {
    let (mut text, mut rest, mut values) = (String::new(), korean, values.iter());
    while let Some((before, name, after)) = catalogue::placeholder(rest) {
        text.push_str(before);
        match name.split_once('/') {
            Some((closed, open)) => text.push_str(&particle::fitting(&text, closed, open)),
            None => text.extend(values.next().map(ToString::to_string)),
        }
        rest = after;
    }
    text + rest
}

/// A sentence that the library has put together, in the language of the locale: found by its shape.
pub(crate) fn told(english: &str) -> String {
    if !speaks_korean() {
        return english.to_owned();
    }
    let Some((korean, values)) = Catalogue::korean().by_shape(english) else {
        // A reason that was made a sentence by its full stop.
        let reason = english.strip_suffix('.').filter(|reason| Catalogue::korean().exact(reason).is_some());
        return reason.map_or_else(|| english.to_owned(), |reason| told(reason) + ".");
    };
    // What follows a final colon or semicolon is the reason, a sentence of its own.
    let has_reason = values
        .last()
        .and_then(|last| english.strip_suffix(last))
        .is_some_and(|start| start.ends_with(": ") || start.ends_with("; "));
    let reason = values.len().checked_sub(1).filter(|_| has_reason);
    let values = values.iter().enumerate().map(|(index, value)| match reason == Some(index) {
        true => told(value),
        // The last of a list of words in quotes.
        false => value.replace("\" or \"", "\", \""),
    });
    let values: Vec<String> = values.collect();
    fill(korean, &values.iter().map(|value| value as &dyn Display).collect::<Vec<_>>())
}

/// The first of the three variables that says anything names the locale; the terminal must take UTF-8.
fn is_korean(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale = LOCALE.iter().find_map(|name| variable(name).filter(|value| !value.is_empty())).unwrap_or_default();
    let (place, charset) = locale.split_once('.').unwrap_or((&locale, "UTF-8"));
    let language = place.split(['_', '-', '@']).next().unwrap_or_default();
    let charset = charset.split('@').next().unwrap_or_default();
    let is_utf8 = charset.eq_ignore_ascii_case("UTF-8") || charset.eq_ignore_ascii_case("UTF8");
    language.eq_ignore_ascii_case("ko") && is_utf8
}

static SPEAKS_KOREAN: OnceLock<bool> = OnceLock::new();

/// Strongest first.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_is_read_as_the_c_library_reads_it() {
        let with = |pairs: &[(&str, &str)]| {
            is_korean(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        for locale in ["ko", "ko_KR", "ko_KR.UTF-8", "ko_KR.utf8", "ko_KR.UTF-8@x", "ko-KR", "KO_kr"] {
            assert!(with(&[("LANG", locale)]), "{locale}");
        }
        for locale in ["", "C", "C.UTF-8", "en_US.UTF-8", "kok_IN", "ko_KR.eucKR"] {
            assert!(!with(&[("LANG", locale)]), "{locale}");
        }
        assert!(with(&[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR.UTF-8"), ("LANG", "C")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "ko_KR.UTF-8")]));
        assert!(!with(&[]));
    }

    #[test]
    fn values_and_particles_find_their_places() {
        assert_eq!(fill("{}{이/가} {}{을/를} 만들었습니다", &[&"민정", &3]), "민정이 3을 만들었습니다");
        assert_eq!(fill("{}에서 {}{으로/로}", &[&"a{}b", &"서울"]), "a{}b에서 서울로");
        assert_eq!(fill("없음", &[]), "없음");
        assert_eq!(fill("{", &[]), "{");
    }
}
