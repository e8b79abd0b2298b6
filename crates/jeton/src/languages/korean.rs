//! Korean that the reference lacks: its gaps, and what Jeton alone says.

use super::korean_pages::PAGES;

/// The Korean of an English message of the reference whose own translation is missing or marked fuzzy.
pub(super) fn of_gap(english: &str) -> Option<&'static str> {
    find(GAPS, english)
}

/// The Korean of an English message that is Jeton's own.
pub(super) fn of_own(english: &str) -> Option<&'static str> {
    find(OWN, english).or_else(|| find(PAGES, english))
}

fn find(table: &[(&str, &'static str)], english: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == english).map(|(_, korean)| *korean)
}

/// What the reference says in English to Koreans.
pub(super) const GAPS: &[(&str, &str)] = &[
    ("Token is invalid", "유효하지 않은 토큰입니다"),
    ("Token is expired", "만료된 토큰입니다"),
    ("No active account found for the given token.", "이 토큰에 해당하는 활성화된 사용자를 찾을 수 없습니다."),
    ("No data provided", "데이터가 제공되지 않았습니다"),
    ("Token has expired", "만료된 토큰입니다"),
    ("Error decoding token", "토큰을 해독할 수 없습니다"),
    ("Invalid Token", "유효하지 않은 토큰입니다"),
];

/// What Jeton alone says, but for its pages.
pub(super) const OWN: &[(&str, &str)] = &[
    ("Duplicate field \"{name}\".", "\"{name}\" 필드가 두 번 있습니다."),
    ("The body is longer than {bytes} bytes.", "요청 본문이 {bytes}바이트를 넘습니다."),
    ("The body did not arrive in time.", "요청 본문이 제시간에 도착하지 않았습니다."),
    ("The body did not arrive complete.", "요청 본문이 끝까지 도착하지 않았습니다."),
    ("Too many passwords are being checked at the moment.", "지금 확인 중인 비밀번호가 너무 많습니다."),
    ("Passwords cannot be checked at the moment.", "지금은 비밀번호를 확인할 수 없습니다."),
    ("Tokens cannot be signed at the moment.", "지금은 토큰에 서명할 수 없습니다."),
    ("The database is not available at the moment.", "지금은 데이터베이스를 사용할 수 없습니다."),
    ("The form has more than {count} fields.", "폼의 필드가 {count}개를 넘습니다."),
    (
        "Unsupported charset \"{charset}\" in request Content-Type header.",
        "요청의 Content-Type 헤더에 있는 문자 집합 \"{charset}\"은(는) 지원되지 않습니다.",
    ),
    (
        "a username has 1 to 150 letters, digits and @ . + - _ characters",
        "사용자 이름은 문자, 숫자, @ . + - _ 1자부터 150자까지입니다",
    ),
    ("a user with that username or id already exists", "그 이름이나 번호를 쓰는 사용자가 이미 있습니다"),
    (
        "This password is too long. It may have at most {max_length} bytes.",
        "비밀번호가 너무 깁니다. 최대 {max_length}바이트까지 쓸 수 있습니다.",
    ),
    ("Sign-up is closed.", "지금은 가입할 수 없습니다."),
    ("a stored hash has at most 128 characters", "저장된 해시는 128자 이하여야 합니다"),
    (
        "Requests from {origin} are not allowed here: see csrf.trusted_origins, and behind a proxy server.trusted_proxies.",
        "{origin}에서 온 요청은 여기에서 허용되지 않습니다. csrf.trusted_origins를, 프록시 뒤라면 server.trusted_proxies도 확인하세요.",
    ),
    ("The token is in heavy use at the moment.", "지금 이 토큰을 쓰는 요청이 너무 많습니다."),
    (
        "You are signed in on as many devices as you may be. Sign out on one of them first.",
        "로그인할 수 있는 기기 수를 다 썼습니다. 먼저 다른 기기에서 로그아웃하세요.",
    ),
    ("Invalid cursor.", "목록을 이어 볼 위치가 올바르지 않습니다."),
    ("Users cannot be looked up at the moment.", "지금은 사용자를 조회할 수 없습니다."),
];

#[cfg(test)]
mod tests {
    use super::super::catalogue;
    use super::*;
    use crate::languages::LanguageCode;

    #[test]
    fn nothing_is_said_here_that_the_reference_says_itself() {
        for (english, _) in GAPS.iter().chain(OWN).chain(PAGES) {
            assert_eq!(catalogue::text(LanguageCode::KOREAN, english), None, "{english}");
        }
    }

    #[test]
    fn nothing_is_said_twice() {
        let all: Vec<_> = GAPS.iter().chain(OWN).chain(PAGES).map(|(english, _)| *english).collect();
        let twice: Vec<_> = all.iter().enumerate().filter(|(index, text)| all[..*index].contains(text)).collect();
        assert!(twice.is_empty(), "{twice:#?}");
    }

    #[test]
    fn every_message_of_the_reference_has_its_korean() {
        for message in catalogue::messages() {
            let reference = catalogue::text(LanguageCode::KOREAN, message);
            let known = reference.or_else(|| catalogue::form(LanguageCode::KOREAN, message, 1));
            assert!(known.or(of_gap(message)).is_some(), "{message}");
        }
    }

    #[test]
    fn placeholders_are_the_same_in_both_languages() {
        let names = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
            names.sort();
            names
        };
        for (english, korean) in GAPS.iter().chain(OWN).chain(PAGES) {
            assert_eq!(names(english), names(korean), "{english}");
        }
    }
}
