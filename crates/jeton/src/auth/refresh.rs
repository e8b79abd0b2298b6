//! Refresh: a refresh token for a new access token, and with rotation for its own successor.

use jeton_store::{EventKind, FamilyKind, FamilyRow, NewEvent, NewFamily, Rotation, User};
use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::id::{FamilyKey, Generation, TokenId};
use jeton_token::policy::TokenType;
use jeton_token::rotation::{Decision, EndReason, LateReplay, Presented, Refusal, decide};
use jeton_token::time::Timestamp;
use jeton_token::token::Genuine;
use serde_json::{Map, Value};

use super::hooks::UseCase;
use super::keys::ActiveKey;
use super::ledger::Entry;
use super::user_key::Named;
use super::{Auth, AuthError, Caller};

/// The answer to a refresh.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// Always new.
    pub access: String,
    /// The successor, with rotation.
    pub refresh: Option<String>,
    /// What `[simple_jwt.response.refresh]` adds.
    pub fields: Map<String, Value>,
}

/// The parent's claims and whoever they name: what a successor is made of, what signs it, and what is told beside it.
struct Parent<'a> {
    signing: ActiveKey<'a>,
    claims: Claims,
    user: Named,
    fields: Map<String, Value>,
}

/// One pass over the ledger: an answer, or somebody else was faster and the ledger has to be read again.
enum Pass {
    Answer(Refreshed),
    Again,
}

impl Auth {
    /// A new access token, and with rotation a new refresh token, for a good refresh token.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::NoActiveAccount`], [`AuthError::PasswordChanged`], [`AuthError::Store`].
    pub async fn refresh(&self, token: &str, caller: &Caller) -> Result<Refreshed, AuthError> {
        let genuine = self.decode(token.as_bytes()).await?;
        self.before(UseCase::Refresh, genuine.claims(), caller).await?;
        if let Some(refreshed) = self.rotate_unseen(&genuine, caller).await? {
            return Ok(refreshed);
        }
        for _ in 0..MAX_PASSES {
            if let Pass::Answer(refreshed) = self.refresh_once(&genuine, caller).await? {
                return Ok(refreshed);
            }
        }
        Err(AuthError::Contended)
    }

    /// Most tokens that come are the newest of their family. For those the guards of the rotation are all that the rules
    /// ask, so they rotate without a look at the row. Nothing if it is another token, or anything speaks against it: then
    /// the ledger is read, and decides.
    async fn rotate_unseen(&self, genuine: &Genuine<'_>, caller: &Caller) -> Result<Option<Refreshed>, AuthError> {
        // Hooks hear of each refresh once.
        if !self.0.rules.rotate || !self.settings().ledger.blacklist || self.has_hooks() {
            return Ok(None);
        }
        let Some(TokenId::Refresh(key, generation)) = genuine.id()?.map(|id| TokenId::parse(&id)) else {
            return Ok(None);
        };
        // Of a token that the ledger refuses nobody learns more than that.
        let Ok(parent) = self.parent(genuine, caller).await else { return Ok(None) };
        let presented = Presented { generation, blacklisted: false, at: caller.at, agent: caller.agent() };
        let successor = self.renewed(&parent.claims, None, presented.at);
        let token_expires_at = self.tokens().policy().expiry(TokenType::Refresh, presented.at);
        let life = self.settings().ledger.refresh_family_lifetime;
        let rotation = Rotation {
            created_from: life.map(|life| Timestamp::from_seconds(token_expires_at) - life),
            ..self.rotation(&parent, key, &presented, token_expires_at)
        };
        let rotated = self.store().rotate(&rotation).await?;
        Ok(rotated.map(|rotated| self.answer_with_successor(&parent, &rotated, successor)))
    }

