//! The watch over signing keys: each node hears of new ones, and puts away old ones.

use std::time::Duration;

use crate::auth::Auth;

impl Auth {
    /// Reads the keys again whenever they changed anywhere; every minute in any case, which is the bound within which a
    /// new key is known to every node that runs at all.
    pub(crate) async fn watch_keys(&self) {
        let mut changes = self.0.live.keys_changed();
        loop {
            if let Err(error) = self.tidy_keys().await {
                tracing::warn!(%error, "the signing keys could not be looked at; trying again in a minute");
            }
            let minute = tokio::time::sleep(MINUTE);
            tokio::pin!(minute);
            loop {
                tokio::select! {
                    () = &mut minute => break,
                    // The sender lives as long as this site.
                    _ = changes.changed() => {}
                }
                match self.reload_keys().await {
                    Ok(()) => tracing::info!("the signing keys were read again"),
                    Err(error) => tracing::warn!(%error, "changed signing keys could not be read yet"),
                }
            }
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
