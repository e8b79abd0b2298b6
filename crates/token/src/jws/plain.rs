//! The short way through a token with the header that we write.

use std::borrow::Cow;

use super::Jws;
use crate::base64url;
use crate::error::Flaw;

/// Room for the payload of a token of the usual length. One can serve any number of tokens, one after the other.
///
/// ```
/// use jeton_token::jws::Room;
///
/// let room = Room::new();
/// assert_eq!(format!("{room:?}"), "Room(768 bytes)");
/// ```
#[derive(Clone)]
pub struct Room([u8; Room::BYTES]);

impl Jws {
    /// The payload of a plain token: one with the header that this key writes, its signature, and no more to say than
    /// there is room for. One look at each byte, no allocation. `None` says nothing: [`verify`](Self::verify) decides.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::{Jws, Room};
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// let token = jws.sign(b"any bytes");
    /// assert_eq!(jws.open(token.as_bytes(), &mut Room::new()), Some(&b"any bytes"[..]));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn open<'r>(&self, text: &[u8], room: &'r mut Room) -> Option<&'r [u8]> {
        let (signed, rest) = text.split_at_checked(text.len().checked_sub(1 + self.signature)?)?;
        let [b'.', signature @ ..] = rest else { return None };
        let encoded = signed.strip_prefix(self.header.as_bytes())?;
        if encoded.len() > MAX_ENCODED || !self.is_signed(signed, signature) {
            return None;
        }
        base64url::decode(encoded, &mut room.0)
    }

    /// The payload, by the [short way](Self::open) or the [general one](Self::verify).
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, error::Flaw, jws::{Jws, Room}, key::Key};
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// let (token, mut room) = (jws.sign(b"any bytes"), Room::new());
    /// assert_eq!(jws.read(token.as_bytes(), &mut room).as_deref(), Ok(&b"any bytes"[..]));
    /// assert_eq!(jws.read(b"no token", &mut room), Err(Flaw::Form));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The flaw that was found first.
    pub fn read<'r>(&self, text: &[u8], room: &'r mut Room) -> Result<Cow<'r, [u8]>, Flaw> {
        match self.open(text, room) {
            Some(payload) => Ok(Cow::Borrowed(payload)),
            None => self.verify(text).map(Cow::Owned),
        }
    }

    /// Whether a token has, letter for letter, the header that this key writes: its `alg` and its `kid`, if it has one.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, jws::Jws, key::Key};
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// let named = jws.clone().with_key_id("2026");
    /// let token = named.sign(b"{}");
    /// assert!(named.wrote_header_of(token.as_bytes()) && !jws.wrote_header_of(token.as_bytes()));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn wrote_header_of(&self, text: &[u8]) -> bool {
        text.starts_with(self.header.as_bytes())
    }

    #[inline(always)]
    fn is_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        if let Some(key) = self.key.hs256() {
            let mut tag = [0; 32];
            return base64url::decode(signature, &mut tag).is_some() && key.verify_from(&self.beginnings, signed, &tag);
        }
        let mut bytes = [0; MAX_SIGNATURE];
        base64url::decode(signature, &mut bytes).is_some_and(|signature| self.key.verify(signed, signature))
    }
}

impl Room {
    /// What fits into it.
    ///
    /// ```
    /// use jeton_token::jws::Room;
    ///
    /// assert_eq!(size_of::<Room>(), Room::BYTES);
    /// ```
    pub const BYTES: usize = 768;

    /// Empty room.
    ///
    /// ```
    /// use jeton_token::jws::Room;
    ///
    /// static EMPTY: Room = Room::new();
    /// ```
    pub const fn new() -> Self {
        Self([0; Self::BYTES])
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Room({} bytes)", Self::BYTES)
    }
}

const MAX_ENCODED: usize = Room::BYTES / 3 * 4;

/// The signature of an RSA key of 8192 bits, the longest that is served.
const MAX_SIGNATURE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Algorithm;
    use crate::key::Key;

    #[test]
    fn a_payload_of_any_length_is_opened_or_left() {
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            let jws = Jws::new(Key::from_secret(algorithm, b"0123456789abcdef0123456789abcdef").unwrap());
            let mut room = Room::new();
            for length in 1..Room::BYTES + 20 {
                let payload = vec![b'x'; length];
                let token = jws.sign(&payload);
                assert_eq!(jws.verify(token.as_bytes()).as_ref(), Ok(&payload), "{algorithm} {length}");
                let expected = (length <= Room::BYTES).then_some(&payload[..]);
                assert_eq!(jws.open(token.as_bytes(), &mut room), expected, "{algorithm} {length}");
            }
        }
    }

    #[test]
    fn the_shortest_texts_are_left() {
        let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").unwrap());
        let mut room = Room::new();
        for length in 0..120 {
            assert_eq!(jws.open(&vec![b'.'; length], &mut room), None);
            assert_eq!(jws.open(&jws.header.repeat(4).as_bytes()[..length], &mut room), None);
        }
    }
}
