//! What an embedder adds to the use cases of tokens: before each and after each.

mod erased;
mod run;

use std::future::Future;

use jeton_store::User;
use jeton_token::claims::Claims;
use jeton_token::policy::TokenType;
use serde_json::{Map, Value};

use super::Caller;
pub(super) use erased::DynHooks;
pub(super) use run::UseCase;

/// Runs before and after each use case of tokens. Implement what you need; the rest lets everything pass.
///
/// `before_…` sees what was presented. `after_…` runs when everything has been checked and nothing is written yet: a
/// refusal there leaves no trace, and what it adds goes into the tokens and the answer. A refresh asks anew when another
/// one of the same token was faster.
///
/// ```
/// use jeton::auth::{Grant, Hooks, Refusal};
///
/// struct Plans;
///
/// impl Hooks for Plans {
///     async fn after_obtain(&self, grant: &mut Grant<'_>) -> Result<(), Refusal> {
///         match grant.user.map(|user| user.username.as_str()) {
///             Some("mallory") => return Err(Refusal::forbidden("The bill was not paid.").code("unpaid")),
///             Some(_) => grant.set_claim("plan", "basic").set_field("welcome", true),
///             None => grant,
///         };
///         Ok(())
///     }
/// }
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// A name and a password were presented for a pair or a sliding token; nothing was looked up.
    fn before_obtain(&self, _attempt: &Attempt<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }

    /// Tokens are about to be made for a user.
    fn after_obtain(&self, _grant: &mut Grant<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }

    /// A genuine token was presented to be refreshed; the ledger was not asked.
    fn before_refresh(&self, _shown: &Shown<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }

    /// New tokens are about to be made from it.
    fn after_refresh(&self, _grant: &mut Grant<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }

    /// A genuine token was presented to be verified.
    fn before_verify(&self, _shown: &Shown<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }

    /// The token is good. Fields go into the answer; claims have nowhere to go.
    fn after_verify(&self, _grant: &mut Grant<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }

    /// A genuine refresh token was presented to be ended.
    fn before_blacklist(&self, _shown: &Shown<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }

    /// The token may be ended, and is about to be. Fields go into the answer; claims have nowhere to go.
    fn after_blacklist(&self, _grant: &mut Grant<'_>) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }
}

/// Somebody wants to sign in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The name as it was typed; it may be nobody's.
    pub username: &'a str,
    /// `Refresh` for a pair, `Sliding`.
    pub kind: TokenType,
    /// Where the request came from.
    pub caller: &'a Caller,
}

/// A genuine token that was presented.
#[derive(Debug)]
#[non_exhaustive]
pub struct Shown<'a> {
    /// What it says.
    pub claims: &'a Claims,
    /// Where the request came from.
    pub caller: &'a Caller,
}

/// What is about to be answered.
#[derive(Debug)]
#[non_exhaustive]
pub struct Grant<'a> {
    /// Whose token it is; nobody where none is looked up, or there is none.
    pub user: Option<&'a User>,
    /// What the token says so far.
    pub claims: &'a Claims,
    /// Where the request came from.
    pub caller: &'a Caller,
    added: Added,
}

/// What hooks have added.
#[derive(Debug, Default)]
pub(super) struct Added {
    pub(super) claims: Map<String, Value>,
    pub(super) fields: Map<String, Value>,
}

impl<'a> Grant<'a> {
    pub(super) fn new(user: Option<&'a User>, claims: &'a Claims, caller: &'a Caller) -> Self {
        Self { user, claims, caller, added: Added::default() }
    }

    /// Sets a claim of the tokens to be made. Those that Jeton writes itself (times, ids, kind, user) stay as they are.
    pub fn set_claim(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.added.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Sets a field of the answer beside the tokens, which stay as they are.
    pub fn set_field(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.added.fields.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn into_added(self) -> Added {
        self.added
    }
}

/// A hook turned a request away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub(crate) status: RefusalStatus,
    pub(crate) message: String,
    pub(crate) code: Option<String>,
}

/// What a refusal is to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalStatus {
    /// 400.
    Invalid,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
}

impl Refusal {
    /// 401 with this text as `detail`.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self { status: RefusalStatus::Unauthorized, message: message.into(), code: None }
    }

    /// 403 with this text as `detail`.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self { status: RefusalStatus::Forbidden, ..Self::unauthorized(message) }
    }

    /// 400 with this text as `detail`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { status: RefusalStatus::Invalid, ..Self::unauthorized(message) }
    }

    /// A word for programs, as `code` beside the text.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..self }
    }
}