    async fn refresh_once(&self, genuine: &Genuine<'_>, caller: &Caller) -> Result<Pass, AuthError> {
        match self.look_up(genuine).await? {
            Entry::Refresh(row, generation) => self.refresh_in_family(genuine, &row, generation, caller).await,
            Entry::None => {
                let parent = self.parent(genuine, caller).await?;
                let rotated = self.0.rules.rotate.then(|| self.renewed(&parent.claims, None, caller.at));
                Ok(Pass::Answer(self.answer(&parent, None, rotated.as_ref())))
            }
            Entry::Foreign(id) => self.refresh_foreign(genuine, &id, caller).await,
            entry @ Entry::Sliding(_) => {
                if self.is_blacklisted(&entry).await? {
                    return Err(TokenError::Blacklisted.into());
                }
                let id = genuine.id()?.ok_or(TokenError::MissingId)?;
                self.refresh_foreign(genuine, &id, caller).await
            }
            Entry::ForeignBlacklisted => Err(TokenError::Blacklisted.into()),
            Entry::Unknown(key) => {
                self.record(EventKind::UnknownToken, key, None, caller, None).await?;
                Err(TokenError::Blacklisted.into())
            }
        }
    }

    /// A token that is not ours: rotated, it becomes a family of its own.
    async fn refresh_foreign(&self, genuine: &Genuine<'_>, id: &str, caller: &Caller) -> Result<Pass, AuthError> {
        let parent = self.parent(genuine, caller).await?;
        if !self.0.rules.rotate {
            return Ok(Pass::Answer(self.answer(&parent, None, None)));
        }
        let key = FamilyKey::new(caller.at, self.entropy().bytes());
        let mut successor = self.renewed(&parent.claims, Some(key.refresh(Generation(1)).to_string()), caller.at);
        let token_expires_at = self.bound_refresh_expiry(&mut successor, caller.at);
        let family = NewFamily {
            key,
            kind: FamilyKind::Refresh,
            user_id: parent.user.id(),
            created_at: caller.at,
            token_expires_at,
            expires_at: self.family_horizon(token_expires_at, &parent.claims),
            agent: caller.agent(),
            user_agent: caller.user_agent.clone(),
            address: caller.address(),
        };
        if !self.store().adopt_token(&family, id, caller.at, self.0.rules.blacklist).await? {
            return Ok(Pass::Again);
        }
        Ok(Pass::Answer(self.answer(&parent, Some((key, Generation(1))), Some(&successor))))
    }

    async fn refresh_in_family(
        &self,
        genuine: &Genuine<'_>,
        row: &FamilyRow,
        generation: Generation,
        caller: &Caller,
    ) -> Result<Pass, AuthError> {
        let blacklisted = self.is_single(row, generation).await?;
        let presented = Presented { generation, blacklisted, at: caller.at, agent: caller.agent() };
        let decision = decide(&row.state, &presented, &self.0.rules);
        if let Some(pass) = self.refuse(decision, row, generation, caller).await? {
            return pass;
        }
        let parent = self.parent(genuine, caller).await?;
        match decision {
            Decision::Accept => {
                let access_until = self.tokens().policy().expiry(TokenType::Access, self.now());
                self.extend(row, access_until).await?;
                Ok(Pass::Answer(self.answer(&parent, Some((row.key, generation)), None)))
            }
            Decision::SameSuccessor => self.same_successor(&parent, row).await,
            Decision::SameSuccessorLate(late) => self.late_successor(&parent, row, late, caller).await,
            Decision::Rotate | Decision::RotateOlder => {
                self.rotate(&parent, row, &presented, decision == Decision::RotateOlder).await
            }
            Decision::Refuse(_) | Decision::RefuseAndMark | Decision::End(_) => Err(TokenError::Blacklisted.into()),
        }
    }

