//! Tokens that were verified before: a bounded memory of what a costly signature check found.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

/// What verified tokens were found to say, for the keys whose check costs more than a look-up.
///
/// A hit says that this very text was verified under the keys of today. It does not say that the token is still
/// good: expiry, type and the ledger are the caller's to check, each time.
///
/// ```
/// use jeton_token::cache::{Looked, VerifiedTokens};
///
/// let cache = VerifiedTokens::new(1024, [7, 9]);
/// let Looked::Miss(miss) = cache.look(b"a token") else { unreachable!() };
/// miss.keep("its claims");
/// assert!(matches!(cache.look(b"a token"), Looked::Hit("its claims")));
/// assert!(matches!(cache.look(b"A token"), Looked::Miss(_)));
/// cache.clear();
/// assert!(matches!(cache.look(b"a token"), Looked::Miss(_)));
/// ```
pub struct VerifiedTokens<V> {
    /// A token has its place in one of them, each under a lock of its own.
    sets: Box<[Mutex<Set<V>>]>,
    seed: SharedSeed,
    hasher_seed: u64,
    /// Counts the changes of keys.
    epoch: AtomicU64,
}

struct Set<V> {
    places: [Option<Place<V>>; WAYS],
    /// Where the search for someone to make room goes on.
    hand: usize,
}

struct Place<V> {
    hash: u64,
    text: Box<[u8]>,
    value: V,
    /// Asked for since the hand last came by.
    wanted: bool,
}

/// What the memory says of a token.
///
/// ```
/// use jeton_token::cache::{Looked, VerifiedTokens};
///
/// let cache: VerifiedTokens<u8> = VerifiedTokens::new(1000, [7, 9]);
/// match cache.look(b"a token") {
///     Looked::Hit(claims) => assert_eq!(claims, 5),
///     Looked::Miss(miss) => miss.keep(5),
/// }
/// ```
#[derive(Debug)]
pub enum Looked<'c, V> {
    /// It was verified before; this is what was kept.
    Hit(V),
    /// It is not known: verify it, then tell.
    Miss(Miss<'c, V>),
}

/// A token that is not known. It belongs to the keys of the moment when it was looked for: after a change of keys
/// nothing is kept.
///
/// ```
/// use jeton_token::cache::{Looked, VerifiedTokens};
///
/// let cache: VerifiedTokens<u8> = VerifiedTokens::new(1000, [7, 9]);
/// let Looked::Miss(miss) = cache.look(b"a token") else { unreachable!() };
/// cache.clear();
/// miss.keep(5);
/// assert!(matches!(cache.look(b"a token"), Looked::Miss(_)));
/// ```
pub struct Miss<'c, V> {
    cache: &'c VerifiedTokens<V>,
    text: &'c [u8],
    hash: u64,
    epoch: u64,
}

impl<V: Clone> VerifiedTokens<V> {
    /// Room for `bound` tokens, rounded up to what fills whole sets; the random seeds keep places from being guessed.
    ///
    /// ```
    /// use jeton_token::cache::VerifiedTokens;
    ///
    /// let cache: VerifiedTokens<u8> = VerifiedTokens::new(1000, [7, 9]);
    /// assert_eq!(cache.bound(), 1024);
    /// ```
    pub fn new(bound: usize, random: [u64; 2]) -> Self {
        let sets = bound.div_ceil(WAYS).max(1).next_power_of_two();
        Self {
            sets: (0..sets).map(|_| Mutex::new(Set::new())).collect(),
            seed: SharedSeed::from_u64(random[0]),
            hasher_seed: random[1],
            epoch: AtomicU64::new(0),
        }
    }

