//! Token families: one row for each login. How they rotate and end is in `rotations`.

use jeton_token::id::{FamilyKey, Generation};
use jeton_token::rotation::{AgentDigest, Family, LateReplay};
use jeton_token::time::Timestamp;

use crate::engine::{Row, Statement, Value};
use crate::events::{self, NewEvent};
use crate::{Store, StoreError};

/// What the tokens of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FamilyKind {
    /// A chain of refresh tokens.
    Refresh,
    /// One sliding token.
    Sliding,
}

/// A family to be.
#[derive(Clone, Debug)]
pub struct NewFamily {
    /// Its name.
    pub key: FamilyKey,
    /// Its kind.
    pub kind: FamilyKind,
    /// Who signed in. Stored as nobody if there is no such user (any more).
    pub user_id: Option<i64>,
    /// When.
    pub created_at: Timestamp,
    /// The `exp` of its newest token.
    pub token_expires_at: i64,
    /// The horizon: the highest `exp` of any token that it minted or descends from, plus leeway.
    pub expires_at: Timestamp,
    /// Digest of the user agent that asked.
    pub agent: Option<AgentDigest>,
    /// The user agent itself; its first 512 characters are kept.
    pub user_agent: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
}

/// A family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyRow {
    /// Its name.
    pub key: FamilyKey,
    /// Its kind.
    pub kind: FamilyKind,
    /// Whose it is; nobody's once the user is deleted.
    pub user_id: Option<i64>,
    /// What decisions rest on.
    pub state: Family,
    /// When the login was.
    pub created_at: Timestamp,
    /// The `exp` of its newest token.
    pub token_expires_at: i64,
    /// The horizon: no token of the family is good for anything after this.
    pub expires_at: Timestamp,
    /// When it ended.
    pub revoked_at: Option<Timestamp>,
    /// Why: an [`EndReason`](jeton_token::rotation::EndReason) as written.
    pub revoke_reason: Option<String>,
    /// The foreign token that it descends from, its generation 0.
    pub origin_jti: Option<String>,
}

/// What is known about the device that signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Digest of the user agent.
    pub agent: Option<AgentDigest>,
    /// The user agent, at most 512 characters of it.
    pub user_agent: Option<String>,
    /// Where the login came from.
    pub address: Option<String>,
}

/// A user's refresh and sliding tokens as Simple JWT would count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCounts {
    /// Issued and not flushed.
    pub outstanding: u64,
    /// Of those, the ones that are used up, blacklisted or revoked.
    pub blacklisted: u64,
}

/// The columns that [`family`] reads, in its order.
macro_rules! family_columns {
    () => {
        "key, kind, user_id, generation, consumed_below, rotated_at, rotated_by, late_generation, late_at, late_run, \
         in_use, marked, created_at, token_expires_at, expires_at, revoked_at, revoke_reason, origin_jti"
    };
}
pub(crate) use family_columns;

impl Store {
    /// A login. False if the key is taken: choose another.
    pub async fn create_family(&self, family: &NewFamily, event: Option<&NewEvent>) -> Result<bool, StoreError> {
        Ok(self.engine.write(creation(family, event)).await?.is_done())
    }

