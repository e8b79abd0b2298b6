//! What operators do with tokens: mint one without a password, look one up in the ledger, end one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_store::{EventKind, FamilyKind, FamilyRow, NewEvent, SingleToken, User};
use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::id::{FamilyKey, Generation, Jti, Member, TokenId};
use jeton_token::rotation::{EndReason, is_blacklisted};
use jeton_token::time::Timestamp;
use serde_json::Value;

use super::{Auth, AuthError, Caller, Pair, Sliding};

/// What the ledger says of an id: what Simple JWT's two tables would say, and the family behind it.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// It was issued, and its family or its own entry has not been flushed.
    pub outstanding: bool,
    /// It was used up, ended or listed.
    pub blacklisted: bool,
    /// Whose it is, if that is known.
    pub user_id: Option<i64>,
    /// Its family, if it has one.
    pub family: Option<FamilyRow>,
    /// Which refresh token of the family it is. A foreign token that became a family is its generation 0.
    pub generation: Option<Generation>,
    /// Its own entry on the blacklist, if it has one, and since when.
    pub single: Option<(SingleToken, Timestamp)>,
}

/// What ending a token did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Its family has ended, and with it every token of that login.
    FamilyEnded(FamilyKey),
    /// A token of nobody's family is on the blacklist now.
    Listed,
    /// It had ended before.
    Already,
    /// No such family is in the ledger: it was flushed, or never was.
    Unknown,
    /// A foreign id by itself does not say for how long it must be remembered; the token does.
    NeedsToken,
    /// There is no ledger: `ledger.blacklist` is off.
    NoLedger,
}

impl Auth {
    /// A pair for a user, by the rules of a login but for the password.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserInactive`], [`AuthError::Store`].
    pub async fn mint_pair(&self, user: &User, caller: &Caller) -> Result<Pair, AuthError> {
        self.check_minting(user)?;
        self.pair_of(user, caller).await
    }

    /// A sliding token for a user, by the rules of a login but for the password.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserInactive`], [`AuthError::Store`].
    pub async fn mint_sliding(&self, user: &User, caller: &Caller) -> Result<Sliding, AuthError> {
        self.check_minting(user)?;
        self.sliding_of(user, caller).await
    }

    /// Looks an id up.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn standing(&self, jti: &str) -> Result<Standing, AuthError> {
        let listed = self.store().find_blacklisted_token(jti).await?;
        let single = listed.map(|listed| (listed.token, listed.blacklisted_at));
        let (family, generation) = match TokenId::parse(jti) {
            TokenId::Refresh(key, generation) => (self.family_of(key, FamilyKind::Refresh).await?, Some(generation)),
            TokenId::Sliding(key) => (self.family_of(key, FamilyKind::Sliding).await?, None),
            TokenId::Foreign(jti) => (self.store().find_family_by_origin(&jti).await?, Some(Generation(0))),
        };
        let Some(row) = family else {
            let user_id = single.as_ref().and_then(|(token, _)| token.user_id);
            let listed = single.is_some();
            return Ok(Standing { outstanding: listed, blacklisted: listed, user_id, single, ..Standing::default() });
        };
        let is_origin = row.origin_jti.as_deref() == Some(jti);
        let outstanding = generation.is_none_or(|generation| was_minted(&row, generation, is_origin));
        let gone =
            generation.map_or(row.state.revoked, |generation| is_blacklisted(&row.state, generation, single.is_some()));
        Ok(Standing {
            outstanding,
            blacklisted: outstanding && gone,
            user_id: row.user_id,
            family: Some(row),
            generation,
            single,
        })
    }

    /// Ends the family of a token that is genuine and has not expired, or lists it if it has no family.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::Store`].
    pub async fn revoke_token(&self, token: &str) -> Result<Revocation, AuthError> {
        let genuine = self.decode(token.as_bytes()).await?;
        let id = genuine.id()?.ok_or(TokenError::MissingId)?;
        match self.revoke_id(&id).await? {
            Revocation::NeedsToken => self.list_foreign(id, genuine.claims()).await,
            done => Ok(done),
        }
    }

    /// Ends the family that an id belongs to.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn revoke_id(&self, jti: &str) -> Result<Revocation, AuthError> {
        if !self.settings().ledger.blacklist {
            return Ok(Revocation::NoLedger);
        }
        let row = match Jti::parse(jti) {
            Some(jti) => match self.store().find_family(jti.family()).await? {
                Some(row) => row,
                None => return Ok(Revocation::Unknown),
            },
            None => match self.store().find_family_by_origin(jti).await? {
                Some(row) => row,
                None if self.store().find_blacklisted_token(jti).await?.is_some() => return Ok(Revocation::Already),
                None => return Ok(Revocation::NeedsToken),
            },
        };
        let now = self.now();
        let event = NewEvent {
            at: now,
            kind: EventKind::FamilyEnded,
            user_id: row.user_id,
            family: Some(row.key),
            address: None,
            detail: Some(EndReason::Operator.as_str().to_owned()),
        };
        match self.store().end_family(row.key, EndReason::Operator, None, now, &event).await? {
            true => Ok(Revocation::FamilyEnded(row.key)),
            false => Ok(Revocation::Already),
        }
    }

    async fn list_foreign(&self, jti: String, claims: &Claims) -> Result<Revocation, AuthError> {
        let now = self.now();
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds.ceil() as i64);
        let user_id = self.user_of(claims).await?.id();
        let token = SingleToken {
            jti,
            user_id,
            created_at: seconds("iat").map_or(now, Timestamp::from_seconds),
            expires_at: self.horizon(seconds("exp").ok_or_else(|| TokenError::MissingTime("exp".to_owned()))?),
        };
        let event = NewEvent {
            at: now,
            kind: EventKind::TokenBlacklisted,
            user_id,
            family: None,
            address: None,
            detail: Some(EndReason::Operator.as_str().to_owned()),
        };
        match self.store().blacklist_token(&token, now, Some(&event)).await? {
            true => Ok(Revocation::Listed),
            false => Ok(Revocation::Already),
        }
    }

    async fn family_of(&self, key: FamilyKey, kind: FamilyKind) -> Result<Option<FamilyRow>, AuthError> {
        Ok(self.store().find_family(key).await?.filter(|row| row.kind == kind))
    }

    fn check_minting(&self, user: &User) -> Result<(), AuthError> {
        if user.is_active { Ok(()) } else { Err(AuthError::UserInactive) }
    }
}

