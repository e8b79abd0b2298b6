//! Extractors for somebody else's axum app: who is calling, and what their token says.
//!
//! [`Authenticated`] asks the [`Jeton`] in the app's state, through every configured way in. [`Verified`] needs no users
//! and no database: a [`Verifier`] checks tokens that were minted elsewhere.
//!
//! ```
//! use axum::extract::FromRef;
//! use axum::{Router, routing::get};
//! use jeton::Jeton;
//! use jeton::extract::Authenticated;
//!
//! #[derive(Clone)]
//! struct State {
//!     jeton: Jeton,
//! }
//!
//! impl FromRef<State> for Jeton {
//!     fn from_ref(state: &State) -> Self {
//!         state.jeton.clone()
//!     }
//! }
//!
//! async fn notes(Authenticated(who): Authenticated) -> String {
//!     format!("the notes of user {:?}", who.user_id())
//! }
//!
//! fn app(jeton: Jeton) -> Router {
//!     let ours = Router::new().route("/notes", get(notes)).with_state(State { jeton: jeton.clone() });
//!     ours.merge(jeton.router())
//! }
//! ```

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jeton_token::algorithm::Algorithm;
use jeton_token::claims::Claims;
use jeton_token::error::{Flaw, TokenError};
use jeton_token::jws::claimed_key_id;
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::Clock;
use jeton_token::token::{self, Tokens};
use serde::de::DeserializeOwned;

use super::authentication::{Callers, authenticate, bearer_word};
use super::error::{ApiError, Refused};
use super::language::{self, Language};
use super::render;
use crate::Jeton;
use crate::auth::{AuthError, Principal};
use crate::entropy::Entropy;
use crate::jwks::{JwkUrl, RemoteKeys};
use crate::settings::ErrorTexts;

/// The caller of a request, recognised by one of `authentication.classes`.
///
/// `Option<Authenticated>` lets strangers pass, but not bad credentials. A browser session needs `X-CSRFToken` with
/// unsafe methods: the body is the handler's, so that a form field is not looked for.
#[derive(Clone, Debug)]
pub struct Authenticated(pub Principal);

impl<S> FromRequestParts<S> for Authenticated
where
    Jeton: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let caller = Option::<Self>::from_request_parts(parts, state).await?;
        let jeton = Jeton::from_ref(state);
        caller.ok_or_else(|| Rejection::of(&jeton, parts, AuthError::NotAuthenticated.into()))
    }
}

impl<S> OptionalFromRequestParts<S> for Authenticated
where
    Jeton: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        let jeton = Jeton::from_ref(state);
        // The classes look at heads; what looks into bodies finds this one empty.
        let mut request = Request::from_parts(parts.clone(), Body::empty());
        let authentication = authenticate(jeton.app(), Callers::Tried, &mut request).await;
        match authentication.principal {
            Ok(principal) => Ok(principal.map(Self)),
            Err(error) => Err(Rejection::of(&jeton, parts, error)),
        }
    }
}

/// The claims of an access token that the [`Verifier`] in the app's state takes, in a type of the app's own.
///
/// ```
/// use jeton::extract::Verified;
///
/// #[derive(serde::Deserialize)]
/// struct Claims {
///     user_id: String,
///     #[serde(default)]
///     groups: Vec<String>,
/// }
///
/// async fn reports(Verified(claims): Verified<Claims>) -> String {
///     format!("{} may see {:?}", claims.user_id, claims.groups)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Verified<T = serde_json::Map<String, serde_json::Value>>(pub T);

/// Checks tokens of the `Authorization` header by the keys of whoever mints them, without users and without a database.
/// Cheap to clone.
///
/// What it cannot know is what only the ledger does: that a login has ended. Access tokens are short for that reason.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<Keys>,
    clock: Clock,
}

enum Keys {
    /// One, with its policy.
    One(Box<Tokens>),
    /// Those of a document that the app has.
    Set(token::Verifier),
    /// Those of a document that is fetched. No token is verified by the key of `policy`, which nobody knows.
    At { remote: RemoteKeys, policy: Box<Tokens> },
}