    /// A foreign refresh token becomes a family at generation 1, its own place being generation 0, which is used up if
    /// `blacklist`. The family's horizon must reach to that token's own expiry. False if it has become one before (see
    /// [`find_family_by_origin`](Self::find_family_by_origin)), is blacklisted, or the key is taken.
    pub async fn adopt_token(
        &self,
        family: &NewFamily,
        origin_jti: &str,
        at: Timestamp,
        blacklist: bool,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "INSERT INTO jeton_family (key, kind, user_id, generation, consumed_below, rotated_at, \
            rotated_by, marked, created_at, token_expires_at, expires_at, origin_jti) \
            SELECT $1, $2, (SELECT id FROM auth_user WHERE id = $3), 1, $4, $5, $6, $7, $8, $9, $10, $11 \
            WHERE NOT EXISTS (SELECT 1 FROM jeton_blacklisted_token WHERE jti = $11) ON CONFLICT DO NOTHING";
        let insert = Statement::new(
            SQL,
            [
                family.key.into(),
                family.kind.into(),
                family.user_id.into(),
                i64::from(blacklist).into(),
                at.into(),
                family.agent.into(),
                false.into(),
                family.created_at.into(),
                family.token_expires_at.into(),
                family.expires_at.into(),
                origin_jti.into(),
            ],
        );
        let mut statements = vec![insert.guard()];
        statements.extend(device(family));
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// By name.
    pub async fn find_family(&self, key: FamilyKey) -> Result<Option<FamilyRow>, StoreError> {
        const SQL: &str = concat!("SELECT ", family_columns!(), " FROM jeton_family WHERE key = $1");
        self.family(Statement::new(SQL, [key.into()])).await
    }

    /// By the foreign token that it descends from.
    pub async fn find_family_by_origin(&self, jti: &str) -> Result<Option<FamilyRow>, StoreError> {
        const SQL: &str = concat!("SELECT ", family_columns!(), " FROM jeton_family WHERE origin_jti = $1");
        self.family(Statement::new(SQL, [jti.into()])).await
    }

    /// What the login told about its device; nothing if it told nothing.
    pub async fn find_device(&self, key: FamilyKey) -> Result<Option<Device>, StoreError> {
        const SQL: &str = "SELECT agent, user_agent, address FROM jeton_family_device WHERE key = $1";
        let row = self.engine.read_one(Statement::new(SQL, [key.into()])).await?;
        row.map(|mut row| {
            Ok(Device {
                agent: row.next("jeton_family_device.agent")?,
                user_agent: row.next("jeton_family_device.user_agent")?,
                address: row.next("jeton_family_device.address")?,
            })
        })
        .transpose()
    }

    /// A token was minted that lives longer than any before: the horizon moves out, never in.
    pub async fn extend_family(&self, key: FamilyKey, expires_at: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE jeton_family SET expires_at = $2 WHERE key = $1 AND expires_at < $2";
        self.engine.write(vec![Statement::new(SQL, [key.into(), expires_at.into()])]).await.map(drop)
    }

    /// The owner was seen using the token of the generation with these low 12 bits. Known at once to this process, and
    /// written with the next commit or within a second; a crash may lose it, which only widens tolerance.
    pub fn note_in_use(&self, key: FamilyKey, low_bits: u16) {
        self.in_use.note(key, low_bits);
    }

    /// Outstanding: every generation of every family, and every foreign single token. Blacklisted: all of an ended
    /// family; of a live one what is used up and what is listed singly above that.
    pub async fn count_tokens(&self, user_id: i64) -> Result<TokenCounts, StoreError> {
        const SQL: &str = "SELECT \
            (SELECT CAST(COALESCE(SUM(generation + 1), 0) AS BIGINT) FROM jeton_family WHERE user_id = $1), \
            (SELECT CAST(COALESCE(SUM(CASE WHEN revoked_at IS NULL THEN consumed_below ELSE generation + 1 END), 0) \
                AS BIGINT)                 FROM jeton_family WHERE user_id = $1), \
            (SELECT COUNT(*) FROM jeton_blacklisted_token AS single WHERE user_id = $1 \
                AND NOT EXISTS (SELECT 1 FROM jeton_family WHERE key = single.family)), \
            (SELECT COUNT(*) FROM jeton_family AS member \
                JOIN jeton_blacklisted_token AS single ON single.family = member.key \
                WHERE member.user_id = $1 AND single.user_id = $1 AND member.revoked_at IS NULL \
                AND COALESCE(single.generation, 0) >= member.consumed_below)";
        let row = self.engine.read_one(Statement::new(SQL, [user_id.into()])).await?;
        let Some(mut row) = row else { return Ok(TokenCounts::default()) };
        let minted: u64 = row.next("jeton_family.generation")?;
        let used_up: u64 = row.next("jeton_family.consumed_below")?;
        let foreign: u64 = row.next("jeton_blacklisted_token.jti")?;
        let single: u64 = row.next("jeton_blacklisted_token.generation")?;
        Ok(TokenCounts { outstanding: minted + foreign, blacklisted: used_up + foreign + single })
    }

    async fn family(&self, statement: Statement) -> Result<Option<FamilyRow>, StoreError> {
        let Some(row) = self.engine.read_one(statement).await? else { return Ok(None) };
        let mut found = family(row)?;
        let state = &mut found.state;
        if self.in_use.is_noted(found.key, state.generation.low_bits()) {
            state.in_use = Some(state.generation);
        }
        Ok(Some(found))
    }
}

/// The statements of a login.
pub(crate) fn creation(family: &NewFamily, event: Option<&NewEvent>) -> Vec<Statement> {
    const SQL: &str = "INSERT INTO jeton_family (key, kind, user_id, generation, consumed_below, marked, \
        created_at, token_expires_at, expires_at) \
        VALUES ($1, $2, (SELECT id FROM auth_user WHERE id = $3), 0, 0, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let insert = Statement::new(
        SQL,
        [
            family.key.into(),
            family.kind.into(),
            family.user_id.into(),
            false.into(),
            family.created_at.into(),
            family.token_expires_at.into(),
            family.expires_at.into(),
        ],
    );
    let mut statements = vec![insert.guard()];
    statements.extend(device(family));
    statements.extend(event.map(events::append));
    statements
}

