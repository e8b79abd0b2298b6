//! Randomness, and the one room where it is drawn.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// Where random bytes come from: the system, or a test's own seed.
///
/// ```
/// use jeton::entropy::{Entropy, LETTERS_AND_DIGITS};
///
/// let entropy = Entropy::system();
/// let key: [u8; 32] = entropy.bytes();
/// assert_ne!(key, [0; 32]);
/// assert_eq!(entropy.text(22, LETTERS_AND_DIGITS).len(), 22);
/// ```
#[derive(Clone, Default)]
pub struct Entropy(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

/// `a-zA-Z0-9`, 5.95 bits a character: what Django makes its salts and random texts from.
pub const LETTERS_AND_DIGITS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

impl Entropy {
    /// The thread's cryptographic generator, seeded by the operating system.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A generator that gives the same values for the same seed, shared by its clones. For tests: a seed of 64 bits
    /// is guessable.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// So many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.draw(|generator| generator.fill_bytes(&mut bytes));
        bytes
    }

    /// So many characters of `alphabet`, each as likely as any other; none if the alphabet has none.
    pub fn text(&self, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        if letters.is_empty() {
            return String::new();
        }
        let mut text = String::with_capacity(length);
        self.draw(|generator| {
            text.extend((0..length).map(|_| letters[generator.random_range(0..letters.len())]));
        });
        text
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn draw(&self, take: impl FnOnce(&mut dyn Rng)) {
        match &self.0 {
            Source::System => take(&mut rand::rng()),
            Source::Seeded(generator) => take(&mut *generator.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Source::System => "Entropy::system",
            Source::Seeded(_) => "Entropy::seeded",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_clones_share_it() {
        let (first, second) = (Entropy::seeded(7), Entropy::seeded(7));
        let copy = first.clone();
        assert_eq!(first.bytes::<16>(), second.bytes::<16>());
        assert_eq!(copy.bytes::<16>(), second.bytes::<16>());
        assert_eq!(first.text(40, LETTERS_AND_DIGITS), second.text(40, LETTERS_AND_DIGITS));
        assert_ne!(first.bytes::<16>(), Entropy::seeded(8).bytes::<16>());
    }

    #[test]
    fn the_system_never_repeats_itself() {
        let entropy = Entropy::system();
        assert_ne!(entropy.bytes::<16>(), entropy.bytes::<16>());
    }

    #[test]
    fn text_uses_the_whole_alphabet_and_nothing_else() {
        let text = Entropy::seeded(1).text(20_000, LETTERS_AND_DIGITS);
        for letter in LETTERS_AND_DIGITS.chars() {
            let seen = text.chars().filter(|&other| other == letter).count();
            assert!((200..450).contains(&seen), "{letter} came {seen} times, 323 were due");
        }
        assert_eq!(text.len(), 20_000);
        assert_eq!(Entropy::seeded(1).text(5, "é"), "ééééé");
        assert_eq!(Entropy::seeded(1).text(5, ""), "");
    }
}
