//! The watch over signing keys: each node looks for new ones and puts away old ones.

use std::time::Duration;

use crate::auth::Auth;

/// Looks at once and then every minute, until it is dropped. It is the bound within which a new key is known everywhere
/// even if no change was heard of.
pub(crate) async fn repeat(auth: &Auth) {
    loop {
        if let Err(error) = auth.tidy_keys().await {
            tracing::warn!(%error, "the signing keys could not be looked at; trying again in a minute");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
