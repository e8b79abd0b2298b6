//! The names of signature algorithms (RFC 7518, RFC 8037, RFC 8812).

use std::fmt;
use std::str::FromStr;

macro_rules! algorithms {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A JWS algorithm. A key has exactly one, and no token can choose another.
        ///
        /// ```
        /// use jeton_token::algorithm::Algorithm;
        ///
        /// assert_eq!("ES256".parse(), Ok(Algorithm::Es256));
        /// assert!("none".parse::<Algorithm>().is_err() && "es256".parse::<Algorithm>().is_err());
        /// assert_eq!(Algorithm::Hs512.hash_bytes(), 64);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Algorithm { $($(#[$doc])* $name,)* }

        impl Algorithm {
            /// All of them, in the order of the registry.
            ///
            /// ```
            /// use jeton_token::algorithm::Algorithm;
            ///
            /// assert_eq!(Algorithm::ALL.len(), 14);
            /// ```
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The registered name, as in the header's `alg`.
            ///
            /// ```
            /// use jeton_token::algorithm::Algorithm;
            ///
            /// assert_eq!(Algorithm::EdDsa.as_str(), "EdDSA");
            /// ```
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

algorithms! {
    /// HMAC with SHA-256.
    Hs256 = "HS256",
    /// HMAC with SHA-384.
    Hs384 = "HS384",
    /// HMAC with SHA-512.
    Hs512 = "HS512",
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 = "RS256",
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384 = "RS384",
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512 = "RS512",
    /// RSASSA-PSS with SHA-256.
    Ps256 = "PS256",
    /// RSASSA-PSS with SHA-384.
    Ps384 = "PS384",
    /// RSASSA-PSS with SHA-512.
    Ps512 = "PS512",
    /// ECDSA on P-256 with SHA-256.
    Es256 = "ES256",
    /// ECDSA on P-384 with SHA-384.
    Es384 = "ES384",
    /// ECDSA on P-521 with SHA-512.
    Es512 = "ES512",
    /// ECDSA on secp256k1 with SHA-256.
    Es256k = "ES256K",
    /// Ed25519.
    EdDsa = "EdDSA",
}

impl Algorithm {
    /// Whether signing and verifying take the same secret.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    ///
    /// assert!(Algorithm::Hs256.is_symmetric() && !Algorithm::Rs256.is_symmetric());
    /// ```
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// How many bytes its hash has, and an HMAC secret has at least (RFC 7518 §3.2).
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    ///
    /// assert_eq!(Algorithm::Hs384.hash_bytes(), 48);
    /// ```
    pub fn hash_bytes(self) -> usize {
        match self {
            Self::Hs256 | Self::Rs256 | Self::Ps256 | Self::Es256 | Self::Es256k => 32,
            Self::Hs384 | Self::Rs384 | Self::Ps384 | Self::Es384 => 48,
            Self::Hs512 | Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => 64,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

/// The text is not the name of an algorithm. Names are case-sensitive.
///
/// ```
/// use jeton_token::algorithm::{Algorithm, UnknownAlgorithm};
///
/// assert_eq!("none".parse::<Algorithm>(), Err(UnknownAlgorithm));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a JWS algorithm (case matters)")
    }
}

impl std::error::Error for UnknownAlgorithm {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_sensitive_and_none_is_none() {
        for &algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        for text in ["hs256", "none", "None", ""] {
            assert_eq!(text.parse::<Algorithm>(), Err(UnknownAlgorithm));
        }
    }
}
