//! Verifying keys from the JWKS document at `JWK_URL`: fetched when needed, kept, found by `kid`.

mod fetch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jeton_token::algorithm::Algorithm;
use jeton_token::jwk::Jwk;
use jeton_token::jws::Jws;
use jeton_token::time::Timestamp;
use serde_json::Value;

pub use fetch::{JwkUrl, UrlError};

/// The keys of one URL. The URL is the operator's; nothing in a token can add to it or lead elsewhere.
pub(crate) struct RemoteKeys {
    url: JwkUrl,
    /// The one algorithm of the site; keys for others are not looked at.
    algorithm: Algorithm,
    /// Whether tokens are read strictly.
    strict: bool,
    known: Mutex<Arc<Known>>,
    /// Held while the document is fetched, so that a burst of unknown `kid`s asks once.
    fetching: tokio::sync::Mutex<()>,
}

/// What is known of the document. Good keys are never thrown away because a fetch failed.
#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<Jws>>,
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
    pub(crate) fn new(url: JwkUrl, algorithm: Algorithm, strict: bool) -> Self {
        Self { url, algorithm, strict, known: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// The key of this `kid`, or nothing if the document has none.
    pub(crate) async fn find(&self, kid: &str, now: Timestamp) -> Option<Arc<Jws>> {
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
                let keys = self.read(&document);
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

    /// The keys of a document by `kid`. What is no key for the site's algorithm is left out, and so is a `kid` that
    /// stands twice: nobody can tell which of the two is meant.
    fn read(&self, document: &[u8]) -> HashMap<String, Arc<Jws>> {
        let document: Value = serde_json::from_slice(document).unwrap_or_default();
        let listed = document.get("keys").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut keys = HashMap::new();
        for listed in listed {
            let jwk = Jwk::parse(listed.to_string().as_bytes(), Some(self.algorithm));
            let Ok(jwk) = jwk.inspect_err(|error| tracing::debug!(%error, "a JWK is left out")) else { continue };
            let Some(kid) = jwk.kid().filter(|_| !jwk.key().algorithm().is_symmetric()) else { continue };
            let jws = Jws::new(jwk.key().clone()).with_key_id(kid).with_strictness(self.strict);
            keys.entry(kid.to_owned()).and_modify(|twice| *twice = None).or_insert(Some(Arc::new(jws)));
        }
        keys.into_iter().filter_map(|(kid, jws)| Some((kid, jws?))).collect()
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// As PyJWT's client keeps a document.
const MAX_AGE: Duration = Duration::from_secs(300);
/// So often at the most is the document asked for, whatever `kid`s come in.
const COOL_DOWN: Duration = Duration::from_secs(10);
