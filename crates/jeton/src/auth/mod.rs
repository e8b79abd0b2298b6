//! Decides: who may sign in, what a token is worth, what a sign-out ends. Knows nothing of HTTP.

mod access;
mod auth_token;
mod basic;
mod blacklist;
mod build;
mod claims;
mod derived_key;
mod devices;
mod email;
mod error;
mod hand_made;
mod hooks;
mod in_use;
mod key_vault;
mod keys;
mod ledger;
mod limits;
mod live;
mod logout;
mod obtain;
mod operator;
mod own_users;
mod refresh;
mod rule;
mod seal;
mod session;
mod setup;
mod signup;
mod sliding;
mod token_claims;
mod user_key;
mod username;
mod users;
mod verified;
mod verify;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jeton_store::Store;
use jeton_token::jws::Room;
use jeton_token::rotation::{AgentDigest, Rules};
use jeton_token::time::{Clock, Timestamp};
use jeton_token::token::{Genuine, Tokens};
use sha2::{Digest, Sha256};

pub use access::{Identity, Principal, Rejection};
pub use auth_token::AuthTokenError;
pub use build::BuildError;
pub(crate) use claims::moment;
pub use devices::{SignInPage, device_name};
pub use email::{Email, EmailFlaw};
pub use error::AuthError;
pub use hand_made::HandMadeError;
pub use hooks::{Attempt, Grant, Hooks, Refusal, Shown};
pub use jeton_store::User;
pub use keys::{KeyDocument, KeyReport, KeyRotation, KeyStart, KeyState, KeyStep, KeysError};
pub use limits::AccountLimit;
pub use live::Unready;
pub use obtain::{Credentials, Pair, Sliding};
pub use operator::{Revocation, Standing, read_unverified};
pub use own_users::{Users, UsersError};
pub use refresh::Refreshed;
pub use session::Session;
pub use setup::{SetupCode, SetupError};
pub use signup::{Admitted, Applicant, SignUpError};
pub use token_claims::TokenClaims;
pub use username::{NameFlaw, Username};
pub use users::{Account, NewPassword, UserError};

use crate::entropy::Entropy;
use crate::jwks::RemoteKeys;
use crate::limits::{Circle, Gates, Limits, SharedCounts};
use crate::passwords::Hasher;
use crate::settings::Settings;
use derived_key::Purpose;
use hand_made::HandMade;
use hooks::DynHooks;
pub(crate) use hooks::RefusalStatus;
use in_use::InUse;
use key_vault::KeyVault;
use keys::Keys;
use live::Live;
use own_users::DynUsers;
use session::SessionKeys;
use setup::Setup;
use verified::Verified;

/// The use cases of signing in, over one store and one set of settings. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Parts>);

struct Parts {
    settings: Arc<Settings>,
    store: Store,
    tokens: Tokens,
    keys: Keys,
    verified: Verified,
    remote_keys: Option<RemoteKeys>,
    rules: Rules,
    hasher: Hasher,
    key_vault: KeyVault,
    hand_made: HandMade,
    clock: Clock,
    entropy: Entropy,
    in_use: InUse,
    live: Live,
    setup: Setup,
    limits: Limits,
    limit_gates: Gates<Circle>,
    /// Apart, because whoever stands at a gate may wait for an end.
    limit_ends: Gates<Circle>,
    shared_counts: Option<SharedCounts>,
    hooks: Option<Arc<dyn DynHooks>>,
    users: Option<Arc<dyn DynUsers>>,
    session_keys: SessionKeys,
}

/// What an embedder brings along.
#[derive(Clone, Default)]
pub(crate) struct Embedded {
    hooks: Option<Arc<dyn DynHooks>>,
    users: Option<Arc<dyn DynUsers>>,
}

impl Embedded {
    pub(crate) fn hooks(&mut self, hooks: impl Hooks) {
        self.hooks = Some(Arc::new(hooks));
    }

    pub(crate) fn users(&mut self, users: impl Users) {
        self.users = Some(Arc::new(users));
    }
}

/// Where a request came from and when. Everything that is recorded about a caller is in here.
#[derive(Clone, Debug)]
pub struct Caller {
    /// When the head of the request was read.
    pub at: Timestamp,
    /// The address of the peer.
    pub address: Option<IpAddr>,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
}

impl Caller {
    /// What is compared of the user agent, never the text itself.
    fn agent(&self) -> Option<AgentDigest> {
        let digest: [u8; 32] = Sha256::digest(self.user_agent.as_deref()?.as_bytes()).into();
        digest.first_chunk().copied()
    }

    fn address(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }
}

impl Auth {
    /// Puts the parts together. Starts the threads that hash passwords.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if `SIGNING_KEY` or `VERIFYING_KEY` does not fit `ALGORITHM`, or passwords cannot be hashed as configured.
    pub fn new(settings: Arc<Settings>, store: Store, clock: Clock, entropy: Entropy) -> Result<Self, BuildError> {
        Self::embedded(settings, store, clock, entropy, Embedded::default())
    }

    /// The same, with what an embedder brings along.
    pub(crate) fn embedded(
        settings: Arc<Settings>,
        store: Store,
        clock: Clock,
        entropy: Entropy,
        embedded: Embedded,
    ) -> Result<Self, BuildError> {
        let key = settings.simple_jwt.key()?;
        if embedded.users.is_some() {
            build::check_own_users(&settings)?;
        }
        store.tell_ends_for(settings.simple_jwt.access_token_lifetime + settings.simple_jwt.leeway + CLOCK_DIFFERENCE);
        Ok(Self(Arc::new(Parts {
            tokens: Tokens::new(key, build::policy(&settings)),
            keys: Keys::new(&settings),
            verified: Verified::new(&entropy),
            remote_keys: build::remote_keys(&settings),
            rules: build::rules(&settings),
            hasher: Hasher::new(&build::password_config(&settings.passwords)?, entropy.clone())?,
            key_vault: KeyVault::new(&settings.secret_key),
            hand_made: HandMade::new(&settings).map_err(BuildError::HandMade)?,
            in_use: InUse::default(),
            live: Live::new(&settings.nodes),
            setup: Setup::default(),
            limits: Limits::new(&settings.limits, Purpose::LoginLimit.key(&settings.secret_key)),
            limit_gates: Gates::default(),
            limit_ends: Gates::default(),
            shared_counts: SharedCounts::new(&settings.redis).map_err(|_| BuildError::Redis)?,
            hooks: embedded.hooks,
            users: embedded.users,
            session_keys: SessionKeys::of(&settings.secret_key),
            settings,
            store,
            clock,
            entropy,
        })))
    }

    /// The claims of a token that is genuine and in time.
    async fn decode(&self, token: &[u8]) -> Result<Genuine<'_>, AuthError> {
        let mut room = Room::new();
        let payload = self.open(token, &mut room).await?;
        Ok(self.tokens().judge(&payload, self.now())?)
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where users and families are kept.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    fn own_users(&self) -> Option<&dyn DynUsers> {
        self.0.users.as_deref()
    }

    /// Mints this site's tokens and judges them; signs and verifies those of the settings' key.
    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// Where the time comes from.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The time it is.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Where randomness comes from.
    pub fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }
}

/// By how much the clocks of those who tell of an end and of those who heed it may differ.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(10);
