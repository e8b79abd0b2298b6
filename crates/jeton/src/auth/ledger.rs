//! What the ledger knows of a token, and how tokens get their names.

use jeton_store::{BlacklistedToken, FamilyKind, FamilyRow};
use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::id::{FamilyKey, Generation, TokenId};
use jeton_token::rotation::is_blacklisted;
use jeton_token::time::Timestamp;
use jeton_token::token::Genuine;

use super::{Auth, AuthError};

/// What the ledger knows of a refresh or sliding token, by its id alone.
pub(super) enum Entry {
    /// There is no ledger, or tokens have no ids.
    None,
    /// A refresh token of this family; a foreign one that became a family counts as its generation 0.
    Refresh(Box<FamilyRow>, Generation),
    /// A sliding token of this family.
    Sliding(Box<FamilyRow>),
    /// A foreign token that is on no list.
    Foreign(String),
    /// A foreign token on the list of blacklisted ones, or one whose entry may have been flushed.
    ForeignBlacklisted,
    /// Our own layout, but no such family.
    Unknown(FamilyKey),
}

impl Auth {
    /// Looks a genuine token up.
    pub(super) async fn look_up(&self, token: &Genuine<'_>) -> Result<Entry, AuthError> {
        if !self.settings().ledger.blacklist {
            return Ok(Entry::None);
        }
        let Some(id) = token.id()? else {
            return Ok(Entry::None);
        };
        match TokenId::parse(&id) {
            TokenId::Refresh(key, generation) => Ok(match self.store().find_family(key).await? {
                Some(row) if row.kind == FamilyKind::Refresh => Entry::Refresh(Box::new(row), generation),
                Some(_) | None => Entry::Unknown(key),
            }),
            TokenId::Sliding(key) => Ok(match self.store().find_family(key).await? {
                Some(row) if row.kind == FamilyKind::Sliding => Entry::Sliding(Box::new(row)),
                Some(_) | None => Entry::Unknown(key),
            }),
            TokenId::Foreign(id) => self.look_up_foreign(id, token.claims()).await,
        }
    }

    async fn look_up_foreign(&self, id: String, claims: &Claims) -> Result<Entry, AuthError> {
        if id.len() > MAX_FOREIGN_ID {
            return Err(TokenError::Invalid(jeton_token::error::Flaw::Id).into());
        }
        // The list first: nothing on it becomes a family any more, so the family that is found after it is the last word.
        let is_listed = self.find_single(&id).await?.is_some();
        if let Some(row) = self.store().find_family_by_origin(&id).await? {
            return Ok(Entry::Refresh(Box::new(row), Generation(0)));
        }
        if is_listed || self.may_be_flushed(claims).await? {
            return Ok(Entry::ForeignBlacklisted);
        }
        Ok(Entry::Foreign(id))
    }

    /// Whether the entry counts as blacklisted, rotation aside.
    pub(super) async fn is_blacklisted(&self, entry: &Entry) -> Result<bool, AuthError> {
        Ok(match entry {
            Entry::None | Entry::Foreign(_) => false,
            Entry::ForeignBlacklisted | Entry::Unknown(_) => true,
            Entry::Sliding(row) => row.state.revoked,
            Entry::Refresh(row, generation) => {
                is_blacklisted(&row.state, *generation, self.is_single(row, *generation).await?)
            }
        })
    }

    /// Whether this very generation is listed singly. Only families that rotated without blacklisting can have such.
    pub(super) async fn is_single(&self, row: &FamilyRow, generation: Generation) -> Result<bool, AuthError> {
        if row.state.consumed_below >= row.state.generation {
            return Ok(false);
        }
        Ok(self.find_single(&listed_id(row, generation)).await?.is_some())
    }

    async fn find_single(&self, id: &str) -> Result<Option<BlacklistedToken>, AuthError> {
        Ok(self.store().find_blacklisted_token(id).await?)
    }

    async fn may_be_flushed(&self, claims: &Claims) -> Result<bool, AuthError> {
        let Some(expires_at) = claims.get("exp").and_then(serde_json::Value::as_f64) else {
            return Ok(false);
        };
        let flushed_through = self.store().flushed_through().await?;
        Ok(flushed_through.is_some_and(|through| Timestamp::from_seconds(expires_at as i64) <= through))
    }

    /// When the ledger may forget what expires at this second.
    pub(super) fn horizon(&self, expires_at: i64) -> Timestamp {
        Timestamp::from_seconds(expires_at) + self.tokens().policy().leeway
    }

    /// Writes the id of a refresh token; without a family it is one of Simple JWT's own kind.
    pub(super) fn name_token(&self, claims: &mut Claims, id: Option<String>) {
        let Some(name) = &self.tokens().policy().jti_claim else { return };
        if let Some(id) = id.or_else(|| self.foreign_id()) {
            claims.set(name, id);
        }
    }

    /// The id of an access token minted from this generation.
    pub(super) fn access_id(&self, key: Option<FamilyKey>, generation: Generation) -> Option<String> {
        match key {
            Some(key) => Some(key.access(generation, self.entropy().bytes()).to_string()),
            None => self.foreign_id(),
        }
    }

    /// A random id like `uuid4().hex`, or nothing where tokens have none.
    pub(super) fn foreign_id(&self) -> Option<String> {
        self.tokens().policy().jti_claim.as_ref()?;
        let mut bytes: [u8; 16] = self.entropy().bytes();
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Keeps a refresh token within `REFRESH_FAMILY_LIFETIME` of its family's beginning; answers its `exp`.
    pub(super) fn bound_refresh_expiry(&self, claims: &mut Claims, family_created: Timestamp) -> i64 {
        let expires_at = claims.get("exp").and_then(serde_json::Value::as_i64).unwrap_or_default();
        let end = self.settings().ledger.refresh_family_lifetime.map(|life| (family_created + life).seconds());
        let bounded = end.map_or(expires_at, |end| expires_at.min(end));
        claims.set("exp", bounded);
        bounded
    }
}

/// The id under which a generation is listed singly: its own, and for a foreign token that became a family the foreign one.
pub(super) fn listed_id(row: &FamilyRow, generation: Generation) -> String {
    match &row.origin_jti {
        Some(origin) if generation == Generation(0) => origin.clone(),
        Some(_) | None => row.key.refresh(generation).to_string(),
    }
}

/// The column of Simple JWT's own table is as long.
const MAX_FOREIGN_ID: usize = 255;
