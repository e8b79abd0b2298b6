//! The sweeper: walks the ledger round and round and forgets what has expired, sessions too.

use std::time::Duration;

use jeton_store::{FlushStep, Store, StoreError};
use jeton_token::time::{Clock, Timestamp};

/// Sweeps until it is dropped. Errors are logged, and the walk goes on later.
pub(crate) async fn sweep(store: &Store, clock: &Clock) {
    loop {
        tokio::time::sleep(match step(store, clock.now()).await {
            Ok(step) => pause_after(step),
            Err(error) => pause_after_error(&error),
        })
        .await;
    }
}

/// Some rows of the ledger, and after each round of it the sessions that have run out.
async fn step(store: &Store, now: Timestamp) -> Result<FlushStep, StoreError> {
    let step = store.flush_step(now).await?;
    while step.wrapped && store.delete_expired_sessions(now).await? > 0 {}
    Ok(step)
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
