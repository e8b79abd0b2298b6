//! Keys of two halves: RSA, elliptic curves and Ed25519, parsed once and held for their life.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED,
    ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaKeyPair, RsaParameters, RsaPublicKeyComponents, RsaSignatureEncoding, RsaSubjectPublicKey,
};

use super::KeyError;
use super::pem::{Block, Container};
use super::rsa::Numbers;
use crate::algorithm::Algorithm;

/// The half that verifies, and, where this side signs, the half that does.
pub(super) struct KeyPair {
    pub(super) algorithm: Algorithm,
    signing: Option<SigningKey>,
    verifying: VerifyingKey,
}

/// A private key.
enum SigningKey {
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A public key: the parsed form, and the numbers that a JWK writes.
struct VerifyingKey {
    parsed: ParsedPublicKey,
    public: Public,
}

/// What everybody may know of a key.
#[derive(PartialEq, Eq)]
pub(crate) enum Public {
    Rsa(Numbers),
    /// The uncompressed point.
    Ec(Vec<u8>),
    Ed(Vec<u8>),
}

/// What an algorithm asks of aws-lc.
pub(super) enum Scheme {
    Rsa(&'static RsaParameters, &'static RsaSignatureEncoding),
    Ec(&'static EcdsaVerificationAlgorithm, &'static EcdsaSigningAlgorithm),
    Ed,
}

impl Scheme {
    pub(super) fn of(algorithm: Algorithm) -> Result<Self, KeyError> {
        Ok(match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => return Err(KeyError::Symmetric(algorithm)),
            Algorithm::Rs256 => Self::Rsa(&RSA_PKCS1_2048_8192_SHA256, &RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(&RSA_PKCS1_2048_8192_SHA384, &RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(&RSA_PKCS1_2048_8192_SHA512, &RSA_PKCS1_SHA512),
            Algorithm::Ps256 => Self::Rsa(&RSA_PSS_2048_8192_SHA256, &RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::Rsa(&RSA_PSS_2048_8192_SHA384, &RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::Rsa(&RSA_PSS_2048_8192_SHA512, &RSA_PSS_SHA512),
            Algorithm::Es256 => Self::Ec(&ECDSA_P256_SHA256_FIXED, &ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => Self::Ec(&ECDSA_P384_SHA384_FIXED, &ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => Self::Ec(&ECDSA_P521_SHA512_FIXED, &ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::Es256k => Self::Ec(&ECDSA_P256K1_SHA256_FIXED, &ECDSA_P256K1_SHA256_FIXED_SIGNING),
            Algorithm::EdDsa => Self::Ed,
        })
    }
}

impl KeyPair {
    /// A private key and the public key that belongs to it; or, where the public key is given, the proof that it does.
    pub(super) fn from_private(algorithm: Algorithm, private: Block, public: Option<Block>) -> Result<Self, KeyError> {
        let Block::Private(container, der) = private else {
            return Err(KeyError::NotPrivate);
        };
        let unreadable = KeyError::Unreadable(algorithm);
        let signing = match Scheme::of(algorithm)? {
            Scheme::Rsa(_, encoding) => {
                let pair = match container {
                    Container::Pkcs8 => RsaKeyPair::from_pkcs8(&der),
                    Container::Pkcs1 => RsaKeyPair::from_der(&der),
                    Container::Sec1 => return Err(unreadable),
                };
                SigningKey::Rsa(pair.map_err(|_| unreadable)?, encoding)
            }
            Scheme::Ec(_, signing) if container != Container::Pkcs1 => {
                SigningKey::Ec(EcdsaKeyPair::from_private_key_der(signing, &der).map_err(|_| unreadable)?)
            }
            Scheme::Ed if container == Container::Pkcs8 => {
                SigningKey::Ed(Ed25519KeyPair::from_pkcs8(&der).map_err(|_| unreadable)?)
            }
            Scheme::Ec(..) | Scheme::Ed => return Err(unreadable),
        };
        let pair = Self::new(algorithm, signing)?;
        let given = public.map(|public| Self::from_public(algorithm, &public)).transpose()?;
        match given {
            Some(given) if given.verifying.public != pair.verifying.public => Err(KeyError::Mismatch),
            Some(_) | None => Ok(pair),
        }
    }

    /// A public key alone.
    pub(super) fn from_public(algorithm: Algorithm, public: &Block) -> Result<Self, KeyError> {
        let scheme = Scheme::of(algorithm)?;
        let Block::Public(der) = public else {
            return Err(KeyError::NotPublic);
        };
        Self::tested(algorithm, None, VerifyingKey::from_der(algorithm, &scheme, der)?)
    }

    /// The private RSA key of these numbers.
    pub(super) fn from_rsa_numbers(
        algorithm: Algorithm,
        public: &Numbers,
        private: Option<[&[u8]; 6]>,
    ) -> Result<Self, KeyError> {
        let unreadable = KeyError::Unreadable(algorithm);
        let Scheme::Rsa(parameters, encoding) = Scheme::of(algorithm)? else {
            return Err(unreadable);
        };
        let public_key = RsaPublicKeyComponents { n: public.n.as_slice(), e: public.e.as_slice() };
        let Some([d, p, q, d_p, d_q, q_inv]) = private else {
            let parsed = public_key.to_parsed_public_key(parameters).map_err(|_| unreadable)?;
            let public = Public::Rsa(Numbers::new(&public.n, &public.e)?);
            return Self::tested(algorithm, None, VerifyingKey { parsed, public });
        };
        let components = aws_lc_rs::rsa::KeyPairComponents { public_key, d, p, q, dP: d_p, dQ: d_q, qInv: q_inv };
        let pair = RsaKeyPair::from_components(&components).map_err(|_| unreadable)?;
        Self::new(algorithm, SigningKey::Rsa(pair, encoding))
    }

    /// The key of this point and, where it is given, this scalar.
    pub(super) fn from_point(algorithm: Algorithm, point: &[u8], private: Option<&[u8]>) -> Result<Self, KeyError> {
        let unreadable = KeyError::Unreadable(algorithm);
        let scheme = Scheme::of(algorithm)?;
        let Some(private) = private else {
            return Self::tested(algorithm, None, VerifyingKey::from_der(algorithm, &scheme, point)?);
        };
        let signing = match scheme {
            Scheme::Ec(_, signing) => EcdsaKeyPair::from_private_key_and_public_key(signing, private, point)
                .map(SigningKey::Ec)
                .map_err(|_| unreadable)?,
            Scheme::Ed if private.len() == 32 => {
                Ed25519KeyPair::from_seed_and_public_key(private, point).map(SigningKey::Ed).map_err(|_| unreadable)?
            }
            Scheme::Ed | Scheme::Rsa(..) => return Err(unreadable),
        };
        Self::new(algorithm, signing)
    }

    fn new(algorithm: Algorithm, signing: SigningKey) -> Result<Self, KeyError> {
        let verifying = VerifyingKey::from_der(algorithm, &Scheme::of(algorithm)?, signing.public_bytes())?;
        Self::tested(algorithm, Some(signing), verifying)
    }

    /// A key that has shown that it works: what it signs it takes back, and it takes nothing else.
    fn tested(algorithm: Algorithm, signing: Option<SigningKey>, verifying: VerifyingKey) -> Result<Self, KeyError> {
        let key = Self { algorithm, signing, verifying };
        let Some(signing) = &key.signing else {
            return if key.verify(b"self test", &[1; 64]) { Err(KeyError::SelfTest) } else { Ok(key) };
        };
        let signature = signing.sign(b"self test").ok_or(KeyError::SelfTest)?;
        if !key.verify(b"self test", &signature) || key.verify(b"self-test", &signature) {
            return Err(KeyError::SelfTest);
        }
        Ok(key)
    }

    pub(super) fn can_sign(&self) -> bool {
        self.signing.is_some()
    }

    /// Nothing, where there is no private key.
    pub(super) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.signing.as_ref()?.sign(text)
    }

    pub(super) fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        self.verifying.parsed.verify_sig(text, signature).is_ok()
    }

    /// As long as the modulus, or two numbers of the curve.
    pub(super) fn signature_bytes(&self) -> usize {
        match &self.verifying.public {
            Public::Rsa(numbers) => numbers.n.len(),
            Public::Ec(_) | Public::Ed(_) => 2 * coordinate_length(self.algorithm),
        }
    }

    pub(super) fn public(&self) -> &Public {
        &self.verifying.public
    }
}

impl SigningKey {
    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), text, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), text).ok().map(|signature| signature.as_ref().to_vec()),
            Self::Ed(pair) => pair.try_sign(text).ok().map(|signature| signature.as_ref().to_vec()),
        }
    }

