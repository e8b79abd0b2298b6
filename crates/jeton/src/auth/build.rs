//! From the settings to the rules that the use cases go by.

use std::io;
use std::num::{NonZeroU32, NonZeroUsize};

use jeton_token::key::KeyError;
use jeton_token::policy::Policy;
use jeton_token::rotation::Rules;

use crate::jwks::RemoteKeys;
use crate::passwords::{Algorithm, Argon2Cost, CostError, CostLimits, PasswordConfig};
use crate::settings::{Passwords, PreferredHash, Settings, UserField};

/// Why the parts do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The key does not fit the algorithm, or the halves of a pair each other.
    #[error("simple_jwt.SIGNING_KEY and VERIFYING_KEY: {0}")]
    Key(#[from] KeyError),
    /// The site's secret cannot sign hand-made tokens.
    #[error("secret_key, for hand-made tokens: {0}")]
    HandMade(KeyError),
    /// Passwords cannot be hashed at this cost.
    #[error("passwords: {0}")]
    Cost(#[from] CostError),
    /// A number of the password settings is zero.
    #[error("passwords.{0} must be at least 1")]
    Zero(&'static str),
    /// The system gave no threads to hash passwords on.
    #[error("passwords.threads: {0}")]
    Threads(#[from] io::Error),
    /// The app's own users are found by id and by name, and by nothing else.
    #[error("simple_jwt.USER_ID_FIELD must be id or username where the app brings its own users")]
    UserIdField,
    /// Not said with the URL: there may be a password in it.
    #[error("redis.url is not the URL of a Redis server: write redis://user:password@host:6379/0")]
    Redis,
}

pub(super) fn policy(settings: &Settings) -> Policy {
    let simple_jwt = &settings.simple_jwt;
    Policy {
        access_lifetime: simple_jwt.access_token_lifetime,
        refresh_lifetime: simple_jwt.refresh_token_lifetime,
        sliding_lifetime: simple_jwt.sliding_token_lifetime,
        sliding_refresh_lifetime: simple_jwt.sliding_token_refresh_lifetime,
        leeway: simple_jwt.leeway,
        audience: simple_jwt.audience.clone(),
        issuer: simple_jwt.issuer.clone(),
        type_claim: simple_jwt.token_type_claim.clone(),
        jti_claim: simple_jwt.jti_claim.clone(),
        user_id_claim: simple_jwt.user_id_claim.clone(),
        sliding_refresh_claim: simple_jwt.sliding_token_refresh_exp_claim.clone(),
        strict: settings.strict_tokens,
    }
}

/// What the app's own users cannot be asked for.
pub(super) fn check_own_users(settings: &Settings) -> Result<(), BuildError> {
    match settings.simple_jwt.user_id_field {
        UserField::Id | UserField::Username => Ok(()),
        UserField::Email | UserField::FirstName | UserField::LastName => Err(BuildError::UserIdField),
    }
}

pub(super) fn remote_keys(settings: &Settings) -> Option<RemoteKeys> {
    let simple_jwt = &settings.simple_jwt;
    let url = simple_jwt.jwk_url.clone()?;
    Some(RemoteKeys::new(url, simple_jwt.algorithm, settings.strict_tokens))
}

pub(super) fn rules(settings: &Settings) -> Rules {
    Rules {
        rotate: settings.simple_jwt.rotate_refresh_tokens,
        blacklist: settings.simple_jwt.blacklist_after_rotation && settings.ledger.blacklist,
        detect_reuse: settings.ledger.reuse_detection,
        window: settings.ledger.replay_window,
        late_replay: settings.ledger.late_replay,
        late_limit: settings.ledger.late_replay_limit,
    }
}

pub(super) fn password_config(passwords: &Passwords) -> Result<PasswordConfig, BuildError> {
    let iterations = |count: u32, name| NonZeroU32::new(count).ok_or(BuildError::Zero(name));
    Ok(PasswordConfig {
        preferred: match passwords.preferred {
            PreferredHash::Pbkdf2Sha256 => Algorithm::Pbkdf2Sha256,
            PreferredHash::Argon2 => Algorithm::Argon2,
        },
        pbkdf2_iterations: iterations(passwords.pbkdf2_iterations, "pbkdf2_iterations")?,
        argon2: Argon2Cost::new(passwords.argon2_memory_kib, passwords.argon2_iterations, passwords.argon2_lanes)?,
        limits: CostLimits {
            pbkdf2_iterations: passwords.max_pbkdf2_iterations,
            argon2_memory: passwords.max_argon2_memory_kib,
            argon2_time: passwords.max_argon2_iterations,
            argon2_lanes: passwords.max_argon2_lanes,
            bcrypt_cost: passwords.max_bcrypt_cost,
            scrypt_memory: passwords.max_scrypt_memory_kib,
            scrypt_lanes: passwords.max_scrypt_lanes,
        },
        threads: NonZeroUsize::new(passwords.threads).ok_or(BuildError::Zero("threads"))?,
        queue: passwords.queue,
        max_length: passwords.max_length,
    })
}
