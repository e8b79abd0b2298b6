//! `argon2$argon2id$v=19$m=MEMORY,t=TIME,p=LANES$SALT$HASH`: argon2's own text behind Django's prefix.

use argon2::Version;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
use subtle::ConstantTimeEq;

use super::cost::Argon2Cost;
use super::encoded::{decimal, salt_is_short};
use super::worker::{OutOfMemory, Worker};

pub(super) const NAME: &str = "argon2";

/// Everything but password and salt that decides the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    pub(super) variety: Variety,
    pub(super) version: Version,
    pub(super) cost: Argon2Cost,
}

/// How argon2 chooses its blocks. New hashes are argon2id; the others are only checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variety {
    Argon2d,
    Argon2i,
    Argon2id,
}

impl Recipe {
    /// What new hashes are made by.
    pub(super) fn new(cost: Argon2Cost) -> Self {
        Self { variety: Variety::Argon2id, version: Version::V0x13, cost }
    }
}

/// A stored hash, read.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) recipe: Recipe,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    /// Reads what follows `argon2$`, as strictly as the reference implementation of argon2: parameters in their
    /// order, minimal decimals, unpadded base64 without stray bits. Only the version may be absent, which means 16.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (variety, rest) = text.split_once('$')?;
        let variety = match variety {
            "argon2d" => Variety::Argon2d,
            "argon2i" => Variety::Argon2i,
            "argon2id" => Variety::Argon2id,
            _ => return None,
        };
        let (version, rest) = match rest.strip_prefix("v=") {
            None => (Version::V0x10, rest),
            Some(versioned) => {
                let (version, rest) = versioned.split_once('$')?;
                (Version::try_from(decimal(version)?).ok()?, rest)
            }
        };
        let (cost, rest) = rest.split_once('$')?;
        let (salt, hash) = rest.split_once('$')?;
        let salt = BASE64_STANDARD_NO_PAD.decode(salt).ok().filter(|salt| salt.len() >= argon2::MIN_SALT_LEN)?;
        let hash = BASE64_STANDARD_NO_PAD.decode(hash).ok().filter(|hash| hash.len() >= MIN_HASH)?;
        Some(Self { recipe: Recipe { variety, version, cost: parse_cost(cost)? }, salt, hash })
    }

    pub(super) fn matches(&self, worker: &mut Worker, password: &str) -> Result<bool, OutOfMemory> {
        let mut candidate = vec![0; self.hash.len()];
        worker.argon2(password.as_bytes(), &self.salt, self.recipe, &mut candidate)?;
        Ok(candidate.ct_eq(&self.hash).into())
    }

    pub(super) fn is_stale(&self, preferred: Argon2Cost) -> bool {
        self.recipe != Recipe::new(preferred) || self.hash.len() != HASH || salt_is_short(self.salt.len())
    }
}

/// The text to store. Django gives argon2 the salt's characters, so the salt's field is base64 of its text.
pub(super) fn encode(worker: &mut Worker, password: &str, salt: &str, cost: Argon2Cost) -> Result<String, OutOfMemory> {
    let mut hash = [0; HASH];
    worker.argon2(password.as_bytes(), salt.as_bytes(), Recipe::new(cost), &mut hash)?;
    let (memory, time, lanes) = (cost.memory(), cost.time(), cost.lanes());
    let (salt, hash) = (BASE64_STANDARD_NO_PAD.encode(salt), BASE64_STANDARD_NO_PAD.encode(hash));
    Ok(format!("{NAME}$argon2id$v=19$m={memory},t={time},p={lanes}${salt}${hash}"))
}

fn parse_cost(text: &str) -> Option<Argon2Cost> {
    let (memory, rest) = text.strip_prefix("m=")?.split_once(",t=")?;
    let (time, lanes) = rest.split_once(",p=")?;
    Argon2Cost::new(decimal(memory)?, decimal(time)?, decimal(lanes)?).ok()
}

/// Bytes of a new hash.
const HASH: usize = 32;
/// The shortest hash that argon2 makes.
const MIN_HASH: usize = 4;
