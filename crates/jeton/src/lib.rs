//! Sign-in for people.

pub mod entropy;
pub mod passwords;
