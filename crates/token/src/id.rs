//! The `jti`: 32 hex digits that name the token's family, its kind and its generation.
//!
//! | bits | content |
//! |---|---|
//! | 0–39 | creation time of the family in 1/64 s since 1970: order only, never validity |
//! | 40–47, 52–63, 68–79 | family, random |
//! | 48–51, 64–65 | version `1000`, variant `10` (a UUIDv8) |
//! | 66–67 | kind: `00` refresh, `01` access, `10` sliding, `11` reserved |
//! | 80–127 | refresh: 16 zero bits, generation; access: low 12 bits of the generation, 36 random; sliding: zero |
//!
//! Whoever verifies tokens can see from a `jti` which tokens belong to one login, when that login was and how
//! often it was refreshed.

use std::fmt;

use crate::time::Timestamp;

/// The position of a refresh token in its family; the first is 0.
///
/// ```
/// use jeton_token::id::Generation;
///
/// assert!(Generation(0) < Generation(1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u32);

impl Generation {
    /// The one a rotation makes, or nothing at the maximum.
    ///
    /// ```
    /// use jeton_token::id::Generation;
    ///
    /// assert_eq!(Generation(0).next(), Some(Generation(1)));
    /// assert_eq!(Generation(u32::MAX).next(), None);
    /// ```
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The one it was made from, or nothing for the first.
    ///
    /// ```
    /// use jeton_token::id::Generation;
    ///
    /// assert_eq!(Generation(1).previous(), Some(Generation(0)));
    /// assert_eq!(Generation(0).previous(), None);
    /// ```
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// What an access token can carry of it.
    ///
    /// ```
    /// use jeton_token::id::Generation;
    ///
    /// assert_eq!(Generation(0x1_2345).low_bits(), 0x345);
    /// ```
    pub fn low_bits(self) -> u16 {
        (self.0 & 0xFFF) as u16
    }
}

/// The name of a family: bits 0–79 of its tokens' `jti` with the kind cleared. Sorts by creation time.
///
/// ```
/// use jeton_token::id::FamilyKey;
/// use jeton_token::time::Timestamp;
///
/// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), [7; 4]);
/// assert_eq!(FamilyKey::from_bytes(key.as_bytes()), Some(key));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyKey([u8; 10]);

impl FamilyKey {
    /// A key for a family made at `created`, told from its twins by 32 random bits.
    ///
    /// ```
    /// use jeton_token::id::FamilyKey;
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// let later = FamilyKey::new(Timestamp::from_seconds(1_700_000_001), *b"rand");
    /// assert!(key < later);
    /// ```
    pub fn new(created: Timestamp, random: [u8; 4]) -> Self {
        let ticks = (created.micros().max(0) as u128 * 64 / 1_000_000) as u64;
        let time = ticks.to_be_bytes();
        let mut key = [0; 10];
        key[..5].copy_from_slice(&time[3..]);
        key[5] = random[0];
        key[6] = VERSION | (random[1] & 0x0F);
        key[7] = random[2];
        key[8] = VARIANT | (random[1] >> 4);
        key[9] = random[3];
        Self(key)
    }