impl Verifier {
    /// Takes access tokens as these would: by their key and their policy.
    pub fn new(tokens: Tokens) -> Self {
        Self::by(Keys::One(Box::new(tokens)))
    }

    /// Takes access tokens that any key of a set signed.
    pub fn of_set(keys: token::Verifier) -> Self {
        Self::by(Keys::Set(keys))
    }

    /// Takes access tokens of this policy whose `kid` names a key of this algorithm in the document at a URL. The document
    /// is fetched when a `kid` is unknown, at most every ten seconds, and kept for five minutes.
    ///
    /// ```
    /// use jeton::extract::Verifier;
    /// use jeton::jwks::JwkUrl;
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::policy::Policy;
    ///
    /// let url = JwkUrl::parse("https://login.example/jwks.json")?;
    /// let verifier = Verifier::at(url, Algorithm::EdDsa, Policy::default());
    /// # drop(verifier);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(url: JwkUrl, algorithm: Algorithm, policy: Policy) -> Self {
        let remote = RemoteKeys::new(url, algorithm, policy.strict);
        let unknown: [u8; 32] = Entropy::system().bytes();
        let key = Key::from_secret(Algorithm::Hs256, &unknown).expect("32 bytes are a key for HS256");
        Self::by(Keys::At { remote, policy: Box::new(Tokens::new(key, policy)) })
    }

    /// The same by another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The claims of an access token.
    ///
    /// # Errors
    ///
    /// [`TokenError`], if it is none that is good at this moment.
    pub async fn verify(&self, token: &[u8]) -> Result<Claims, TokenError> {
        let now = self.clock.now();
        let genuine = match &*self.keys {
            Keys::One(tokens) => tokens.decode(token, now)?,
            Keys::Set(keys) => keys.decode(token, now)?,
            Keys::At { remote, policy } => {
                let kid = claimed_key_id(token).ok_or(Flaw::Signature)?;
                let jws = remote.find(&kid, now).await.ok_or(Flaw::Signature)?;
                policy.decode_by(&jws, token, now)?
            }
        };
        genuine.into_token(Some(TokenType::Access))
    }

    fn by(keys: Keys) -> Self {
        Self { keys: Arc::new(keys), clock: Clock::system() }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl<S, T> FromRequestParts<S> for Verified<T>
where
    Verifier: FromRef<S>,
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let refused = |error: AuthError| {
            let challenge = HeaderValue::from_static("Bearer realm=\"api\"");
            Rejection::new(error.into(), Language::ENGLISH, ErrorTexts::V5_5, challenge)
        };
        let token = bearer_word(&parts.headers).map_err(refused)?;
        let token = token.ok_or_else(|| refused(AuthError::NotAuthenticated))?;
        let claims = Verifier::from_ref(state).verify(token).await.map_err(|error| refused(error.into()))?;
        // Claims of other types than the app wants are no claims for this app.
        T::deserialize(claims.as_object()).map(Self).map_err(|_| refused(AuthError::NoUserIdentification))
    }
}

/// A caller was not let in. As a response it is what Jeton's own endpoints would answer.
#[derive(Debug)]
pub struct Rejection(Response);

impl Rejection {
    fn of(jeton: &Jeton, parts: &Parts, error: ApiError) -> Self {
        let settings = jeton.auth().settings();
        let challenge = Callers::Known.challenge(settings);
        let language = language::choose(&parts.headers, &settings.languages);
        Self::new(error, language, settings.wire.error_texts, challenge)
    }

    fn new(error: ApiError, language: Language, texts: ErrorTexts, challenge: impl Into<Option<HeaderValue>>) -> Self {
        let answer = Refused::from(error).answer(language, texts, challenge.into());
        let mut response = Response::new(answer.data.map_or_else(Body::empty, |data| render::json(&data, None).into()));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self(response)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.0
    }
}
