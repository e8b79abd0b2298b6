//! `bcrypt$$2b$COST$SALT…HASH` and `bcrypt_sha256$$2b$…`: bcrypt's own text behind Django's name. Only checked.

use std::fmt::Write;

use base64::alphabet;
use base64::engine::Engine;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::cost::BcryptCost;
use super::worker::Worker;

pub(super) const NAME: &str = "bcrypt";
pub(super) const NAME_SHA256: &str = "bcrypt_sha256";

/// What bcrypt is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The password itself, of which bcrypt reads 72 bytes.
    Password,
    /// The 64 hexadecimal digits of its SHA-256, so that all of a long password counts.
    Sha256,
}

/// A stored hash, read.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) cost: BcryptCost,
    input: Input,
    salt: [u8; 16],
    hash: &'a str,
}

impl<'a> Stored<'a> {
    /// Reads what follows `bcrypt$` or `bcrypt_sha256$`, as strictly as the reference compares: two digits of cost, a
    /// salt without stray bits. All four versions name what is today one function.
    pub(super) fn parse(input: Input, text: &'a str) -> Option<Self> {
        let rest = VERSIONS.iter().find_map(|version| text.strip_prefix(version))?;
        let (cost, rest) = rest.split_once('$')?;
        let two_digits = cost.len() == 2 && cost.bytes().all(|digit| digit.is_ascii_digit());
        let cost = if two_digits { BcryptCost::new(cost.parse().ok()?)? } else { return None };
        let (salt, hash) = rest.split_at_checked(SALT_LETTERS)?;
        let salt = LETTERS.decode(salt).ok()?.try_into().ok()?;
        (hash.len() == HASH_LETTERS).then_some(Self { cost, input, salt, hash })
    }

    /// Whether the password is this one. Texts are compared, as Django does.
    pub(super) fn matches(&self, worker: &Worker, password: &str) -> bool {
        let hash = match self.input {
            Input::Password => worker.bcrypt(password.as_bytes(), self.salt, self.cost),
            Input::Sha256 => worker.bcrypt(hex_sha256(password).as_bytes(), self.salt, self.cost),
        };
        LETTERS.encode(hash).as_bytes().ct_eq(self.hash.as_bytes()).into()
    }
}

fn hex_sha256(password: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in Sha256::digest(password) {
        write!(text, "{byte:02x}").expect("a String takes what is written to it");
    }
    text
}

/// bcrypt's base64: an alphabet of its own.
const LETTERS: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);
const VERSIONS: [&str; 4] = ["$2a$", "$2b$", "$2x$", "$2y$"];
const SALT_LETTERS: usize = 22;
const HASH_LETTERS: usize = 31;

#[cfg(test)]
mod tests {
    use super::super::cost::Argon2Cost;
    use super::*;

    const TEXT: &str = "$2b$04$abcdefghijKLMNOPQRS01uUijGV6Adfhxz7h47dXf2ESznbKYY/NW";

    #[test]
    fn letters_beyond_ascii_are_refused_wherever_they_stand_and_however_wide_they_are() {
        let worker = Worker::new(Argon2Cost::default());
        assert!(Stored::parse(Input::Password, TEXT).unwrap().matches(&worker, "pw"));
        for letter in ["é", "한", "🔑"] {
            for place in 0..TEXT.len() {
                for end in [place, place + 1, place + letter.len()] {
                    let Some(rest) = TEXT.get(end..) else { continue };
                    let odd = format!("{}{letter}{rest}", &TEXT[..place]);
                    let lets_in = Stored::parse(Input::Password, &odd).is_some_and(|odd| odd.matches(&worker, "pw"));
                    assert!(!lets_in, "{odd}");
                }
            }
        }
    }

    #[test]
    fn the_digest_is_given_as_lower_case_hexadecimal_digits() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(*hex_sha256("abc"), digest);
    }
}
