//! Stored passwords as Django spells them: which kind they are, and the marks of one that nobody can use.

use super::cost::Cost;
use super::worker::{OutOfMemory, Worker};
use super::{argon2, bcrypt, pbkdf2, scrypt};
use crate::entropy::{Entropy, LETTERS_AND_DIGITS};

/// Whether the stored text does not say that it can match nothing (`!…`). Django calls an empty one usable too.
pub fn is_usable(stored: &str) -> bool {
    !stored.starts_with('!')
}

/// The part before the first `$`: `pbkdf2_sha256`, `argon2`, or whatever stands there.
pub fn algorithm(stored: &str) -> &str {
    stored.split_once('$').map_or(stored, |(name, _)| name)
}

/// A stored text that no password matches: `!` and 40 random characters, so that no two are alike.
pub fn make_unusable(entropy: &Entropy) -> String {
    format!("!{}", entropy.text(40, LETTERS_AND_DIGITS))
}

/// A new salt: 22 characters, 130 bits.
pub(super) fn salt(entropy: &Entropy) -> String {
    entropy.text(SALT, LETTERS_AND_DIGITS)
}

/// Whether a salt of so many characters has under 128 bits, at 5.95 bits each.
pub(super) fn salt_is_short(characters: usize) -> bool {
    characters < SALT
}

/// A cost as its hashers write it: without sign and without leading zeros.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let minimal = text == "0" || !text.starts_with(['0', '+']);
    if minimal { text.parse().ok() } else { None }
}

/// A stored password that can be checked.
#[derive(Debug)]
pub(super) enum Encoded<'a> {
    Pbkdf2(pbkdf2::Stored<'a>),
    Argon2(argon2::Stored),
    Bcrypt(bcrypt::Stored<'a>),
    Scrypt(scrypt::Stored<'a>),
}

impl<'a> Encoded<'a> {
    /// `None` for what can match nothing: unusable, of an unknown kind, or not as Django writes it.
    pub(super) fn parse(stored: &'a str) -> Option<Self> {
        if stored.len() > MAX_STORED {
            return None;
        }
        let (name, rest) = stored.split_once('$')?;
        match name {
            pbkdf2::NAME => pbkdf2::Stored::parse(pbkdf2::Digest::Sha256, rest).map(Self::Pbkdf2),
            pbkdf2::NAME_SHA1 => pbkdf2::Stored::parse(pbkdf2::Digest::Sha1, rest).map(Self::Pbkdf2),
            argon2::NAME => argon2::Stored::parse(rest).map(Self::Argon2),
            bcrypt::NAME => bcrypt::Stored::parse(bcrypt::Input::Password, rest).map(Self::Bcrypt),
            bcrypt::NAME_SHA256 => bcrypt::Stored::parse(bcrypt::Input::Sha256, rest).map(Self::Bcrypt),
            scrypt::NAME => scrypt::Stored::parse(rest).map(Self::Scrypt),
            _ => None,
        }
    }

    pub(super) fn cost(&self) -> Cost {
        match self {
            Self::Pbkdf2(stored) => match stored.digest {
                pbkdf2::Digest::Sha1 => Cost::Pbkdf2Sha1(stored.iterations),
                pbkdf2::Digest::Sha256 => Cost::Pbkdf2Sha256(stored.iterations),
            },
            Self::Argon2(stored) => Cost::Argon2(stored.recipe.cost),
            Self::Bcrypt(stored) => Cost::Bcrypt(stored.cost),
            Self::Scrypt(stored) => Cost::Scrypt(stored.cost),
        }
    }

    pub(super) fn matches(&self, worker: &mut Worker, password: &str) -> Result<bool, OutOfMemory> {
        match self {
            Self::Pbkdf2(stored) => Ok(stored.matches(worker, password)),
            Self::Argon2(stored) => stored.matches(worker, password),
            Self::Bcrypt(stored) => Ok(stored.matches(worker, password)),
            Self::Scrypt(stored) => stored.matches(worker, password),
        }
    }
}

const SALT: usize = 22;
/// Django's column holds 128 characters; nothing longer than this is anybody's hash.
const MAX_STORED: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exclamation_mark_makes_a_password_unusable() {
        assert!(!is_usable("!"));
        assert!(!is_usable("!argon2$argon2id$v=19$m=64,t=2,p=2$c2FsdHNhbHQ$aGFzaA"));
        assert!(is_usable("") && is_usable("argon2") && is_usable("nonsense"));
    }

    #[test]
    fn the_algorithm_is_what_stands_before_the_first_dollar() {
        assert_eq!(algorithm("pbkdf2_sha256$1$salt$hash"), "pbkdf2_sha256");
        assert_eq!(algorithm("bcrypt_sha256$$2b$12$rest"), "bcrypt_sha256");
        assert_eq!(algorithm("$x"), "");
        assert_eq!(algorithm("!abc"), "!abc");
        assert_eq!(algorithm(""), "");
    }

    #[test]
    fn unusable_passwords_are_forty_one_characters_and_never_alike() {
        let entropy = Entropy::seeded(3);
        let (first, second) = (make_unusable(&entropy), make_unusable(&entropy));
        assert_eq!(first.len(), 41);
        assert!(!is_usable(&first) && first[1..].chars().all(|letter| letter.is_ascii_alphanumeric()));
        assert_ne!(first, second);
    }

    #[test]
    fn what_is_not_as_django_writes_it_is_not_read() {
        for stored in ["", "!", "!abc", "$", "$$$", "argon2", "argon2$", "pbkdf2_sha256$", "pbkdf2_sha256$1$$x"] {
            assert!(Encoded::parse(stored).is_none(), "{stored}");
        }
        for kind in ["md5", "sha1", "unsalted_md5", "pbkdf2_sha512", "Argon2", "bcrypt_sha1", "Scrypt", "bcrypt"] {
            assert!(Encoded::parse(&format!("{kind}$1$saltsaltsalt$aGFzaGhhc2g=")).is_none(), "{kind}");
        }
        let long = format!("pbkdf2_sha256$1${}$x", "s".repeat(MAX_STORED));
        assert!(Encoded::parse(&long).is_none());
    }
}
