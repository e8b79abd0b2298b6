//! How a family rotates, is marked and ends: each a guarded statement whose loser reads again and decides again.

use std::time::Duration;

use jeton_token::id::{FamilyKey, Generation};
use jeton_token::rotation::{AgentDigest, EndReason, LateReplay};
use jeton_token::time::Timestamp;

use crate::engine::{Statement, Value};
use crate::events::{self, NewEvent};
use crate::families::{FamilyRow, family, family_columns};
use crate::{ChangeKind, Store, StoreError, sessions};

/// A refresh token is presented and shall get a successor.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Its family.
    pub key: FamilyKey,
    /// Its generation.
    pub presented: Generation,
    /// When the head of the request was read.
    pub at: Timestamp,
    /// Who asked.
    pub agent: Option<AgentDigest>,
    /// `BLACKLIST_AFTER_ROTATION`: the presented token is used up.
    pub blacklist: bool,
    /// The successor's `exp`.
    pub token_expires_at: i64,
    /// The horizon as far as the tokens minted now go; an earlier one that is later stays.
    pub expires_at: Timestamp,
    /// Not if the login was before. For those who have not seen the row, and must not let it live too long.
    pub created_from: Option<Timestamp>,
}

impl Store {
    /// The newest generation of a chain rotates. The family as it is then, to the one caller who did it; nothing to
    /// everyone else, and where the family has ended or there is none, the token is blacklisted singly, or the generation
    /// is the last there can be. So it needs no look at the row before: it is one statement, and one round trip.
    pub async fn rotate(&self, rotation: &Rotation) -> Result<Option<FamilyRow>, StoreError> {
        const SQL: &str = concat!(
            "UPDATE jeton_family SET generation = generation + 1, ",
            "consumed_below = CASE WHEN $5 THEN generation + 1 ELSE consumed_below END, ",
            "rotated_at = $3, rotated_by = $4, token_expires_at = $6, ",
            "expires_at = CASE WHEN expires_at < $7 THEN $7 ELSE expires_at END ",
            "WHERE key = $1 AND generation = $2 AND generation < 4294967295 AND revoked_at IS NULL ",
            "AND kind = 0 AND created_at >= $9 ",
            "AND NOT EXISTS (SELECT 1 FROM jeton_blacklisted_token WHERE jti = $8) RETURNING ",
            family_columns!()
        );
        // The same guards and changes, row by row, for rotations that come at the same time.
        const MANY: &str = concat!(
            "WITH held AS MATERIALIZED (SELECT row_key, presented, rotated, agent, used_up, token_expiry, horizon, ",
            "presented_jti, place FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY AS asked(",
            "row_key, presented, rotated, agent, used_up, token_expiry, horizon, presented_jti, created_from, place) ",
            "JOIN jeton_family ON key = row_key WHERE generation = presented AND revoked_at IS NULL ",
            "AND kind = 0 AND created_at >= created_from ",
            "ORDER BY row_key FOR NO KEY UPDATE OF jeton_family) ",
            "UPDATE jeton_family SET generation = generation + 1, ",
            "consumed_below = CASE WHEN used_up THEN generation + 1 ELSE consumed_below END, ",
            "rotated_at = rotated, rotated_by = agent, token_expires_at = token_expiry, ",
            "expires_at = CASE WHEN expires_at < horizon THEN horizon ELSE expires_at END ",
            "FROM held WHERE key = row_key AND generation = presented AND generation < 4294967295 AND revoked_at IS NULL ",
            "AND NOT EXISTS (SELECT 1 FROM jeton_blacklisted_token WHERE jti = presented_jti) RETURNING place, ",
            family_columns!()
        );
        let created_from = rotation.created_from.map_or(i64::MIN, Timestamp::micros);
        let values = [values(rotation).as_slice(), &[created_from.into()]].concat();
        let update = Statement::new(SQL, values).guard().or_many(MANY);
        self.engine.write(vec![update]).await?.row(0).map(family).transpose()
    }

    /// An older generation that was never used up rotates: it gets a successor at the end of the chain. With
    /// `blacklist` it is listed singly, once, and the generations between it and the newest stay good.
    pub async fn rotate_older(&self, rotation: &Rotation) -> Result<Option<FamilyRow>, StoreError> {
        // Generation 0 of an adopted family is the foreign token itself, under its own jti and without a generation. The
        // horizon of the family is no nearer than the expiry of any of its tokens.
        const LIST: &str = "INSERT INTO jeton_blacklisted_token \
            (jti, family, generation, user_id, created_at, expires_at, blacklisted_at) \
            SELECT CASE WHEN $2 = 0 THEN COALESCE(origin_jti, $3) ELSE $3 END, key, \
            CASE WHEN $2 = 0 AND origin_jti IS NOT NULL THEN NULL ELSE $2 END, user_id, created_at, expires_at, $4 \
            FROM jeton_family WHERE key = $1 ON CONFLICT DO NOTHING";
        const SQL: &str = concat!(
            "UPDATE jeton_family SET generation = generation + 1, rotated_at = $3, rotated_by = $4, ",
            "token_expires_at = $6, expires_at = CASE WHEN expires_at < $7 THEN $7 ELSE expires_at END ",
            "WHERE key = $1 AND generation > $2 AND generation < 4294967295 AND consumed_below <= $2 ",
            "AND revoked_at IS NULL AND ($5 OR NOT EXISTS (SELECT 1 FROM jeton_blacklisted_token ",
            "WHERE jti = CASE WHEN $2 = 0 THEN COALESCE(origin_jti, $8) ELSE $8 END)) RETURNING ",
            family_columns!()
        );
        let jti = rotation.key.refresh(rotation.presented).to_string();
        let list = [rotation.key.into(), rotation.presented.into(), jti.into(), rotation.at.into()];
        let mut statements = Vec::new();
        if rotation.blacklist {
            statements.push(Statement::new(LIST, list).guard());
        }
        statements.push(Statement::new(SQL, values(rotation)).guard());
        let update = statements.len() - 1;
        self.engine.write(statements).await?.row(update).map(family).transpose()
    }

