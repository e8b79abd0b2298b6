//! The sweeper: walks the ledger round and round and forgets what has expired, sessions too.

use std::time::Duration;

use jeton_store::{FlushStep, Store, StoreError};
use jeton_token::time::Clock;

/// Sweeps until it is dropped. Errors are logged, and the walk goes on later.
pub(crate) async fn sweep(store: &Store, clock: &Clock) {
    loop {
        tokio::time::sleep(match store.flush_step(clock.now()).await {
            Ok(step) => {
                if step.wrapped {
                    sweep_limits(store, clock).await;
                    sweep_sessions(store, clock).await;
                    sweep_changes(store, clock).await;
                }
                pause_after(step)
            }
            Err(error) => pause_after_error(&error),
        })
        .await;
    }
}

/// Failures that count for nothing any more.
async fn sweep_limits(store: &Store, clock: &Clock) {
    loop {
        match store.flush_limits(clock.now()).await {
            Ok(0) => return,
            Ok(rows) => tracing::debug!(rows, "expired limits were flushed"),
            Err(error) => return tracing::warn!(%error, "expired limits could not be flushed"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Sessions that have run out.
async fn sweep_sessions(store: &Store, clock: &Clock) {
    loop {
        match store.delete_expired_sessions(clock.now()).await {
            Ok(0) => return,
            Ok(rows) => tracing::debug!(rows, "expired sessions were flushed"),
            Err(error) => return tracing::warn!(%error, "expired sessions could not be flushed"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Changes that nobody needs to know of any more.
async fn sweep_changes(store: &Store, clock: &Clock) {
    loop {
        match store.flush_changes(clock.now()).await {
            Ok(0) => return,
            Ok(rows) => tracing::debug!(rows, "old changes were flushed"),
            Err(error) => return tracing::warn!(%error, "old changes could not be flushed"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Quick while there is something to delete, slow through what lives, and a rest at the end of each round.
fn pause_after(step: FlushStep) -> Duration {
    let deleted = step.families + step.tokens;
    if deleted > 0 {
        tracing::debug!(families = step.families, tokens = step.tokens, "expired tokens were flushed");
    }
    match (step.wrapped, deleted) {
        (true, _) => Duration::from_secs(60),
        (false, 0) => Duration::from_millis(50),
        (false, _) => Duration::from_millis(5),
    }
}

fn pause_after_error(error: &StoreError) -> Duration {
    tracing::warn!(%error, "expired tokens could not be flushed; trying again in a minute");
    Duration::from_secs(60)
}