    /// A PKCS#1 `RSAPublicKey`, an uncompressed point, or the 32 bytes of Ed25519.
    fn public_bytes(&self) -> &[u8] {
        match self {
            Self::Rsa(pair, _) => pair.public_key().as_ref(),
            Self::Ec(pair) => pair.public_key().as_ref(),
            Self::Ed(pair) => pair.public_key().as_ref(),
        }
    }
}

impl VerifyingKey {
    /// From SPKI, or the form that [`SigningKey::public_bytes`] has.
    fn from_der(algorithm: Algorithm, scheme: &Scheme, der: &[u8]) -> Result<Self, KeyError> {
        let unreadable = KeyError::Unreadable(algorithm);
        match *scheme {
            Scheme::Rsa(parameters, _) => {
                let pkcs1 = RsaSubjectPublicKey::from_der(der).map_err(|_| unreadable)?;
                let numbers = Numbers::from_pkcs1(pkcs1.as_ref()).ok_or(unreadable)??;
                let parsed = ParsedPublicKey::new(parameters, pkcs1.as_ref()).map_err(|_| unreadable)?;
                Ok(Self { parsed, public: Public::Rsa(numbers) })
            }
            Scheme::Ec(verification, _) => {
                let parsed = ParsedPublicKey::new(verification, der).map_err(|_| unreadable)?;
                let point = spki_tail(&parsed, point_length(algorithm)).ok_or(unreadable)?;
                Ok(Self { parsed, public: Public::Ec(point) })
            }
            Scheme::Ed => {
                let parsed = ParsedPublicKey::new(&ED25519, der).map_err(|_| unreadable)?;
                let point = spki_tail(&parsed, 32).ok_or(unreadable)?;
                Ok(Self { parsed, public: Public::Ed(point) })
            }
        }
    }
}

/// The key at the end of an SPKI.
fn spki_tail(key: &ParsedPublicKey, length: usize) -> Option<Vec<u8>> {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    let spki: PublicKeyX509Der<'_> = key.as_der().ok()?;
    let spki = spki.as_ref();
    spki.get(spki.len().checked_sub(length)?..).map(<[u8]>::to_vec)
}

fn point_length(algorithm: Algorithm) -> usize {
    1 + 2 * coordinate_length(algorithm)
}

/// The length of a coordinate on the curve of this algorithm; 0 where there is no curve.
pub(crate) fn coordinate_length(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Es384 => 48,
        Algorithm::Es512 => 66,
        Algorithm::Es256 | Algorithm::Es256k | Algorithm::EdDsa => 32,
        Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => 0,
    }
}
