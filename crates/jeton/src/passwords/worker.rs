//! The hands of one hashing thread: the functions themselves and the memory they are given.

use std::hint::black_box;

use argon2::{Argon2, Block, Params};
use zeroize::Zeroizing;

use super::argon2::{Recipe, Variety};
use super::cost::{Argon2Cost, BcryptCost, Cost, Iterations, ScryptCost};

/// What one thread works with. Its memory is kept from one hash to the next, which saves argon2 a third of its time.
pub(super) struct Worker {
    blocks: Vec<Block>,
    kept: usize,
    #[cfg(test)]
    pub(super) spent: std::sync::Arc<Spent>,
}

/// The machine had no memory for a hash.
#[derive(Debug)]
pub(super) struct OutOfMemory;

impl Worker {
    /// A worker that keeps memory for hashes of this cost; what a larger one needs is given back after it.
    pub(super) fn new(keep: Argon2Cost) -> Self {
        Self {
            blocks: Vec::new(),
            kept: keep.memory() as usize,
            #[cfg(test)]
            spent: std::sync::Arc::default(),
        }
    }

    pub(super) fn pbkdf2_sha256(&self, password: &[u8], salt: &[u8], iterations: Iterations) -> [u8; 32] {
        #[cfg(test)]
        self.spent.add(Cost::Pbkdf2Sha256(iterations));
        pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, 32>(password, salt, iterations.get())
    }

    pub(super) fn pbkdf2_sha1(&self, password: &[u8], salt: &[u8], iterations: Iterations) -> [u8; 20] {
        #[cfg(test)]
        self.spent.add(Cost::Pbkdf2Sha1(iterations));
        pbkdf2::pbkdf2_hmac_array::<sha1::Sha1, 20>(password, salt, iterations.get())
    }

    /// Of the password and the zero that ends it, the first 72 bytes count.
    pub(super) fn bcrypt(&self, password: &[u8], salt: [u8; 16], cost: BcryptCost) -> [u8; 23] {
        #[cfg(test)]
        self.spent.add(Cost::Bcrypt(cost));
        let key: Zeroizing<Vec<u8>> = Zeroizing::new(password.iter().copied().chain([0]).take(72).collect());
        let hash = bcrypt::bcrypt(cost.logarithm(), salt, &key);
        let [kept @ .., _] = hash;
        kept
    }

    /// Takes its memory only for this call. The crate would end the process where there is none, so it is asked for
    /// beforehand.
    pub(super) fn scrypt(&self, password: &[u8], salt: &[u8], cost: ScryptCost) -> Result<[u8; 64], OutOfMemory> {
        #[cfg(test)]
        self.spent.add(Cost::Scrypt(cost));
        let memory = usize::try_from(cost.memory()).map_err(|_| OutOfMemory)?;
        Vec::<u8>::new().try_reserve_exact(memory).map_err(|_| OutOfMemory)?;
        let params = scrypt::Params::new(cost.log_n(), cost.r(), cost.p()).expect("a ScryptCost is in scrypt's bounds");
        let mut hash = [0; 64];
        scrypt::scrypt(password, salt, &params, &mut hash).expect("64 bytes can be asked for");
        Ok(hash)
    }

    /// Works as a check of this cost does, for nothing.
    pub(super) fn spend(&mut self, password: &str, salt: [u8; 16], cost: Cost) -> Result<(), OutOfMemory> {
        let password = password.as_bytes();
        match cost {
            Cost::Pbkdf2Sha1(iterations) => {
                black_box(self.pbkdf2_sha1(password, &salt, iterations));
            }
            Cost::Pbkdf2Sha256(iterations) => {
                black_box(self.pbkdf2_sha256(password, &salt, iterations));
            }
            Cost::Argon2(cost) => {
                let mut hash = [0; 32];
                self.argon2(password, &salt, Recipe::new(cost), &mut hash)?;
                black_box(hash);
            }
            Cost::Bcrypt(cost) => {
                black_box(self.bcrypt(password, salt, cost));
            }
            Cost::Scrypt(cost) => {
                black_box(self.scrypt(password, &salt, cost)?);
            }
        }
        Ok(())
    }

