//! The hands of one hashing thread: the functions themselves and the memory they are given.

use argon2::{Argon2, Block, Params};

use super::argon2::{Recipe, Variety};
use super::cost::{Argon2Cost, Iterations};

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
        self.spent.add_pbkdf2(iterations);
        pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, 32>(password, salt, iterations.get())
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
        self.spent.add_argon2(recipe.cost);
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
pub(super) struct Spent {
    iterations: std::sync::atomic::AtomicU64,
    passes: std::sync::atomic::AtomicU64,
}

#[cfg(test)]
impl Spent {
    fn add_pbkdf2(&self, iterations: Iterations) {
        self.iterations.fetch_add(u64::from(iterations.get()), std::sync::atomic::Ordering::SeqCst);
    }

    fn add_argon2(&self, cost: Argon2Cost) {
        let blocks = u64::from(cost.memory()) * u64::from(cost.time());
        self.passes.fetch_add(blocks, std::sync::atomic::Ordering::SeqCst);
    }

    /// Iterations of PBKDF2 and blocks of argon2 since the last call.
    pub(super) fn take(&self) -> (u64, u64) {
        let order = std::sync::atomic::Ordering::SeqCst;
        (self.iterations.swap(0, order), self.passes.swap(0, order))
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
