//! Rules and formats of Jeton's tokens: no IO, no async, no clock outside [`time`].
//!
//! A service that only checks tokens needs [`token::Tokens`] and a [`key::Key`]; a service that issues refresh tokens
//! needs [`rotation`] as well, and somewhere to keep its families.
//!
//! # Checking tokens
//!
//! With the public key of the site that issues them, the whole of a service that only verifies is this:
//!
#![cfg_attr(feature = "asymmetric", doc = "```")]
#![cfg_attr(not(feature = "asymmetric"), doc = "```ignore")]
//! use jeton_token::algorithm::Algorithm;
//! use jeton_token::error::TokenError;
//! use jeton_token::key::Key;
//! use jeton_token::policy::{Policy, TokenType};
//! use jeton_token::time::Timestamp;
//! use jeton_token::token::Tokens;
//!
//! /// Whoever the bearer of an access token is.
//! fn caller(tokens: &Tokens, bearer: &str, now: Timestamp) -> Result<Option<String>, TokenError> {
//!     let claims = tokens.decode(bearer.as_bytes(), now)?.into_token(Some(TokenType::Access))?;
//!     Ok(claims.text("user_id").map(str::to_owned))
//! }
//!
//! let public_key = "-----BEGIN PUBLIC KEY-----
//! MCowBQYDK2VwAyEAkz8jZDgDiPMvKUzcImS4IzOkca6Aep5nYSkzUMJ8Ag8=
//! -----END PUBLIC KEY-----";
//! let tokens = Tokens::new(Key::from_public_pem(Algorithm::EdDsa, public_key)?, Policy::default());
//!
//! let now = Timestamp::from_seconds(1_795_000_000); // Clock::system().now() in a service
//! let bearer = concat!(
//!     "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.",
//!     "eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3NjAwMDAwMDAsImp0aSI6IjBmMW",
//!     "UyZDNjNGI1YTY5Nzg4Nzk2YTViNGMzZDJlMWYwIiwidXNlcl9pZCI6IjEifQ.",
//!     "mlFh-8FHdtwWyj10p_I5WtrtaN2j-6aN0aj-ppA02dFyeJjr6Xt8Cb6A-CG2ONGzxzofVzNnZLSC97lzpXH7Aw",
//! );
//! assert_eq!(caller(&tokens, bearer, now)?.as_deref(), Some("1"));
//! assert_eq!(caller(&tokens, &bearer.replace("eyJ0", "eyJ1"), now).unwrap_err().to_string(), "Token is invalid");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A key decides everything about how it is used: its algorithm, and whether it signs. Headers of tokens choose nothing.
//! Where a site publishes several keys, [`token::Verifier`] finds the one that a token names.
//!
//! [`Tokens::verify_plain`](token::Tokens::verify_plain) does the same without a map of claims, for tokens as Jeton and
//! Simple JWT write them: HS256 at 1.4 times the cost of the bare HMAC, RS256, ES256 and EdDSA at that of the signature.
//! [`cache::VerifiedTokens`] remembers what a costly signature was found to say.
//!
//! # Features
//!
//! | feature | what | crates below this one |
//! |---|---|---|
//! | none | HMAC alone; nothing written in C | 24 |
//! | `asymmetric`, on by default | RSA, elliptic curves and Ed25519, by aws-lc, which wants a C compiler | 2 more |
//! | `simd`, on by default | base64 by SIMD instructions, about three times as fast | 3 more |
//!
//! No procedural macro is among them: the errors are written by hand.

pub mod algorithm;
mod base64url;
pub mod cache;
pub mod claims;
pub mod error;
pub mod hs256;
pub mod id;
pub mod jwk;
pub mod jws;
pub mod key;
pub mod policy;
pub mod rotation;
pub mod scan;
pub mod secret;
mod strict_json;
pub mod time;
pub mod token;