    /// Fills `out`, which must be 4 bytes or more; the salt must have at least 8.
    pub(super) fn argon2(
        &mut self,
        password: &[u8],
        salt: &[u8],
        recipe: Recipe,
        out: &mut [u8],
    ) -> Result<(), OutOfMemory> {
        #[cfg(test)]
        self.spent.add(Cost::Argon2(recipe.cost));
        let cost = recipe.cost;
        let params = Params::new(cost.memory(), cost.time(), cost.lanes(), Some(out.len()))
            .expect("an Argon2Cost is in argon2's bounds, and a stored hash of under 4 bytes is not read");
        let algorithm = match recipe.variety {
            Variety::Argon2d => argon2::Algorithm::Argon2d,
            Variety::Argon2i => argon2::Algorithm::Argon2i,
            Variety::Argon2id => argon2::Algorithm::Argon2id,
        };
        self.reserve(params.block_count())?;
        Argon2::new(algorithm, recipe.version, params)
            .hash_password_into_with_memory(password, salt, out, &mut self.blocks[..])
            .expect("the blocks were reserved, and a stored salt of under 8 bytes is not read");
        if self.blocks.len() > self.kept {
            self.blocks.truncate(self.kept);
            self.blocks.shrink_to_fit();
        }
        Ok(())
    }

    fn reserve(&mut self, blocks: usize) -> Result<(), OutOfMemory> {
        let missing = blocks.saturating_sub(self.blocks.len());
        self.blocks.try_reserve_exact(missing).map_err(|_| OutOfMemory)?;
        self.blocks.resize(self.blocks.len() + missing, Block::new());
        Ok(())
    }
}

/// Work done, counted so that tests can compare it without a clock.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct Spent(std::sync::Mutex<Work>);

/// Iterations, blocks and rounds, by algorithm.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) pbkdf2_sha1: u64,
    pub(super) pbkdf2_sha256: u64,
    pub(super) argon2: u64,
    pub(super) bcrypt: u64,
    pub(super) scrypt: u64,
}

#[cfg(test)]
impl Spent {
    fn add(&self, cost: Cost) {
        let mut work = self.0.lock().unwrap();
        match cost {
            Cost::Pbkdf2Sha1(iterations) => work.pbkdf2_sha1 += u64::from(iterations.get()),
            Cost::Pbkdf2Sha256(iterations) => work.pbkdf2_sha256 += u64::from(iterations.get()),
            Cost::Argon2(cost) => work.argon2 += u64::from(cost.memory()) * u64::from(cost.time()),
            Cost::Bcrypt(cost) => work.bcrypt += cost.rounds(),
            Cost::Scrypt(cost) => work.scrypt += cost.blocks(),
        }
    }

    /// The work since the last call.
    pub(super) fn take(&self) -> Work {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_kept_up_to_the_usual_cost_and_given_back_beyond() {
        let cost = |memory| Argon2Cost::new(memory, 1, 1).unwrap();
        let mut worker = Worker::new(cost(64));
        let hash = |worker: &mut Worker, memory| {
            let mut out = [0; 32];
            worker.argon2(b"password", b"salt salt", Recipe::new(cost(memory)), &mut out).unwrap();
            out
        };
        let first = hash(&mut worker, 32);
        assert_eq!(worker.blocks.len(), 32);
        hash(&mut worker, 64);
        assert_eq!(worker.blocks.len(), 64);
        hash(&mut worker, 1000);
        assert_eq!((worker.blocks.len(), worker.blocks.capacity()), (64, 64));
        assert_eq!(hash(&mut worker, 32), first, "used memory makes no difference to the hash");
    }
}
