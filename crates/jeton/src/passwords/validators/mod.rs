//! What a new password must pass: Django's validators, all asked at once, in Django's words.

mod common;
mod similarity;

use std::fmt;

use crate::python;

/// One of Django's password validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Validator {
    /// Not like the name or the e-mail address of its owner.
    Similarity,
    /// Not too short.
    Length,
    /// Not one of Django's 20,000 common ones.
    Common,
    /// Not of digits alone.
    Numeric,
}

/// What is known of the owner of a password to be, as it was typed.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "the columns are Django's, and so are their meanings")]
pub struct Person<'a> {
    pub username: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub email: &'a str,
}

/// What is known of a person that a password may be too much like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are Django's, and so are their meanings")]
pub enum Attribute {
    Username,
    FirstName,
    LastName,
    Email,
}

/// Why a password will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// It is like something that is known of its owner.
    #[error("The password is too similar to the {}.", .0.verbose_name())]
    TooSimilar(Attribute),
    /// It has fewer characters than it must have.
    #[error("This password is too short. It must contain at least {min_length} characters.")]
    TooShort {
        /// How many it must have.
        min_length: usize,
    },
    /// It is on the list.
    #[error("This password is too common.")]
    TooCommon,
    /// It has digits alone.
    #[error("This password is entirely numeric.")]
    EntirelyNumeric,
    /// It has more bytes than are ever hashed.
    #[error("This password is too long. It may have at most {max_length} bytes.")]
    TooLong {
        /// How many it may have.
        max_length: usize,
    },
}

impl Validator {
    /// All, in Django's order.
    pub const ALL: [Self; 4] = [Self::Similarity, Self::Length, Self::Common, Self::Numeric];

    /// What it finds, if anything.
    pub fn weakness(self, password: &str, person: Person<'_>, min_length: usize) -> Option<Weakness> {
        let found = |is_weak: bool, weakness| is_weak.then_some(weakness);
        match self {
            Self::Similarity => {
                let is_like =
                    |(_, text): &(Attribute, &str)| !text.is_empty() && similarity::is_similar(password, text);
                person.attributes().into_iter().find(is_like).map(|(attribute, _)| Weakness::TooSimilar(attribute))
            }
            Self::Length => found(password.chars().count() < min_length, Weakness::TooShort { min_length }),
            Self::Common => found(common::is_common(password), Weakness::TooCommon),
            Self::Numeric => found(is_numeric(password), Weakness::EntirelyNumeric),
        }
    }
}

fn is_numeric(password: &str) -> bool {
    !password.is_empty() && password.chars().all(python::is_digit)
}

impl<'a> Person<'a> {
    fn attributes(self) -> [(Attribute, &'a str); 4] {
        [
            (Attribute::Username, self.username),
            (Attribute::FirstName, self.first_name),
            (Attribute::LastName, self.last_name),
            (Attribute::Email, self.email),
        ]
    }
}

impl Attribute {
    /// What Django's `User` calls it.
    pub const fn verbose_name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::FirstName => "first name",
            Self::LastName => "last name",
            Self::Email => "email address",
        }
    }
}

impl Weakness {
    /// The messages of several, one after the other.
    pub(crate) fn tell_all(all: &[Self], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = all.iter().map(Self::to_string).collect();
        f.write_str(&all.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(password: &str, person: Person<'_>) -> Vec<String> {
        Validator::ALL.iter().filter_map(|one| one.weakness(password, person, 8)).map(|one| one.to_string()).collect()
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_in_django_s_order() {
        let person = Person { username: "alice", email: "12345@example.com", ..Person::default() };
        assert_eq!(
            found("12345", person),
            [
                "The password is too similar to the email address.",
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ]
        );
        assert_eq!(found("Str0ng-pass-77", person), [""; 0]);
    }

    #[test]
    fn the_first_attribute_that_is_like_it_is_named_alone() {
        let person = Person { username: "x", first_name: "janedoe99", last_name: "janedoe99", email: "" };
        assert_eq!(found("JaneDoe99", person), ["The password is too similar to the first name."]);
    }
}