    /// The most tokens that are kept at once.
    ///
    /// ```
    /// use jeton_token::cache::VerifiedTokens;
    ///
    /// assert_eq!(VerifiedTokens::<u8>::new(64, [7, 9]).bound(), 64);
    /// ```
    pub fn bound(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// Looks for a token by a keyed hash over its whole text, then compares the whole text.
    ///
    /// ```
    /// use jeton_token::cache::{Looked, VerifiedTokens};
    ///
    /// let cache: VerifiedTokens<u8> = VerifiedTokens::new(1000, [7, 9]);
    /// assert!(matches!(cache.look(b"a token"), Looked::Miss(_)));
    /// ```
    pub fn look<'c>(&'c self, text: &'c [u8]) -> Looked<'c, V> {
        self.look_if(text, |_| true)
    }

    /// As [`look`](Self::look), where what was kept may have become worthless: it counts only if it is `current`, and
    /// makes room for what is kept of the same token next.
    ///
    /// ```
    /// use jeton_token::cache::{Looked, VerifiedTokens};
    ///
    /// let cache = VerifiedTokens::new(1024, [7, 9]);
    /// for key in ["old", "new"] {
    ///     let Looked::Miss(miss) = cache.look_if(b"a token", |by| *by == key) else { unreachable!() };
    ///     miss.keep(key);
    /// }
    /// assert!(matches!(cache.look(b"a token"), Looked::Hit("new")));
    /// ```
    pub fn look_if<'c>(&'c self, text: &'c [u8], current: impl FnOnce(&V) -> bool) -> Looked<'c, V> {
        let epoch = self.epoch.load(Ordering::Acquire);
        let hash = self.hash(text);
        let found = self.set(hash).find(hash, text).filter(current);
        found.map_or(Looked::Miss(Miss { cache: self, text, hash, epoch }), Looked::Hit)
    }

    /// Forgets everything, also what is being verified at this moment: for a change of keys.
    ///
    /// ```
    /// use jeton_token::cache::{Looked, VerifiedTokens};
    ///
    /// let cache: VerifiedTokens<u8> = VerifiedTokens::new(1000, [7, 9]);
    /// if let Looked::Miss(miss) = cache.look(b"a token") {
    ///     miss.keep(5);
    /// }
    /// cache.clear();
    /// assert!(matches!(cache.look(b"a token"), Looked::Miss(_)));
    /// ```
    pub fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for set in &self.sets {
            let old = std::mem::replace(&mut *lock(set), Set::new());
            drop(old);
        }
    }

    fn hash(&self, text: &[u8]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.hasher_seed, &self.seed);
        hasher.write(text);
        hasher.finish()
    }

    fn set(&self, hash: u64) -> MutexGuard<'_, Set<V>> {
        lock(&self.sets[hash as usize & (self.sets.len() - 1)])
    }
}

impl<V: Clone> Miss<'_, V> {
    /// Keeps what the token was found to say. Only for tokens that were verified, each bit of them.
    ///
    /// ```
    /// use jeton_token::cache::{Looked, VerifiedTokens};
    ///
    /// let cache: VerifiedTokens<u8> = VerifiedTokens::new(1000, [7, 9]);
    /// if let Looked::Miss(miss) = cache.look(b"a token") {
    ///     miss.keep(5);
    /// }
    /// assert!(matches!(cache.look(b"a token"), Looked::Hit(5)));
    /// ```
    pub fn keep(self, value: V) {
        let place = Place { hash: self.hash, text: self.text.into(), value, wanted: false };
        let mut set = self.cache.set(self.hash);
        // Under the lock: a change of keys that comes later will clear this set after us.
        if self.cache.epoch.load(Ordering::Acquire) == self.epoch {
            set.keep(place);
        }
    }
}

impl<V: Clone> Set<V> {
    fn new() -> Self {
        Self { places: [const { None }; WAYS], hand: 0 }
    }

    fn find(&mut self, hash: u64, text: &[u8]) -> Option<V> {
        let place = self.places.iter_mut().flatten().find(|place| place.hash == hash && *place.text == *text)?;
        place.wanted = true;
        Some(place.value.clone())
    }

    /// Takes the place of the same token, else a free one, else the first that nobody asked for since the last round.
    fn keep(&mut self, new: Place<V>) {
        let same = |place: &Place<V>| place.hash == new.hash && place.text == new.text;
        let known = self.places.iter().position(|place| place.as_ref().is_some_and(same));
        let at = known.or_else(|| self.places.iter().position(Option::is_none)).unwrap_or_else(|| self.make_room());
        self.places[at] = Some(new);
    }

    fn make_room(&mut self) -> usize {
        loop {
            let at = self.hand;
            self.hand = (self.hand + 1) % WAYS;
            match &mut self.places[at] {
                Some(place) if place.wanted => place.wanted = false,
                Some(_) | None => return at,
            }
        }
    }
}

/// A panic while a set was locked left it whole: each change of it is one assignment.
fn lock<V>(set: &Mutex<Set<V>>) -> MutexGuard<'_, Set<V>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V> std::fmt::Debug for VerifiedTokens<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedTokens(at most {})", self.sets.len() * WAYS)
    }
}

impl<V> std::fmt::Debug for Miss<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Miss(…)")
    }
}