    /// From stored bytes; nothing if they are not a key.
    ///
    /// ```
    /// use jeton_token::id::FamilyKey;
    ///
    /// assert_eq!(FamilyKey::from_bytes(b"ten bytes!"), None, "no version, no variant");
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let key: [u8; 10] = bytes.try_into().ok()?;
        (key[6] & 0xF0 == VERSION && key[8] & 0xF0 == VARIANT).then_some(Self(key))
    }

    /// As stored.
    ///
    /// ```
    /// use jeton_token::id::FamilyKey;
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// assert_eq!(key.as_bytes()[..4], (1_700_000_000_u64 * 64).to_be_bytes()[3..7]);
    /// ```
    pub fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// The `jti` of the refresh token of this generation.
    ///
    /// ```
    /// use jeton_token::id::{FamilyKey, Generation};
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// assert!(key.refresh(Generation(3)).to_string().ends_with("000000000003"));
    /// ```
    pub fn refresh(self, generation: Generation) -> Jti {
        let mut tail = [0; 6];
        tail[2..].copy_from_slice(&generation.0.to_be_bytes());
        self.with(Kind::Refresh, tail)
    }

    /// A `jti` for an access token minted from the refresh token of this generation.
    ///
    /// ```
    /// use jeton_token::id::{FamilyKey, Generation, Member};
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// assert_eq!(key.access(Generation(3), *b"dice!").member(), Member::Access(3));
    /// ```
    pub fn access(self, generation: Generation, random: [u8; 5]) -> Jti {
        let low = generation.low_bits().to_be_bytes();
        let tail = [
            (low[0] << 4) | (low[1] >> 4),
            (low[1] << 4) | (random[0] & 0x0F),
            random[1],
            random[2],
            random[3],
            random[4],
        ];
        self.with(Kind::Access, tail)
    }

    /// The `jti` of this family's sliding token.
    ///
    /// ```
    /// use jeton_token::id::{FamilyKey, Member};
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// assert_eq!(key.sliding().member(), Member::Sliding);
    /// ```
    pub fn sliding(self) -> Jti {
        self.with(Kind::Sliding, [0; 6])
    }

    fn with(self, kind: Kind, tail: [u8; 6]) -> Jti {
        let mut bytes = [0; 16];
        bytes[..10].copy_from_slice(&self.0);
        bytes[8] |= (kind as u8) << 4;
        bytes[10..].copy_from_slice(&tail);
        Jti(bytes)
    }
}

impl fmt::Display for FamilyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FamilyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FamilyKey({self})")
    }
}

/// A `jti` in our own layout. Anything else is foreign: see [`TokenId`].
///
/// ```
/// use jeton_token::id::{FamilyKey, Generation, Jti, Member};
/// use jeton_token::time::Timestamp;
///
/// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
/// let text = key.refresh(Generation(3)).to_string();
/// let jti = Jti::parse(&text).expect("our own layout");
/// assert_eq!(jti.family(), key);
/// assert_eq!(jti.member(), Member::Refresh(Generation(3)));
/// assert!(Jti::parse(&text.to_uppercase()).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jti([u8; 16]);

/// Which token of its family a `jti` belongs to.
///
/// ```
/// use jeton_token::id::{FamilyKey, Generation, Member};
/// use jeton_token::time::Timestamp;
///
/// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
/// match key.refresh(Generation(3)).member() {
///     Member::Refresh(generation) => assert_eq!(generation, Generation(3)),
///     Member::Access(_) | Member::Sliding => unreachable!(),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// The refresh token of this generation.
    Refresh(Generation),
    /// An access token, with the low 12 bits of the generation that it was minted from.
    Access(u16),
    /// The sliding token.
    Sliding,
}

impl Jti {
    /// Reads our own layout, exactly: lower case, version, variant, kind and zero bits.
    ///
    /// ```
    /// use jeton_token::id::Jti;
    ///
    /// assert!(Jti::parse("0123456789abcdef0123456789abcdef").is_none(), "32 digits, but of another layout");
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = (hex(pair[0])? << 4) | hex(pair[1])?;
        }
        let zero = match bytes[8] >> 4 & 0b11 {
            0b00 => &bytes[10..12],
            0b01 => &bytes[..0],
            0b10 => &bytes[10..],
            _ => return None,
        };
        let ours = bytes[6] & 0xF0 == VERSION && bytes[8] & 0xC0 == VARIANT;
        (ours && zero.iter().all(|&byte| byte == 0)).then_some(Self(bytes))
    }

    /// The family that the token descends from.
    ///
    /// ```
    /// use jeton_token::id::{FamilyKey, Generation};
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// assert_eq!(key.refresh(Generation(3)).family(), key.refresh(Generation(4)).family());
    /// ```
    pub fn family(&self) -> FamilyKey {
        let mut key = [0; 10];
        key.copy_from_slice(&self.0[..10]);
        key[8] &= 0xCF;
        FamilyKey(key)
    }

    /// Which token of the family it is.
    ///
    /// ```
    /// use jeton_token::id::{FamilyKey, Generation, Member};
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// assert_eq!(key.refresh(Generation(3)).member(), Member::Refresh(Generation(3)));
    /// ```
    pub fn member(&self) -> Member {
        let b = &self.0;
        match b[8] >> 4 & 0b11 {
            0b00 => Member::Refresh(Generation(u32::from_be_bytes([b[12], b[13], b[14], b[15]]))),
            0b01 => Member::Access(u16::from(b[10]) << 4 | u16::from(b[11] >> 4)),
            _ => Member::Sliding,
        }
    }
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jti({self})")
    }
}