    /// Notes that the newest generation is given out again because its answer seems to have got lost. False where that
    /// is not so any more: the family moved on, ended, was marked, its newest token is in use, or there is a note from
    /// within the window.
    pub async fn note_late_replay(
        &self,
        key: FamilyKey,
        late: &LateReplay,
        window: Duration,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_family SET late_generation = $2, late_at = $3, late_run = $4 \
            WHERE key = $1 AND generation = $2 AND revoked_at IS NULL AND NOT marked \
            AND (in_use IS NULL OR in_use < $2) \
            AND (late_generation IS NULL OR late_generation <> $2 OR late_at < $5 OR late_at > $6)";
        let update = Statement::new(
            SQL,
            [
                key.into(),
                late.generation.into(),
                late.at.into(),
                u32::from(late.run).into(),
                (late.at - window).into(),
                (late.at + CLOCK_STEP).into(),
            ],
        );
        Ok(self.engine.write(vec![update.guard()]).await?.is_done())
    }

    /// The family loses its right to late replays. False, and no event, where it moved on, ended, or has lost it.
    pub async fn mark_family(
        &self,
        key: FamilyKey,
        generation: Generation,
        event: &NewEvent,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_family SET marked = $3 \
            WHERE key = $1 AND generation = $2 AND revoked_at IS NULL AND NOT marked";
        let update = Statement::new(SQL, [key.into(), generation.into(), true.into()]).guard();
        Ok(self.engine.write(vec![update, events::append(event)]).await?.is_done())
    }

    /// The family ends, for good. With `newer_than`, only if it has moved on from that generation, which it never
    /// un-does. False, and no event, where it had ended.
    pub async fn end_family(
        &self,
        key: FamilyKey,
        reason: EndReason,
        newer_than: Option<Generation>,
        now: Timestamp,
        event: &NewEvent,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_family SET revoked_at = $3, revoke_reason = $4 \
            WHERE key = $1 AND generation > $2 AND revoked_at IS NULL";
        let newer_than = newer_than.map_or(-1, |generation| generation.0.into());
        let values = [key.into(), Value::Integer(newer_than), now.into(), reason.as_str().into()];
        let update = Statement::new(SQL, values).guard();
        let told = self.tell_family_ended(key, now);
        Ok(self.announce(vec![update, events::append(event), told]).await?.is_done())
    }

    /// All of a user's live families end, and with `and_sessions` all sessions, at once. How many families there were; no
    /// event if there was none.
    pub async fn end_families_of_user(
        &self,
        user_id: i64,
        reason: EndReason,
        and_sessions: bool,
        now: Timestamp,
        event: &NewEvent,
    ) -> Result<u64, StoreError> {
        let others = || {
            let mut statements = vec![self.tell_of(ChangeKind::UserTokensEnded, Some(user_id), now)];
            statements.extend(and_sessions.then(|| sessions::delete_of_user(user_id)));
            statements
        };
        let [end, tell] = self.end_all_families(user_id, reason, now);
        let mut statements = vec![end.guard(), events::append(event), tell];
        statements.extend(others());
        let ended = self.announce(statements).await?.changed(0);
        if ended == 0 {
            self.announce(others()).await?;
        }
        Ok(ended)
    }

    /// The statements that end all live families of a user, and tell of each.
    pub(crate) fn end_all_families(&self, user_id: i64, reason: EndReason, now: Timestamp) -> [Statement; 2] {
        const SQL: &str = "UPDATE jeton_family SET revoked_at = $2, revoke_reason = $3 \
            WHERE user_id = $1 AND revoked_at IS NULL";
        let end = Statement::new(SQL, [user_id.into(), now.into(), reason.as_str().into()]);
        [end, self.tell_families_ended(user_id, now)]
    }
}

fn values(rotation: &Rotation) -> [Value; 8] {
    [
        rotation.key.into(),
        rotation.presented.into(),
        rotation.at.into(),
        rotation.agent.into(),
        rotation.blacklist.into(),
        rotation.token_expires_at.into(),
        rotation.expires_at.into(),
        rotation.key.refresh(rotation.presented).to_string().into(),
    ]
}

/// As in the rules: a note that is further ahead than this was made by a clock that was set back since.
const CLOCK_STEP: Duration = Duration::from_secs(5);