/// Tokens in one set.
const WAYS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(bound: usize) -> VerifiedTokens<usize> {
        VerifiedTokens::new(bound, [0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210])
    }

    fn keep(cache: &VerifiedTokens<usize>, text: &[u8], value: usize) {
        match cache.look(text) {
            Looked::Miss(miss) => miss.keep(value),
            Looked::Hit(_) => panic!("{text:?} is known"),
        }
    }

    fn find(cache: &VerifiedTokens<usize>, text: &[u8]) -> Option<usize> {
        match cache.look(text) {
            Looked::Hit(value) => Some(value),
            Looked::Miss(_) => None,
        }
    }

    fn kept(cache: &VerifiedTokens<usize>) -> usize {
        cache.sets.iter().map(|set| lock(set).places.iter().flatten().count()).sum()
    }

    fn token(number: usize) -> Vec<u8> {
        format!("{number:0>200}").into_bytes()
    }

    #[test]
    fn a_token_that_differs_in_one_bit_is_another() {
        let cache = cache(1024);
        let token: Vec<u8> = (0..228).map(|index| b'A' + index % 26).collect();
        keep(&cache, &token, 1);
        assert_eq!(find(&cache, &token), Some(1));
        for bit in 0..token.len() * 8 {
            let mut other = token.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(find(&cache, &other), None, "{bit}");
        }
        for end in 0..token.len() {
            assert_eq!(find(&cache, &token[..end]), None, "{end}");
        }
        assert_eq!(find(&cache, &[&token[..], b"A"].concat()), None);
    }

    #[test]
    fn equal_hashes_are_told_apart_by_the_text() {
        let mut set = Set::new();
        for (value, text) in [b"one", b"two"].into_iter().enumerate() {
            set.keep(Place { hash: 5, text: text[..].into(), value, wanted: false });
        }
        assert_eq!((set.find(5, b"one"), set.find(5, b"two"), set.find(5, b"six")), (Some(0), Some(1), None));
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        for (bound, room) in [(0, 4), (1, 4), (64, 64), (65, 128), (1000, 1024)] {
            let cache = cache(bound);
            assert_eq!(cache.bound(), room);
            for number in 0..5_000 {
                keep(&cache, &token(number), number);
                assert_eq!(find(&cache, &token(number)), Some(number));
            }
            assert_eq!(kept(&cache), room);
        }
    }

    #[test]
    fn a_token_that_is_asked_for_outlives_those_that_are_not() {
        let cache = cache(64);
        keep(&cache, b"often", 0);
        for number in 1..10_000 {
            assert_eq!(find(&cache, b"often"), Some(0));
            keep(&cache, &token(number), number);
        }
        assert_eq!(find(&cache, b"often"), Some(0));
    }

    #[test]
    fn one_token_has_one_place() {
        let cache = cache(4);
        let (Looked::Miss(first), Looked::Miss(second)) = (cache.look(b"token"), cache.look(b"token")) else {
            panic!("not yet known");
        };
        first.keep(1);
        second.keep(2);
        assert_eq!((find(&cache, b"token"), kept(&cache)), (Some(2), 1));
    }

    #[test]
    fn a_change_of_keys_forgets_what_was_kept_and_what_was_about_to_be() {
        let cache = cache(64);
        for number in 0..64 {
            keep(&cache, &token(number), number);
        }
        let Looked::Miss(late) = cache.look(b"late") else { panic!("not yet known") };
        cache.clear();
        late.keep(1);
        assert_eq!(kept(&cache), 0);
        keep(&cache, b"late", 2);
        assert_eq!(find(&cache, b"late"), Some(2));
    }

    #[test]
    fn places_depend_on_the_seeds() {
        let one = cache(1024).hash(b"token");
        assert_ne!(one, VerifiedTokens::<()>::new(1024, [1, 2]).hash(b"token"));
        assert_ne!(one, VerifiedTokens::<()>::new(1024, [0x0123_4567_89ab_cdef, 2]).hash(b"token"));
    }

    #[test]
    fn many_threads_find_what_belongs_to_their_token() {
        let cache = cache(256);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let cache = &cache;
                scope.spawn(move || {
                    for round in 0..20_000 {
                        let number = (round * 7 + thread) % 600;
                        match cache.look(&token(number)) {
                            Looked::Hit(value) => assert_eq!(value, number),
                            Looked::Miss(miss) => miss.keep(number),
                        }
                        if round % 5_000 == 4_999 {
                            cache.clear();
                        }
                    }
                });
            }
        });
        assert!(kept(&cache) <= cache.bound());
    }
}
