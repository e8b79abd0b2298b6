//! `[simple_jwt]`: Simple JWT's settings, by their own names.

mod claims;
mod keys;
pub(super) mod python;
mod read;
mod rule;

use std::time::Duration;

pub use jeton_store::UserField;
pub use jeton_token::algorithm::Algorithm;
pub use jeton_token::policy::Audience;
use jeton_token::secret::Secret;

use crate::jwks::JwkUrl;
pub use claims::{Responses, UserAttribute, ValueSource};
pub use rule::{UserCondition, UserRule};

/// A kind of token that a request may be authenticated with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenClass {
    /// `AccessToken`.
    Access,
    /// `RefreshToken`.
    Refresh,
    /// `SlidingToken`.
    Sliding,
    /// `UntypedToken`: any kind.
    Untyped,
}

/// How moments are written into tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonEncoder {
    /// As DRF writes them, to the microsecond.
    #[default]
    RestFramework,
    /// As Django's own encoder writes them, to the millisecond.
    Django,
}

/// Simple JWT's settings, parsed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SimpleJwt {
    /// `ALGORITHM`.
    pub algorithm: Algorithm,
    /// `SIGNING_KEY`, or the site's secret key. A private key in PEM where `ALGORITHM` takes a key pair.
    pub signing_key: Secret<String>,
    /// `VERIFYING_KEY`: the public key in PEM. `None`: it is derived from the private one, or the algorithm has none.
    pub verifying_key: Option<String>,
    /// `JWK_URL`: where further verifying keys are.
    pub jwk_url: Option<JwkUrl>,
    /// `ACCESS_TOKEN_LIFETIME`.
    pub access_token_lifetime: Duration,
    /// `REFRESH_TOKEN_LIFETIME`.
    pub refresh_token_lifetime: Duration,
    /// `SLIDING_TOKEN_LIFETIME`.
    pub sliding_token_lifetime: Duration,
    /// `SLIDING_TOKEN_REFRESH_LIFETIME`.
    pub sliding_token_refresh_lifetime: Duration,
    /// `LEEWAY`: tolerance for `exp`, `nbf`, `iat` and the sliding refresh claim.
    pub leeway: Duration,
    /// `ROTATE_REFRESH_TOKENS`.
    pub rotate_refresh_tokens: bool,
    /// `BLACKLIST_AFTER_ROTATION`.
    pub blacklist_after_rotation: bool,
    /// `UPDATE_LAST_LOGIN`.
    pub update_last_login: bool,
    /// `CHECK_USER_IS_ACTIVE`.
    pub check_user_is_active: bool,
    /// `USER_AUTHENTICATION_RULE`.
    pub user_authentication_rule: UserRule,
    /// `JSON_ENCODER`.
    pub json_encoder: JsonEncoder,
    /// `CHECK_REVOKE_TOKEN`.
    pub check_revoke_token: bool,
    /// `REVOKE_TOKEN_CLAIM`.
    pub revoke_token_claim: String,
    /// `AUDIENCE`.
    pub audience: Option<Audience>,
    /// `ISSUER`.
    pub issuer: Option<String>,
    /// `TOKEN_TYPE_CLAIM`; `None`: the claim is absent and any kind passes as any kind.
    pub token_type_claim: Option<String>,
    /// `JTI_CLAIM`; `None`: the claim is absent, and the blacklist is off.
    pub jti_claim: Option<String>,
    /// `USER_ID_FIELD`.
    pub user_id_field: UserField,
    /// `USER_ID_CLAIM`.
    pub user_id_claim: String,
    /// `SLIDING_TOKEN_REFRESH_EXP_CLAIM`.
    pub sliding_token_refresh_exp_claim: String,
    /// `AUTH_HEADER_TYPES`, never empty; the first is the challenge.
    pub auth_header_types: Vec<String>,
    /// `AUTH_HEADER_NAME` as HTTP writes it, in lower case: `HTTP_X_ACCESS_TOKEN` is `x-access-token`.
    pub auth_header_name: String,
    /// `AUTH_TOKEN_CLASSES`, never empty, in the order they are tried.
    pub auth_token_classes: Vec<TokenClass>,
    /// `[simple_jwt.claims]`, in the order they are written.
    pub claims: Vec<(String, ValueSource)>,
    /// `[simple_jwt.response]`.
    pub response: Responses,
}

impl SimpleJwt {
    /// Simple JWT's own defaults, which are those of both stances.
    pub fn defaults(signing_key: Secret<String>) -> Self {
        Self {
            algorithm: Algorithm::Hs256,
            signing_key,
            verifying_key: None,
            jwk_url: None,
            access_token_lifetime: Duration::from_secs(300),
            refresh_token_lifetime: Duration::from_secs(86_400),
            sliding_token_lifetime: Duration::from_secs(300),
            sliding_token_refresh_lifetime: Duration::from_secs(86_400),
            leeway: Duration::ZERO,
            rotate_refresh_tokens: false,
            blacklist_after_rotation: false,
            update_last_login: false,
            check_user_is_active: true,
            user_authentication_rule: UserRule::default(),
            json_encoder: JsonEncoder::RestFramework,
            check_revoke_token: false,
            revoke_token_claim: "hash_password".to_owned(),
            audience: None,
            issuer: None,
            token_type_claim: Some("token_type".to_owned()),
            jti_claim: Some("jti".to_owned()),
            user_id_field: UserField::Id,
            user_id_claim: "user_id".to_owned(),
            sliding_token_refresh_exp_claim: "refresh_exp".to_owned(),
            auth_header_types: vec!["Bearer".to_owned()],
            auth_header_name: "authorization".to_owned(),
            auth_token_classes: vec![TokenClass::Access],
            claims: Vec::new(),
            response: Responses::default(),
        }
    }
}
