//! Rules and formats of Jeton's tokens: no IO, no async, no clock outside [`time`].
//!
//! A service that only checks tokens needs [`token::Tokens`] and a [`key::Key`]; a service that issues refresh tokens
//! needs [`rotation`] as well, and somewhere to keep its families.

pub mod algorithm;
mod base64url;
pub mod cache;
pub mod claims;
pub mod error;
pub mod fast;
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