fn device(family: &NewFamily) -> Option<Statement> {
    const SQL: &str = "INSERT INTO jeton_family_device (key, agent, user_agent, address) VALUES ($1, $2, $3, $4)";
    if family.agent.is_none() && family.user_agent.is_none() && family.address.is_none() {
        return None;
    }
    let user_agent = family.user_agent.as_ref().map(|text| text.chars().take(USER_AGENT_LENGTH).collect::<String>());
    let values = [family.key.into(), family.agent.into(), user_agent.into(), family.address.clone().into()];
    Some(Statement::new(SQL, values))
}

/// Reads the columns of [`family_columns`].
pub(crate) fn family(mut row: Row) -> Result<FamilyRow, StoreError> {
    let key = row.next("jeton_family.key")?;
    let kind = row.next("jeton_family.kind")?;
    let user_id = row.next("jeton_family.user_id")?;
    let generation = row.next("jeton_family.generation")?;
    let consumed_below = row.next("jeton_family.consumed_below")?;
    let rotated_at = row.next("jeton_family.rotated_at")?;
    let rotated_by = row.next("jeton_family.rotated_by")?;
    let late_generation: Option<Generation> = row.next("jeton_family.late_generation")?;
    let late_at: Option<Timestamp> = row.next("jeton_family.late_at")?;
    let late_run: Option<u8> = row.next("jeton_family.late_run")?;
    let late = match (late_generation, late_at, late_run) {
        (Some(generation), Some(at), Some(run)) => Some(LateReplay { generation, at, run }),
        (None, None, None) => None,
        _ => return Err(StoreError::Content { column: "jeton_family.late_run" }),
    };
    let in_use = row.next("jeton_family.in_use")?;
    let marked = row.next("jeton_family.marked")?;
    let created_at = row.next("jeton_family.created_at")?;
    let token_expires_at = row.next("jeton_family.token_expires_at")?;
    let expires_at = row.next("jeton_family.expires_at")?;
    let revoked_at: Option<Timestamp> = row.next("jeton_family.revoked_at")?;
    let revoke_reason = row.next("jeton_family.revoke_reason")?;
    let origin_jti = row.next("jeton_family.origin_jti")?;
    let revoked = revoked_at.is_some();
    let state = Family { generation, consumed_below, rotated_at, rotated_by, late, in_use, marked, revoked };
    Ok(FamilyRow {
        key,
        kind,
        user_id,
        state,
        created_at,
        token_expires_at,
        expires_at,
        revoked_at,
        revoke_reason,
        origin_jti,
    })
}

impl From<FamilyKind> for Value {
    fn from(kind: FamilyKind) -> Self {
        Self::Integer(match kind {
            FamilyKind::Refresh => 0,
            FamilyKind::Sliding => 1,
        })
    }
}

impl crate::engine::FromValue for FamilyKind {
    fn from_value(value: Value) -> Option<Self> {
        match u8::from_value(value)? {
            0 => Some(Self::Refresh),
            1 => Some(Self::Sliding),
            _ => None,
        }
    }
}

const USER_AGENT_LENGTH: usize = 512;
