//! The whole service in one process: real router, real store, a clock of the test's own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod auth_tokens;
mod basic;
mod browser;
mod claims;
mod cookie;
mod csrf;
mod devices;
mod django_rules;
mod embedding;
mod hand_made;
mod hostile;
mod hostile_tokens;
mod jwks;
mod keys;
mod languages;
mod ledger;
mod limits;
mod moving;
mod pages;
mod passwords;
mod plain_tokens;
mod redis;
mod revocation;
mod schema;
mod sessions;
mod signup;
mod site;
mod throttling;
mod urls;
