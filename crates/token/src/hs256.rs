//! HMAC-SHA-256 (RFC 2104) with everything prepared that does not depend on the message.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// A secret whose two pads are absorbed once, so that a message costs its own blocks and one more.
///
/// ```
/// use jeton_token::hs256::Hs256;
///
/// let key = Hs256::new(b"0123456789abcdef0123456789abcdef");
/// let tag = key.tag(b"text");
/// assert!(key.verify(b"text", &tag));
/// assert!(!key.verify(b"test", &tag));
/// ```
#[derive(Clone)]
pub struct Hs256 {
    inner: Pad,
    outer: Pad,
}

/// The state of SHA-256 after whole blocks that depend on the secret.
#[derive(Clone)]
struct Pad([u32; 8]);

/// The state after the inner pad and the beginning that many messages share: whole blocks of it are never hashed again.
#[derive(Clone)]
pub(crate) struct Beginning {
    text: Box<[u8]>,
    state: Pad,
}

impl Hs256 {
    /// Prepares a secret of any length.
    ///
    /// ```
    /// use jeton_token::hs256::Hs256;
    ///
    /// let key = Hs256::new(b"a secret of at least thirty-two bytes");
    /// assert_eq!(format!("{key:?}"), "Hs256(…)", "it is shown nowhere");
    /// ```
    pub fn new(secret: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if secret.len() > BLOCK {
            block[..TAG].copy_from_slice(&Sha256::digest(secret));
        } else {
            block[..secret.len()].copy_from_slice(secret);
        }
        let pad = |byte| {
            let block = Zeroizing::new(block.map(|secret| secret ^ byte));
            let mut state = START;
            compress256(&mut state, &[*block]);
            Pad(state)
        };
        Self { inner: pad(0x36), outer: pad(0x5c) }
    }

    /// The tag of a message.
    ///
    /// ```
    /// use jeton_token::hs256::Hs256;
    ///
    /// let key = Hs256::new(b"a secret of at least thirty-two bytes");
    /// assert_eq!(key.tag(b"text"), key.tag(b"text"));
    /// assert_ne!(key.tag(b"text"), key.tag(b"test"));
    /// ```
    pub fn tag(&self, message: &[u8]) -> [u8; 32] {
        self.tag_from(&[], message)
    }

    /// Whether the tag is this key's over the message. Takes the same time wherever they differ.
    ///
    /// ```
    /// use jeton_token::hs256::Hs256;
    ///
    /// let key = Hs256::new(b"a secret of at least thirty-two bytes");
    /// assert!(!key.verify(b"text", &[0; 32]));
    /// ```
    pub fn verify(&self, message: &[u8], tag: &[u8; 32]) -> bool {
        self.verify_from(&[], message, tag)
    }

    /// [`Hs256::tag`], without hashing again what is known of the message's beginning.
    pub(crate) fn tag_from(&self, beginnings: &[Beginning], message: &[u8]) -> [u8; 32] {
        let mut tag = [0; TAG];
        for (bytes, word) in tag.chunks_exact_mut(4).zip(self.words(beginnings, message)) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        tag
    }

    /// [`Hs256::verify`], without hashing again what is known of the message's beginning.
    pub(crate) fn verify_from(&self, beginnings: &[Beginning], message: &[u8], tag: &[u8; 32]) -> bool {
        let words = self.words(beginnings, message);
        let (bytes, _) = tag.as_chunks::<4>();
        let differences = words.iter().zip(bytes).map(|(word, bytes)| word ^ u32::from_be_bytes(*bytes));
        differences.fold(0, |all, one| all | one).ct_eq(&0).into()
    }

    /// Prepares for messages that begin like this, as far as it fills blocks; `None` if it fills not one.
    pub(crate) fn beginning(&self, text: &[u8]) -> Option<Beginning> {
        let (blocks, _) = text.as_chunks::<BLOCK>();
        if blocks.is_empty() {
            return None;
        }
        let mut state = self.inner.clone();
        compress256(&mut state.0, blocks);
        Some(Beginning { text: blocks.as_flattened().into(), state })
    }