/// The id of a refresh or sliding token as it was presented.
///
/// ```
/// use jeton_token::id::TokenId;
///
/// let id = "3fa85f6457174562b3fc2c963f66afa6";
/// assert_eq!(TokenId::parse(id), TokenId::Foreign(id.to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TokenId {
    /// A refresh token of one of our families.
    Refresh(FamilyKey, Generation),
    /// The sliding token of one of our families.
    Sliding(FamilyKey),
    /// Any other text: a token of Simple JWT's own making, for example.
    Foreign(String),
}

impl TokenId {
    /// Decides by layout alone, never by a look at the ledger.
    ///
    /// ```
    /// use jeton_token::id::{FamilyKey, Generation, TokenId};
    /// use jeton_token::time::Timestamp;
    ///
    /// let key = FamilyKey::new(Timestamp::from_seconds(1_700_000_000), *b"rand");
    /// let id = key.refresh(Generation(3)).to_string();
    /// assert_eq!(TokenId::parse(&id), TokenId::Refresh(key, Generation(3)));
    /// ```
    pub fn parse(text: &str) -> Self {
        match Jti::parse(text).map(|jti| (jti.family(), jti.member())) {
            Some((family, Member::Refresh(generation))) => Self::Refresh(family, generation),
            Some((family, Member::Sliding)) => Self::Sliding(family),
            Some((_, Member::Access(_))) | None => Self::Foreign(text.to_owned()),
        }
    }
}

enum Kind {
    Refresh = 0b00,
    Access = 0b01,
    Sliding = 0b10,
}

const VERSION: u8 = 0x80;
const VARIANT: u8 = 0x80;

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> FamilyKey {
        FamilyKey::new(Timestamp::from_seconds(1_763_676_000), [0xAB, 0xCD, 0xEF, 0x12])
    }

    #[test]
    fn every_member_names_its_family() {
        let key = key();
        for (jti, member) in [
            (key.refresh(Generation(0)), Member::Refresh(Generation(0))),
            (key.refresh(Generation(u32::MAX)), Member::Refresh(Generation(u32::MAX))),
            (key.access(Generation(0x1ABC), [0xFF; 5]), Member::Access(0xABC)),
            (key.sliding(), Member::Sliding),
        ] {
            let read = Jti::parse(&jti.to_string()).expect("our layout");
            assert_eq!((read, read.family(), read.member()), (jti, key, member));
        }
    }

    #[test]
    fn uuid4_hex_is_foreign() {
        for text in [
            "0123456789ab4def8123456789abcdef",
            "ffffffffffffffffffffffffffffffff",
            "00000000000000000000000000000bl2",
            "",
            "jti",
        ] {
            assert_eq!(TokenId::parse(text), TokenId::Foreign(text.to_owned()));
        }
    }

    #[test]
    fn one_changed_bit_of_the_fixed_ones_makes_it_foreign() {
        let jti = key().refresh(Generation(1));
        let fixed = (48..52).chain(64..66).chain(80..96);
        for bit in fixed {
            let mut bytes = jti.0;
            bytes[bit / 8] ^= 0x80 >> (bit % 8);
            assert!(Jti::parse(&Jti(bytes).to_string()).is_none(), "bit {bit}");
        }
        let mut bytes = jti.0;
        bytes[8] |= 0x30;
        assert!(Jti::parse(&Jti(bytes).to_string()).is_none());
    }

    #[test]
    fn keys_sort_by_time() {
        let later = FamilyKey::new(Timestamp::from_seconds(1_763_676_001), [0; 4]);
        assert!(key() < later);
    }
}
