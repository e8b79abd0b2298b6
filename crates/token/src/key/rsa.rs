//! What an RSA key must be before it is trusted with anything.

use super::KeyError;

/// The public numbers of an RSA key, big-endian without leading zeros.
#[derive(PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
}

impl Numbers {
    /// Numbers of a sound size: 2048 to 8192 bits, an odd exponent from 3 up to 33 bits, and a modulus that no
    /// defective smart card made.
    pub(crate) fn new(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (without_zeros(n), without_zeros(e));
        let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::RsaSize(bits));
        }
        let small = matches!(e, [] | [0..=2]);
        let even = e.last().is_none_or(|last| last % 2 == 0);
        if small || even || e.len() > 5 || (e.len() == 5 && e[0] > 1) {
            return Err(KeyError::RsaExponent);
        }
        if is_roca(n) {
            return Err(KeyError::Roca);
        }
        Ok(Self { n: n.to_vec(), e: e.to_vec() })
    }

    /// From a PKCS#1 `RSAPublicKey`: a sequence of two integers.
    pub(super) fn from_pkcs1(der: &[u8]) -> Option<Result<Self, KeyError>> {
        let (body, []) = element(der, 0x30)? else { return None };
        let (n, rest) = element(body, 0x02)?;
        let (e, []) = element(rest, 0x02)? else { return None };
        Some(Self::new(n, e))
    }
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else { return None };
    if *found != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeros..]
}

/// Whether a modulus bears the fingerprint of CVE-2017-15361 (ROCA): modulo every small prime it is a power of 65537.
/// An honest modulus does so once in 2^27.
fn is_roca(n: &[u8]) -> bool {
    SMALL_PRIMES.iter().all(|&prime| {
        let residue = n.iter().fold(0, |sum, &byte| (sum << 8 | u32::from(byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * 65_537 % prime;
            power == residue
        })
    })
}

const SMALL_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