/// Header and claims of a token as they stand, true or not; nothing if it is none. For showing them, never for believing them.
pub fn read_unverified(token: &str) -> Option<(Value, Value)> {
    let mut parts = token.split('.');
    let mut part = || {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        serde_json::from_slice(&bytes).ok().filter(Value::is_object)
    };
    let (header, claims) = (part()?, part()?);
    (parts.count() == 1).then_some((header, claims))
}

impl Standing {
    /// `refresh`, `sliding` or `access`, as far as the id and its family tell; nothing of a foreign id without one.
    pub fn kind(&self, jti: &str) -> Option<&'static str> {
        match (Jti::parse(jti).map(|jti| jti.member()), &self.family) {
            (Some(Member::Access(_)), _) => Some("access"),
            (Some(Member::Sliding), _) => Some("sliding"),
            (Some(Member::Refresh(_)), _) | (None, Some(_)) => Some("refresh"),
            (None, None) => None,
        }
    }
}

/// Whether a family minted this generation; the place of generation 0 may be the foreign token's that it descends from.
fn was_minted(row: &FamilyRow, generation: Generation, is_origin: bool) -> bool {
    let replaced = generation == Generation(0) && row.origin_jti.is_some() && !is_origin;
    generation <= row.state.generation && !replaced
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jeton_store::{OpenMode, Store};
    use jeton_token::policy::TokenType;
    use jeton_token::time::Clock;

    use super::*;
    use crate::auth::Account;
    use crate::entropy::Entropy;
    use crate::settings::{Compatibility, Settings};

    const START: Timestamp = Timestamp::from_seconds(1_763_676_000);

    async fn site() -> (Auth, User, Caller) {
        let secret = "a secret of at least thirty-two bytes";
        let mut settings = Settings::new(Compatibility::Safe, secret.into());
        settings.simple_jwt.rotate_refresh_tokens = true;
        settings.simple_jwt.blacklist_after_rotation = true;
        let store = Store::open("sqlite::memory:", OpenMode::Create, START).unwrap();
        let auth = Auth::new(Arc::new(settings), store, Clock::manual(START), Entropy::seeded(1)).unwrap();
        let id = auth.create_user(Account { username: "alice".into(), ..Account::default() }).await.unwrap();
        let user = auth.store().find_user(id).await.unwrap().unwrap();
        (auth, user, Caller { at: START, address: None, user_agent: None })
    }

    fn jti(auth: &Auth, token: &str) -> String {
        auth.tokens().decode(token.as_bytes(), START).unwrap().id().unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_minted_pair_is_in_the_ledger_and_ends_with_its_family() {
        let (auth, user, caller) = site().await;
        let pair = auth.mint_pair(&user, &caller).await.unwrap();
        let id = jti(&auth, &pair.refresh);
        let standing = auth.standing(&id).await.unwrap();
        assert!(standing.outstanding && !standing.blacklisted);
        assert_eq!((standing.user_id, standing.kind(&id)), (Some(user.id), Some("refresh")));
        assert!(matches!(auth.revoke_token(&pair.access).await, Ok(Revocation::FamilyEnded(_))));
        assert!(auth.standing(&id).await.unwrap().blacklisted);
        assert!(matches!(auth.revoke_id(&id).await, Ok(Revocation::Already)));
        assert!(auth.refresh(&pair.refresh, &caller).await.is_err());
    }

    #[tokio::test]
    async fn a_rotation_blacklists_the_one_before_and_nothing_is_said_of_what_was_never_minted() {
        let (auth, user, caller) = site().await;
        let pair = auth.mint_pair(&user, &caller).await.unwrap();
        let next = auth.refresh(&pair.refresh, &caller).await.unwrap().refresh.unwrap();
        let stands = async |id: &str| {
            let standing = auth.standing(id).await.unwrap();
            (standing.outstanding, standing.blacklisted)
        };
        assert_eq!(stands(&jti(&auth, &pair.refresh)).await, (true, true));
        assert_eq!(stands(&jti(&auth, &next)).await, (true, false));
        let key = Jti::parse(&jti(&auth, &next)).unwrap().family();
        assert_eq!(stands(&key.refresh(Generation(2)).to_string()).await, (false, false));
        assert_eq!(stands(&jti(&auth, &pair.access)).await, (false, false));
    }

    #[tokio::test]
    async fn a_foreign_token_is_listed_by_itself_and_a_foreign_id_alone_is_not_enough() {
        let (auth, user, _) = site().await;
        let further: Claims = [("user_id", user.id.to_string())].into_iter().collect();
        let foreign = auth.tokens().mint(TokenType::Refresh, Some("from-elsewhere"), &further, START);
        let foreign = auth.tokens().sign(&foreign);
        assert!(matches!(auth.revoke_id("from-elsewhere").await, Ok(Revocation::NeedsToken)));
        assert!(!auth.standing("from-elsewhere").await.unwrap().outstanding);
        assert!(matches!(auth.revoke_token(&foreign).await, Ok(Revocation::Listed)));
        let standing = auth.standing("from-elsewhere").await.unwrap();
        assert!(standing.outstanding && standing.blacklisted);
        assert_eq!(standing.user_id, Some(user.id));
        assert!(matches!(auth.revoke_id("from-elsewhere").await, Ok(Revocation::Already)));
    }

    #[tokio::test]
    async fn an_adopted_token_is_generation_zero_of_its_family() {
        let (auth, user, caller) = site().await;
        let further: Claims = [("user_id", user.id.to_string())].into_iter().collect();
        let foreign = auth.tokens().mint(TokenType::Refresh, Some("from-elsewhere"), &further, START);
        let next = auth.refresh(&auth.tokens().sign(&foreign), &caller).await.unwrap().refresh.unwrap();
        let standing = auth.standing("from-elsewhere").await.unwrap();
        assert!(standing.outstanding && standing.blacklisted);
        let key = Jti::parse(&jti(&auth, &next)).unwrap().family();
        assert!(!auth.standing(&key.refresh(Generation(0)).to_string()).await.unwrap().outstanding);
        assert!(auth.standing(&jti(&auth, &next)).await.unwrap().outstanding);
    }

    #[test]
    fn what_is_read_unverified_is_what_stands_there() {
        let token = "eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoiMSJ9.";
        let (header, claims) = read_unverified(token).unwrap();
        assert_eq!((header["alg"].as_str(), claims["user_id"].as_str()), (Some("none"), Some("1")));
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoiMSJ9", &format!("{token}.x"), "W10.e30."] {
            assert!(read_unverified(text).is_none(), "{text}");
        }
    }

    #[tokio::test]
    async fn nobody_mints_for_a_locked_user() {
        let (auth, user, caller) = site().await;
        let locked = User { is_active: false, ..user };
        assert!(matches!(auth.mint_pair(&locked, &caller).await, Err(AuthError::UserInactive)));
        assert!(matches!(auth.mint_sliding(&locked, &caller).await, Err(AuthError::UserInactive)));
    }
}
