//! Blacklist: end a refresh token.

use jeton_store::{EventKind, FamilyRow, NewEvent, SingleToken};
use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::id::Generation;
use jeton_token::policy::TokenType;
use jeton_token::rotation::EndReason;
use jeton_token::time::Timestamp;
use serde_json::{Map, Value};

use super::hooks::UseCase;
use super::ledger::{Entry, listed_id};
use super::{Auth, AuthError, Caller};

/// A refresh token that is about to end.
pub(super) struct Ending {
    entry: Entry,
    claims: Claims,
    already: bool,
}

impl Ending {
    /// Whether the login has ended as a whole: nothing is left to end.
    pub(super) fn is_over(&self) -> bool {
        match &self.entry {
            Entry::Refresh(row, _) | Entry::Sliding(row) => row.state.revoked,
            Entry::ForeignBlacklisted | Entry::Unknown(_) => true,
            Entry::None | Entry::Foreign(_) => false,
        }
    }
}

impl Auth {
    /// Ends a refresh token, and in a family its whole future. Answers what a hook adds, which is nothing without one.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::Store`].
    pub async fn blacklist(&self, token: &str, caller: &Caller) -> Result<Map<String, Value>, AuthError> {
        let mut ending = self.ending(token, caller).await?;
        let mut fields = Map::new();
        if self.has_hooks() {
            let user = self.user_of(&ending.claims).await?;
            self.after(UseCase::Blacklist, user.user(), &mut ending.claims, &mut fields, caller).await?;
        }
        self.end(&ending, EventKind::TokenBlacklisted, caller).await?;
        Ok(fields)
    }

    /// Reads a token that is to end. Where ending wins, any unexpired token of a family will do, even one that has been
    /// used up or ended before.
    pub(super) async fn ending(&self, token: &str, caller: &Caller) -> Result<Ending, AuthError> {
        let genuine = self.decode(token.as_bytes()).await?;
        self.before(UseCase::Blacklist, genuine.claims(), caller).await?;
        let entry = self.look_up(&genuine).await?;
        let already = self.is_blacklisted(&entry).await?;
        if let Entry::Unknown(key) = &entry {
            self.record(EventKind::UnknownToken, *key, None, caller, None).await?;
            return Err(TokenError::Blacklisted.into());
        }
        if already && !self.settings().ledger.ending_wins {
            return Err(TokenError::Blacklisted.into());
        }
        Ok(Ending { claims: genuine.into_token(Some(TokenType::Refresh))?, entry, already })
    }

    /// Whose token it is, as far as anybody knows.
    pub(super) async fn owner(&self, ending: &Ending) -> Result<Option<i64>, AuthError> {
        match &ending.entry {
            Entry::Refresh(row, _) | Entry::Sliding(row) => Ok(row.user_id),
            Entry::None | Entry::Foreign(_) | Entry::ForeignBlacklisted | Entry::Unknown(_) => {
                Ok(self.user_of(&ending.claims).await?.id())
            }
        }
    }

    /// Ends it. The answer comes after the commit.
    pub(super) async fn end(&self, ending: &Ending, kind: EventKind, caller: &Caller) -> Result<(), AuthError> {
        match &ending.entry {
            Entry::None | Entry::ForeignBlacklisted | Entry::Unknown(_) => Ok(()),
            Entry::Foreign(id) => {
                let user_id = self.user_of(&ending.claims).await?.id();
                self.list(id.clone(), user_id, &ending.claims, kind, caller).await?;
                // A rotation may have made a family of it in the meantime: that ends, too.
                match self.store().find_family_by_origin(id).await? {
                    Some(row) => self.end_family(&row, kind, caller).await,
                    None => Ok(()),
                }
            }
            Entry::Sliding(row) => self.end_family(row, kind, caller).await,
            Entry::Refresh(row, generation) if self.ends_alone(row, *generation) => {
                if ending.already {
                    return Ok(());
                }
                self.list(listed_id(row, *generation), row.user_id, &ending.claims, kind, caller).await
            }
            Entry::Refresh(row, generation) => {
                self.note_in_use(row.key, generation.low_bits());
                self.end_family(row, kind, caller).await
            }
        }
    }

    /// Whether other generations live on when this one ends: exact, after rotations without blacklisting.
    fn ends_alone(&self, row: &FamilyRow, generation: Generation) -> bool {
        let alone = row.state.generation == generation && row.state.consumed_below == generation;
        !alone && !self.settings().ledger.ending_wins
    }

    async fn end_family(&self, row: &FamilyRow, kind: EventKind, caller: &Caller) -> Result<(), AuthError> {
        let event = self.event(kind, row.key, row.user_id, caller, None);
        self.store().end_family(row.key, EndReason::Logout, None, self.now(), &event).await?;
        Ok(())
    }

    async fn list(
        &self,
        jti: String,
        user_id: Option<i64>,
        claims: &Claims,
        kind: EventKind,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        let now = self.now();
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds.ceil() as i64);
        let token = SingleToken {
            jti,
            user_id,
            created_at: seconds("iat").map_or(now, Timestamp::from_seconds),
            expires_at: self.horizon(seconds("exp").unwrap_or_default()),
        };
        let event = NewEvent { at: now, kind, user_id, family: None, address: caller.address(), detail: None };
        self.store().blacklist_token(&token, now, Some(&event)).await?;
        Ok(())
    }
}
