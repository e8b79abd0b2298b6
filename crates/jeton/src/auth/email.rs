//! E-mail addresses: Django's `EmailValidator` to the letter, and the form in which an address is kept.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::python;

/// An address that a user may have, or none: the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email {
    typed: String,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailFlaw {
    /// It has more than [`Email::MAX_LENGTH`] characters.
    Length,
    /// It is no address.
    Form,
}

impl Email {
    /// As many characters as the column takes.
    pub const MAX_LENGTH: usize = 254;

    /// An address as somebody typed it; the empty text is none. Or all that is wrong with it.
    ///
    /// # Errors
    ///
    /// At least one flaw.
    pub fn parse(typed: impl Into<String>) -> Result<Self, Vec<EmailFlaw>> {
        let typed = typed.into();
        let mut flaws = Vec::new();
        if typed.chars().count() > Self::MAX_LENGTH {
            flaws.push(EmailFlaw::Length);
        }
        if !typed.is_empty() && !is_address(&typed) {
            flaws.push(EmailFlaw::Form);
        }
        if flaws.is_empty() { Ok(Self { typed }) } else { Err(flaws) }
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// As it is kept: without blanks around it and with the domain in lower case, as in Django's `normalize_email`.
    pub fn kept(&self) -> String {
        match self.typed.trim_matches(python::is_space).rsplit_once('@') {
            Some((name, domain)) => format!("{name}@{}", domain.to_lowercase()),
            None => self.typed.clone(),
        }
    }
}

fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let is_name = is_dotted_atom(name) || is_quoted(name);
    is_name && (domain == "localhost" || is_domain(domain) || is_literal(domain))
}

fn is_dotted_atom(name: &str) -> bool {
    let is_letter = |letter: char| {
        letter.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(letter) || is_like_ascii(letter)
    };
    name.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_letter))
}

fn is_quoted(name: &str) -> bool {
    let Some(inside) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) else { return false };
    let mut letters = inside.chars();
    while let Some(letter) = letters.next() {
        let is_good = match letter {
            '\\' => letters.next().is_some_and(|escaped| {
                matches!(escaped, '\x01'..='\x09' | '\x0b' | '\x0c' | '\x0e'..='\x7f') || is_like_ascii(escaped)
            }),
            '\x01'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '!' | '#'..='[' | ']'..='\x7f' => true,
            other => is_like_ascii(other),
        };
        if !is_good {
            return false;
        }
    }
    true
}

/// Labels with dots between them, at least two; the last has no digits, unless it is in Punycode.
fn is_domain(domain: &str) -> bool {
    let is_wide = |letter: char| letter.is_ascii_alphabetic() || ('\u{a1}'..='\u{ffff}').contains(&letter);
    let is_label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| is_wide(letter) || letter.is_ascii_digit() || letter == '-')
    };
    let is_top = |label: &str| {
        let plain = label.chars().count() >= 2 && label.chars().all(|letter| is_wide(letter) || letter == '-');
        plain || is_punycode(label)
    };
    domain.rsplit_once('.').is_some_and(|(before, top)| is_label(top) && is_top(top) && before.split('.').all(is_label))
}

fn is_punycode(label: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || is_like_ascii(letter);
    let parts = label.char_indices().nth(4).map(|(at, _)| label.split_at(at));
    parts.is_some_and(|(prefix, rest)| {
        prefix.eq_ignore_ascii_case("xn--") && (1..=59).contains(&rest.chars().count()) && rest.chars().all(is_letter)
    })
}

/// An IP address in square brackets.
fn is_literal(domain: &str) -> bool {
    let inside = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']'));
    inside.is_some_and(|address| address.parse::<Ipv4Addr>().is_ok() || address.parse::<Ipv6Addr>().is_ok())
}

/// What a Python pattern takes for an ASCII letter where case does not count: `İ`, `ı`, `ſ` and the sign of Kelvin.
fn is_like_ascii(letter: char) -> bool {
    matches!(letter, '\u{130}' | '\u{131}' | '\u{17f}' | '\u{212a}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_django_has_them() {
        for good in [
            "a@b.co",
            "a.b+c@d-e.example",
            "\"quoted one\"@example.com".replace(' ', "\\ ").as_str(),
            "x@localhost",
            "x@[127.0.0.1]",
            "x@[::1]",
            "민정@example.com".replace("민정", "min").as_str(),
            "a@예시.한국",
            "a@x.xn--3e0b707e",
            "ſ@b.co",
        ] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "nope",
            "@b.co",
            "a@",
            "a@b",
            "a b@c.co",
            "a..b@c.co",
            ".a@c.co",
            "a@-b.co",
            "a@b-.co",
            "a@b..co",
            "a@b.c",
            "a@b.c0m",
            "a@[1.2.3]",
            "a@[01.2.3.4]",
            "\"a\"b\"@c.co",
            "a@b.co\n",
            "민정@example.com",
            "a@b.co.",
            "a@LOCALHOST",
        ] {
            assert_eq!(Email::parse(bad), Err(vec![EmailFlaw::Form]), "{bad}");
        }
    }

    #[test]
    fn a_long_address_is_told_to_be_long_and_what_else_it_is() {
        let long = format!("{}@b.co", "a".repeat(250));
        assert_eq!(Email::parse(&long[..]), Err(vec![EmailFlaw::Length]));
        assert_eq!(Email::parse("x".repeat(255)), Err(vec![EmailFlaw::Length, EmailFlaw::Form]));
    }

    #[test]
    fn the_domain_is_kept_in_lower_case_and_the_name_as_it_is() {
        assert_eq!(Email::parse("New4@EXAMPLE.Com").unwrap().kept(), "New4@example.com");
        assert_eq!(Email::parse("").unwrap().kept(), "");
    }
}