    /// The tag of a message as the words of SHA-256.
    #[inline(always)]
    fn words(&self, beginnings: &[Beginning], message: &[u8]) -> [u32; 8] {
        let mut inner = self.inner.0;
        let mut rest = message;
        for Beginning { text, state } in beginnings {
            if let Some(after) = message.strip_prefix(&**text) {
                inner = state.0;
                rest = after;
                break;
            }
        }
        let (blocks, tail) = rest.as_chunks::<BLOCK>();
        compress256(&mut inner, blocks);
        let mut last = [[0; BLOCK]; 2];
        let used = if tail.len() < BLOCK - LENGTH { 1 } else { 2 };
        let padded = &mut last.as_flattened_mut()[..used * BLOCK];
        padded[..tail.len()].copy_from_slice(tail);
        padded[tail.len()] = 0x80;
        padded[used * BLOCK - LENGTH..].copy_from_slice(&bits(BLOCK + message.len()));
        compress256(&mut inner, &last[..used]);

        let mut block = [0; BLOCK];
        for (bytes, word) in block.chunks_exact_mut(4).zip(inner) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        block[TAG] = 0x80;
        block[BLOCK - LENGTH..].copy_from_slice(&bits(BLOCK + TAG));
        let mut outer = self.outer.0;
        compress256(&mut outer, &[block]);
        outer
    }
}

/// A length in bits, as SHA-256 closes a message.
fn bits(bytes: usize) -> [u8; LENGTH] {
    (bytes as u64 * 8).to_be_bytes()
}

impl Drop for Pad {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Hs256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hs256(…)")
    }
}

impl std::fmt::Debug for Beginning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Beginning({} bytes)", self.text.len())
    }
}

const BLOCK: usize = 64;
const TAG: usize = 32;
const LENGTH: usize = 8;

/// The first state of SHA-256 (FIPS 180-4 §5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;

    use super::*;

    fn reference(secret: &[u8], message: &[u8]) -> [u8; 32] {
        Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().into()
    }

    #[test]
    fn every_length_of_message_agrees_with_the_hmac_crate() {
        let message: Vec<u8> = (0..=255).cycle().take(400).collect();
        let key = Hs256::new(b"0123456789abcdef0123456789abcdef");
        let beginning = key.beginning(&message[..140]).unwrap();
        for length in 0..message.len() {
            let message = &message[..length];
            let tag = reference(b"0123456789abcdef0123456789abcdef", message);
            assert_eq!(key.tag(message), tag, "{length}");
            assert!(key.verify_from(std::slice::from_ref(&beginning), message, &tag), "{length}");
        }
    }

    #[test]
    fn every_length_of_secret_agrees_with_the_hmac_crate() {
        for length in 1..200 {
            let secret = vec![0xa5; length];
            assert_eq!(Hs256::new(&secret).tag(b"message"), reference(&secret, b"message"), "{length}");
        }
    }

    #[test]
    fn one_wrong_bit_anywhere_is_a_wrong_tag() {
        let key = Hs256::new(b"secret");
        let tag = key.tag(b"message");
        for bit in 0..256 {
            let mut wrong = tag;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verify(b"message", &wrong), "{bit}");
        }
    }

    #[test]
    fn a_beginning_needs_a_whole_block() {
        let key = Hs256::new(b"secret");
        assert!(key.beginning(&[1; 63]).is_none());
        assert_eq!(key.beginning(&[1; 130]).unwrap().text.len(), 128);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tags_agree_with_the_hmac_crate(
            secret in prop::collection::vec(any::<u8>(), 1..150),
            message in prop::collection::vec(any::<u8>(), 0..700),
            known in 0..200_usize,
        ) {
            let key = Hs256::new(&secret);
            let tag = reference(&secret, &message);
            prop_assert_eq!(key.tag(&message), tag);
            let beginnings: Vec<_> = key.beginning(&message[..known.min(message.len())]).into_iter().collect();
            prop_assert!(key.verify_from(&beginnings, &message, &tag));
        }
    }
}
