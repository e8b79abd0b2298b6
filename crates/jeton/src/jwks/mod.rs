//! Verifying keys from the JWKS document at `JWK_URL`: fetched when needed, kept, found by `kid`.

mod fetch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jeton_token::key::Key;
use jeton_token::time::Timestamp;

pub use fetch::{FetchError, JwkUrl, UrlError};

/// Reads a document's keys, by `kid`. What is no key for the site's algorithm is left out.
pub(crate) type ReadKeys = Box<dyn Fn(&[u8]) -> HashMap<String, Key> + Send + Sync>;

/// The keys of one URL. The URL is the operator's; nothing in a token can add to it or lead elsewhere.
pub(crate) struct RemoteKeys {
    url: JwkUrl,
    read: ReadKeys,
    known: Mutex<Arc<Known>>,
    /// Held while the document is fetched, so that a burst of unknown `kid`s asks once.
    fetching: tokio::sync::Mutex<()>,
}

/// What is known of the document. Good keys are never thrown away because a fetch failed.
#[derive(Default)]
struct Known {
    keys: HashMap<String, Key>,
    fetched: Option<Timestamp>,
    tried: Option<Timestamp>,
}

impl Known {
    /// Whether the answer for this `kid` may be given without asking again.
    fn settles(&self, kid: &str, now: Timestamp) -> bool {
        let within = |moment: Option<Timestamp>, age| moment.is_some_and(|moment| now.since(moment) < age);
        let is_known = self.keys.contains_key(kid);
        (is_known && within(self.fetched, MAX_AGE)) || within(self.tried, COOL_DOWN)
    }
}

impl RemoteKeys {
    pub(crate) fn new(url: JwkUrl, read: ReadKeys) -> Self {
        Self { url, read, known: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// The key of this `kid`, or nothing if the document has none.
    pub(crate) async fn find(&self, kid: &str, now: Timestamp) -> Option<Key> {
        if !self.known().settles(kid, now) {
            let _turn = self.fetching.lock().await;
            // Whoever waited for the turn may find that the one before has fetched already.
            if !self.known().settles(kid, now) {
                self.fetch(now).await;
            }
        }
        self.known().keys.get(kid).cloned()
    }

    async fn fetch(&self, now: Timestamp) {
        let before = self.known();
        let after = match fetch::fetch(&self.url).await {
            Ok(document) => {
                let keys = (self.read)(&document);
                if keys.is_empty() {
                    tracing::warn!(url = %self.url, "the JWKS document has no key for simple_jwt.ALGORITHM");
                }
                Known { keys, fetched: Some(now), tried: Some(now) }
            }
            Err(error) => {
                tracing::warn!(url = %self.url, %error, "the JWKS document could not be fetched; known keys stay");
                Known { keys: before.keys.clone(), fetched: before.fetched, tried: Some(now) }
            }
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// As PyJWT's client keeps a document.
const MAX_AGE: Duration = Duration::from_secs(300);
/// So often at the most is the document asked for, whatever `kid`s come in.
const COOL_DOWN: Duration = Duration::from_secs(10);
