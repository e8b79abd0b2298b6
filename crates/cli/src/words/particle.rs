//! Korean particles: which of two forms follows a word depends on its last sound.

use std::borrow::Cow;

/// The form after a text: `closed` after a final consonant (을, 이, 은, 과, 으로), `open` after a vowel (를, 가, 는, 와, 로). Both,
/// as in 을(를), where the sound cannot be told from the letters.
pub(super) fn fitting<'a>(text: &str, closed: &'a str, open: &'a str) -> Cow<'a, str> {
    match text.chars().rev().find(|c| c.is_alphanumeric()).and_then(ending) {
        Some(Ending::Consonant) => closed.into(),
        // 로 follows ㄹ as it follows a vowel.
        Some(Ending::Rieul) if open == "로" => open.into(),
        Some(Ending::Rieul) => closed.into(),
        Some(Ending::Vowel) => open.into(),
        None if open == "로" => "(으)로".into(),
        None => format!("{closed}({open})").into(),
    }
}

enum Ending {
    Vowel,
    Rieul,
    Consonant,
}

fn ending(letter: char) -> Option<Ending> {
    let final_sound = match letter {
        '가'..='힣' => (u32::from(letter) - u32::from('가')) % 28,
        // 영, 일, 이, 삼, 사, 오, 육, 칠, 팔, 구.
        '0' | '3' | '6' => 1,
        '1' | '7' | '8' => RIEUL,
        '2' | '4' | '5' | '9' => 0,
        _ => return None,
    };
    Some(match final_sound {
        0 => Ending::Vowel,
        RIEUL => Ending::Rieul,
        _ => Ending::Consonant,
    })
}

/// The place of ㄹ among the final consonants of a syllable.
const RIEUL: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sound_decides() {
        let cases = [
            ("사용자", "를", "가", "는", "로", "와"),
            ("토큰", "을", "이", "은", "으로", "과"),
            ("파일", "을", "이", "은", "로", "과"),
            ("'설정'", "을", "이", "은", "으로", "과"),
            ("번호 (2)", "를", "가", "는", "로", "와"),
            ("10", "을", "이", "은", "으로", "과"),
            ("8", "을", "이", "은", "로", "과"),
        ];
        for (word, object, subject, topic, direction, company) in cases {
            assert_eq!(fitting(word, "을", "를"), object, "{word}");
            assert_eq!(fitting(word, "이", "가"), subject, "{word}");
            assert_eq!(fitting(word, "은", "는"), topic, "{word}");
            assert_eq!(fitting(word, "으로", "로"), direction, "{word}");
            assert_eq!(fitting(word, "과", "와"), company, "{word}");
        }
    }

    #[test]
    fn where_the_sound_is_unknown_both_are_written() {
        assert_eq!(fitting("alice", "을", "를"), "을(를)");
        assert_eq!(fitting("jeton.toml", "으로", "로"), "(으)로");
        assert_eq!(fitting("", "이", "가"), "이(가)");
    }
}
