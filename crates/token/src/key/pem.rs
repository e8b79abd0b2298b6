//! Keys as text: the blocks of RFC 7468.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::KeyError;

/// The DER inside a PEM block, wiped when dropped.
pub(super) type Der = Zeroizing<Vec<u8>>;

/// A key in the container that its label names.
pub(super) enum Block {
    /// `PRIVATE KEY` (PKCS#8), `RSA PRIVATE KEY` (PKCS#1) or `EC PRIVATE KEY` (SEC 1).
    Private(Container, Der),
    /// `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1).
    Public(Der),
}

/// How a private key is wrapped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Pkcs8,
    Pkcs1,
    Sec1,
}

/// The key in a PEM text. What stands before its block is skipped, curve parameters included.
pub(super) fn read(text: &str) -> Result<Block, KeyError> {
    let mut rest = text;
    loop {
        let (label, body, after) = next_block(rest).ok_or(KeyError::NotPem)?;
        rest = after;
        return Ok(match label {
            "PRIVATE KEY" => Block::Private(Container::Pkcs8, der(body)?),
            "RSA PRIVATE KEY" => Block::Private(Container::Pkcs1, der(body)?),
            "EC PRIVATE KEY" => Block::Private(Container::Sec1, der(body)?),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Block::Public(der(body)?),
            "EC PARAMETERS" => continue,
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            _ => return Err(KeyError::UnknownPem),
        });
    }
}

fn next_block(text: &str) -> Option<(&str, &str, &str)> {
    let (_, after) = text.split_once("-----BEGIN ")?;
    let (label, after) = after.split_once("-----")?;
    let (body, after) = after.split_once("-----END ")?;
    let after = after.strip_prefix(label)?.strip_prefix("-----")?;
    Some((label, body, after))
}

fn der(body: &str) -> Result<Der, KeyError> {
    if body.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    let mut base64: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(&base64).map(Zeroizing::new).map_err(|_| KeyError::NotPem);
    base64.zeroize();
    der
}
