//! The whole service in one process: real router, real store, a clock of the test's own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod basic;
mod browser;
mod claims;
mod csrf;
mod hostile;
mod hostile_tokens;
mod jwks;
mod ledger;
mod limits;
mod passwords;
mod plain_tokens;
mod sessions;
mod site;
mod urls;