    /// Carries a refusal out; nothing if the decision is none.
    async fn refuse(
        &self,
        decision: Decision,
        row: &FamilyRow,
        generation: Generation,
        caller: &Caller,
    ) -> Result<Option<Result<Pass, AuthError>>, AuthError> {
        let event = |kind| {
            let detail = format!("generation {} presented, {} is the newest", generation.0, row.state.generation.0);
            self.event(kind, row.key, row.user_id, caller, Some(detail))
        };
        let carried_out = match decision {
            Decision::Refuse(Refusal::LedgerBehind) => {
                self.store().append_event(&event(EventKind::LedgerBehind)).await?;
                true
            }
            Decision::Refuse(Refusal::Ended | Refusal::Blacklisted) => true,
            Decision::RefuseAndMark => {
                let marked = event(EventKind::FamilyMarked);
                self.store().mark_family(row.key, row.state.generation, &marked).await?
            }
            Decision::End(reason) => {
                // Exhaustion is found on the newest generation itself, reuse only on one that was left behind.
                let newer_than = (reason == EndReason::Reuse).then_some(generation);
                let ended = event(EventKind::FamilyEnded);
                self.store().end_family(row.key, reason, newer_than, self.now(), &ended).await?
            }
            Decision::Accept
            | Decision::Rotate
            | Decision::RotateOlder
            | Decision::SameSuccessor
            | Decision::SameSuccessorLate(_) => return Ok(None),
        };
        Ok(Some(if carried_out { Err(TokenError::Blacklisted.into()) } else { Ok(Pass::Again) }))
    }

    async fn rotate(
        &self,
        parent: &Parent<'_>,
        row: &FamilyRow,
        presented: &Presented,
        older: bool,
    ) -> Result<Pass, AuthError> {
        let mut successor = self.renewed(&parent.claims, None, presented.at);
        let token_expires_at = self.bound_refresh_expiry(&mut successor, row.created_at);
        if Timestamp::from_seconds(token_expires_at) <= presented.at {
            return Err(TokenError::Expired.into());
        }
        let rotation = self.rotation(parent, row.key, presented, token_expires_at);
        let rotated = match older {
            true => self.store().rotate_older(&rotation).await?,
            false => self.store().rotate(&rotation).await?,
        };
        Ok(match rotated {
            Some(rotated) => Pass::Answer(self.answer_with_successor(parent, &rotated, successor)),
            None => Pass::Again,
        })
    }

    fn rotation(&self, parent: &Parent<'_>, key: FamilyKey, presented: &Presented, token_expires_at: i64) -> Rotation {
        Rotation {
            key,
            presented: presented.generation,
            at: presented.at,
            agent: presented.agent,
            blacklist: self.0.rules.blacklist,
            token_expires_at,
            expires_at: self.family_horizon(token_expires_at, &parent.claims),
            created_from: None,
        }
    }

    /// The newest token of the family once more: same id, same times, same claims.
    async fn same_successor(&self, parent: &Parent<'_>, row: &FamilyRow) -> Result<Pass, AuthError> {
        let now = self.now();
        if self.horizon(row.token_expires_at) <= now {
            return Err(TokenError::Expired.into());
        }
        let id = row.key.refresh(row.state.generation).to_string();
        let mut successor = self.renewed(&parent.claims, Some(id), row.state.rotated_at.unwrap_or(row.created_at));
        successor.set("exp", row.token_expires_at);
        self.extend(row, self.tokens().policy().expiry(TokenType::Access, now)).await?;
        Ok(Pass::Answer(self.answer(parent, Some((row.key, row.state.generation)), Some(&successor))))
    }

    async fn late_successor(
        &self,
        parent: &Parent<'_>,
        row: &FamilyRow,
        late: LateReplay,
        caller: &Caller,
    ) -> Result<Pass, AuthError> {
        if !self.store().note_late_replay(row.key, &late, self.0.rules.window).await? {
            return Ok(Pass::Again);
        }
        self.record(EventKind::LateReplay, row.key, row.user_id, caller, None).await?;
        self.same_successor(parent, row).await
    }

