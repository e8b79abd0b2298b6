//! The census: now and then a look at what stored passwords cost, so that unknown users cost as much.

use std::time::Duration;

use crate::auth::Auth;

/// Takes it at once and then every hour, until it is dropped.
pub(crate) async fn repeat(auth: &Auth) {
    loop {
        if let Err(error) = auth.take_census().await {
            tracing::warn!(%error, "the cost of passwords could not be looked at; trying again in an hour");
        }
        tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    }
}
