//! The languages there are, and which of them a language tag means.

use std::fmt;
use std::str::FromStr;

/// One of the languages of Django's `LANGUAGES`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LanguageCode(u8);

/// No language that is known, nor a variant of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such language is known")]
pub struct UnknownLanguage;

impl LanguageCode {
    /// English, which all messages are written in.
    pub const ENGLISH: Self = Self(ENGLISH);
    /// Korean.
    pub const KOREAN: Self = Self(KOREAN);

    /// As `Content-Language` has it: `ko`, `zh-hans`.
    pub fn as_str(self) -> &'static str {
        CODES[usize::from(self.0)]
    }

    /// The language of exactly that code.
    pub(super) fn exactly(code: &str) -> Option<Self> {
        let index = CODES.iter().position(|known| *known == code)?;
        u8::try_from(index).ok().map(Self)
    }

    /// What Django's `get_supported_language_variant` finds: the language itself, the one that stands in for it, a more
    /// general one (`ko` for `ko-kr`), or another of the same family (`zh-hans` for `zh`).
    pub(super) fn variant(tag: &str) -> Option<Self> {
        let tag = match tag.len() > LONGEST_TAG {
            true => tag.get(..LONGEST_TAG)?.rsplit_once('-')?.0,
            false => tag,
        };
        let stand_in = STAND_INS.iter().find(|(code, _)| *code == tag).map(|(_, code)| *code);
        let prefixes = tag.rmatch_indices('-').map(|(index, _)| &tag[..index]);
        let mut candidates = [tag].into_iter().chain(stand_in).chain(prefixes);
        if let Some(found) = candidates.find_map(|code| Self::exactly(&code.to_ascii_lowercase())) {
            return Some(found);
        }
        let general = tag.split('-').next().filter(|general| !general.is_empty())?;
        let is_of_the_family = |code: &&str| code.strip_prefix(general).is_some_and(|rest| rest.starts_with('-'));
        CODES.iter().find(|code| is_of_the_family(code)).and_then(|code| Self::exactly(code))
    }
}

impl FromStr for LanguageCode {
    type Err = UnknownLanguage;

    /// Reads a `LANGUAGE_CODE`; `ko-kr` is `ko`, as Django knows no other Korean.
    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Self::variant(&code.to_ascii_lowercase()).ok_or(UnknownLanguage)
    }
}

impl fmt::Display for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `LANGUAGES` of Django 5.2, in its order: that of a family which comes first stands for the family.
const CODES: [&str; 99] = [
    "af", "ar", "ar-dz", "ast", "az", "bg", "be", "bn", "br", "bs", "ca", "ckb", "cs", "cy", "da", "de", "dsb", "el",
    "en", "en-au", "en-gb", "eo", "es", "es-ar", "es-co", "es-mx", "es-ni", "es-ve", "et", "eu", "fa", "fi", "fr",
    "fy", "ga", "gd", "gl", "he", "hi", "hr", "hsb", "hu", "hy", "ia", "id", "ig", "io", "is", "it", "ja", "ka", "kab",
    "kk", "km", "kn", "ko", "ky", "lb", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "nn", "os",
    "pa", "pl", "pt", "pt-br", "ro", "ru", "sk", "sl", "sq", "sr", "sr-latn", "sv", "sw", "ta", "te", "tg", "th", "tk",
    "tr", "tt", "udm", "ug", "uk", "ur", "uz", "vi", "zh-hans", "zh-hant",
];

/// The `fallback`s of Django's `LANG_INFO`.
const STAND_INS: [(&str, &str); 6] = [
    ("zh-cn", "zh-hans"),
    ("zh-hk", "zh-hant"),
    ("zh-mo", "zh-hant"),
    ("zh-my", "zh-hans"),
    ("zh-sg", "zh-hans"),
    ("zh-tw", "zh-hant"),
];

const ENGLISH: u8 = 18;
const KOREAN: u8 = 55;

/// `LANGUAGE_CODE_MAX_LENGTH`.
pub(super) const LONGEST_TAG: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_find_the_language_that_django_finds() {
        let cases = [
            ("ko", "ko"),
            ("ko-kr", "ko"),
            ("ko-KR", "ko"),
            ("KO", "ko"),
            ("de-at", "de"),
            ("es-mx", "es-mx"),
            ("es-es", "es"),
            ("pt-pt", "pt"),
            ("zh", "zh-hans"),
            ("zh-cn", "zh-hans"),
            ("zh-tw", "zh-hant"),
            ("zh-hant-tw", "zh-hant"),
            ("zh-hans-cn", "zh-hans"),
            ("sr-latn-rs", "sr-latn"),
            ("en-us", "en"),
            ("a", "-"),
            ("", "-"),
            ("-", "-"),
            ("ko_kr", "-"),
            ("ZH-CN", "-"),
            ("no", "-"),
            ("xx-yy", "-"),
        ];
        for (tag, code) in cases {
            assert_eq!(LanguageCode::variant(tag).map_or("-", LanguageCode::as_str), code, "{tag}");
        }
    }

    #[test]
    fn a_tag_beyond_all_bounds_is_cut_at_a_subtag() {
        let long = format!("ko{}", "-aaaaaaa".repeat(100));
        assert_eq!(LanguageCode::variant(&long), Some(LanguageCode::KOREAN));
        assert_eq!(LanguageCode::variant(&"k".repeat(501)), None);
        assert_eq!(LanguageCode::variant(&"나-".repeat(400)), None);
    }

    #[test]
    fn the_two_that_are_named_are_where_they_should_be() {
        assert_eq!((LanguageCode::ENGLISH.as_str(), LanguageCode::KOREAN.as_str()), ("en", "ko"));
        assert_eq!("zh-CN".parse::<LanguageCode>().map(LanguageCode::as_str), Ok("zh-hans"));
        assert_eq!("klingon".parse::<LanguageCode>(), Err(UnknownLanguage));
    }
}