    /// The complete token and its user, who must be there and may have to be active.
    async fn parent(&self, genuine: &Genuine<'_>, caller: &Caller) -> Result<Parent<'_>, AuthError> {
        let signing = self.active_key().await?;
        let mut claims = genuine.clone().into_token(Some(TokenType::Refresh))?;
        let user = self.user_of(&claims).await?;
        match &user {
            Named::Nobody => {}
            Named::Unknown => return Err(AuthError::NoActiveAccount),
            Named::One(user) => self.check_refreshing(user, &claims).await?,
        }
        self.reload_claims(&mut claims, &user).await?;
        let declared = &self.settings().simple_jwt.response.refresh;
        let mut fields = self.answer_fields(declared, user.user()).await?;
        self.after(UseCase::Refresh, user.user(), &mut claims, &mut fields, caller).await?;
        Ok(Parent { signing, claims, user, fields })
    }

    /// Whether this user's token may be refreshed.
    pub(super) async fn check_refreshing(&self, user: &User, claims: &Claims) -> Result<(), AuthError> {
        let turned_away = self.settings().simple_jwt.check_user_is_active && !user.is_active;
        if turned_away || !self.satisfies_rule(user).await? {
            return Err(AuthError::NoActiveAccount);
        }
        if self.settings().ledger.refresh_checks_revoke_claim && !self.is_password_unchanged(claims, user) {
            return Err(AuthError::PasswordChanged);
        }
        Ok(())
    }

    /// The parent's claims with a new id and new times; whatever else it said stays where it stood.
    fn renewed(&self, parent: &Claims, id: Option<String>, at: Timestamp) -> Claims {
        let mut claims = parent.clone();
        self.name_token(&mut claims, id);
        claims.set("exp", self.tokens().policy().expiry(TokenType::Refresh, at));
        claims.set("iat", at.seconds());
        claims
    }

    fn answer(
        &self,
        parent: &Parent<'_>,
        origin: Option<(FamilyKey, Generation)>,
        successor: Option<&Claims>,
    ) -> Refreshed {
        let (key, generation) = (origin.map(|(key, _)| key), origin.map_or(Generation(0), |(_, newest)| newest));
        let id = self.access_id(key, generation);
        let access = self.tokens().access_from(&parent.claims, id.as_deref(), self.now());
        let refresh = successor.map(|claims| parent.signing.sign(claims));
        Refreshed { access: parent.signing.sign(&access), refresh, fields: parent.fields.clone() }
    }

    /// The same with the newest token of a family that has just rotated.
    fn answer_with_successor(&self, parent: &Parent<'_>, rotated: &FamilyRow, mut successor: Claims) -> Refreshed {
        let (key, generation) = (rotated.key, rotated.state.generation);
        self.name_token(&mut successor, Some(key.refresh(generation).to_string()));
        self.answer(parent, Some((key, generation)), Some(&successor))
    }

    /// When the family may be forgotten: no token of it lives longer, the parent included.
    fn family_horizon(&self, token_expires_at: i64, parent: &Claims) -> Timestamp {
        let access_until = self.tokens().policy().expiry(TokenType::Access, self.now());
        let parent_until = parent.get("exp").and_then(Value::as_f64).map_or(0, |seconds| seconds as i64 + 1);
        self.horizon(token_expires_at.max(access_until).max(parent_until))
    }

    async fn extend(&self, row: &FamilyRow, until: i64) -> Result<(), AuthError> {
        let horizon = self.horizon(until);
        if horizon > row.expires_at {
            self.store().extend_family(row.key, horizon).await?;
        }
        Ok(())
    }

    pub(super) fn event(
        &self,
        kind: EventKind,
        key: FamilyKey,
        user_id: Option<i64>,
        caller: &Caller,
        detail: Option<String>,
    ) -> NewEvent {
        NewEvent { at: self.now(), kind, user_id, family: Some(key), address: caller.address(), detail }
    }

    pub(super) async fn record(
        &self,
        kind: EventKind,
        key: FamilyKey,
        user_id: Option<i64>,
        caller: &Caller,
        detail: Option<String>,
    ) -> Result<(), AuthError> {
        self.store().append_event(&self.event(kind, key, user_id, caller, detail)).await?;
        Ok(())
    }
}

/// Each pass that gains nothing means that another request changed the family; more than this is not a client.
const MAX_PASSES: usize = 16;
