//! The built command, run as operators and scripts run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod auth_tokens;
mod check;
mod first_start;
mod guides;
mod keys;
mod korean;
mod limits;
mod manuals;
mod moving;
mod redis;
mod secrets;
mod serve;
mod sessions;
mod site;
mod tokens;
mod users;
