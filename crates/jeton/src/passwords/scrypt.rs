//! `scrypt$N$SALT$R$P$BASE64`. Only checked.

use base64::prelude::{BASE64_STANDARD, Engine};
use subtle::ConstantTimeEq;

use super::cost::ScryptCost;
use super::encoded::decimal;
use super::worker::{OutOfMemory, Worker};

pub(super) const NAME: &str = "scrypt";

/// A stored hash, read.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) cost: ScryptCost,
    salt: &'a str,
    hash: &'a str,
}

impl<'a> Stored<'a> {
    /// Reads what follows `scrypt$`. The salt comes after the first cost; a seventh field makes it nobody's hash.
    pub(super) fn parse(fields: &'a str) -> Option<Self> {
        let mut fields = fields.split('$');
        let (n, salt) = (decimal(fields.next()?)?, fields.next()?);
        let (r, p) = (decimal(fields.next()?)?, decimal(fields.next()?)?);
        let hash = fields.next()?;
        if fields.next().is_some() || salt.is_empty() {
            return None;
        }
        Some(Self { cost: ScryptCost::new(n, r, p)?, salt, hash })
    }

    /// Whether the password is this one. Texts are compared, as Django does.
    pub(super) fn matches(&self, worker: &Worker, password: &str) -> Result<bool, OutOfMemory> {
        let candidate = worker.scrypt(password.as_bytes(), self.salt.as_bytes(), self.cost)?;
        Ok(BASE64_STANDARD.encode(candidate).as_bytes().ct_eq(self.hash.as_bytes()).into())
    }
}
