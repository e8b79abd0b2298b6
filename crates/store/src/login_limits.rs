//! Failed sign-ins that count against an account, kept over a restart. Names are digests here.

use jeton_token::time::Timestamp;

use crate::engine::{Row, Statement, Value};
use crate::{Store, StoreError};

/// The failures of those who share a count: all strangers, or one device that the account's owner is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginLimit {
    /// The keyed digest of the name.
    pub account: [u8; 16],
    /// The keyed digest of the device; none stands for all strangers.
    pub device: Option<[u8; 8]>,
    /// How many count at `changed_at`.
    pub failures: u32,
    /// How often in a row a failure made the next attempt wait.
    pub strikes: u8,
    /// No attempt before.
    pub held_until: Option<Timestamp>,
    /// The moment of this change. Of two rows the later one stays.
    pub changed_at: Timestamp,
    /// When it counts for nothing any more.
    pub expires_at: Timestamp,
}

impl Store {
    /// Forgets the accounts and devices of `forgotten` as far as they were not changed after `now`, and writes rows over
    /// older ones of theirs.
    pub async fn update_login_limits(
        &self,
        rows: &[LoginLimit],
        forgotten: &[([u8; 16], Option<[u8; 8]>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let forget = forgotten.iter().map(|(account, device)| forget(account, *device, now));
        self.engine.write(forget.chain(rows.iter().map(upsert)).collect()).await.map(drop)
    }

    /// The row of an account's strangers, or of one of its devices.
    pub async fn find_login_limit(
        &self,
        account: [u8; 16],
        device: Option<[u8; 8]>,
    ) -> Result<Option<LoginLimit>, StoreError> {
        const SQL: &str = "SELECT account, device, failures, strikes, held_until, changed_at, expires_at \
            FROM jeton_login_limit WHERE account = $1 AND device = $2";
        let row = self.engine.read_one(Statement::new(SQL, [bytes(&account), name(device)])).await?;
        row.map(login_limit).transpose()
    }

    /// All rows of an account that have not expired, that of its strangers first.
    pub async fn list_login_limits_of(&self, account: [u8; 16], now: Timestamp) -> Result<Vec<LoginLimit>, StoreError> {
        const SQL: &str = "SELECT account, device, failures, strikes, held_until, changed_at, expires_at \
            FROM jeton_login_limit WHERE account = $1 AND expires_at > $2 ORDER BY device";
        let rows = self.engine.read(Statement::new(SQL, [bytes(&account), now.into()])).await?;
        rows.into_iter().map(login_limit).collect()
    }

    /// The rows that expire last, of all accounts.
    pub async fn list_login_limits(&self, now: Timestamp, limit: u32) -> Result<Vec<LoginLimit>, StoreError> {
        const SQL: &str = "SELECT account, device, failures, strikes, held_until, changed_at, expires_at \
            FROM jeton_login_limit WHERE expires_at > $1 ORDER BY expires_at DESC LIMIT $2";
        let rows = self.engine.read(Statement::new(SQL, [now.into(), limit.into()])).await?;
        rows.into_iter().map(login_limit).collect()
    }

    /// Forgives the failures of an account; its devices stay known. Whether there were any.
    pub async fn clear_login_limits(&self, account: [u8; 16], now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_login_limit SET failures = 0, strikes = 0, held_until = NULL, \
            changed_at = CASE WHEN changed_at < $2 THEN $2 ELSE changed_at + 1 END \
            WHERE account = $1 AND (failures > 0 OR strikes > 0)";
        let outcome = self.engine.write(vec![Statement::new(SQL, [bytes(&account), now.into()])]).await?;
        Ok(outcome.changed(0) > 0)
    }

    /// Deletes some of what has expired: a commit that takes no longer for it. How many.
    pub async fn flush_login_limits(&self, now: Timestamp) -> Result<u64, StoreError> {
        const LOOK: &str = "SELECT 1 FROM jeton_login_limit WHERE expires_at <= $1 LIMIT 1";
        const SQL: &str = "DELETE FROM jeton_login_limit WHERE (account, device) IN \
            (SELECT account, device FROM jeton_login_limit WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
        if self.engine.read_one(Statement::new(LOOK, [now.into()])).await?.is_none() {
            return Ok(0);
        }
        Ok(self.engine.write(vec![Statement::new(SQL, [now.into(), STRIDE.into()])]).await?.changed(0))
    }
}

fn upsert(row: &LoginLimit) -> Statement {
    const SQL: &str = "INSERT INTO jeton_login_limit \
        (account, device, failures, strikes, held_until, changed_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (account, device) DO UPDATE SET failures = excluded.failures, strikes = excluded.strikes, \
        held_until = excluded.held_until, changed_at = excluded.changed_at, expires_at = excluded.expires_at \
        WHERE jeton_login_limit.changed_at < excluded.changed_at";
    Statement::new(
        SQL,
        [
            bytes(&row.account),
            name(row.device),
            row.failures.into(),
            u32::from(row.strikes).into(),
            row.held_until.into(),
            row.changed_at.into(),
            row.expires_at.into(),
        ],
    )
}

fn forget(account: &[u8; 16], device: Option<[u8; 8]>, now: Timestamp) -> Statement {
    const ACCOUNT: &str = "DELETE FROM jeton_login_limit WHERE account = $1 AND changed_at <= $2";
    const DEVICE: &str = "DELETE FROM jeton_login_limit WHERE account = $1 AND changed_at <= $2 AND device = $3";
    match device {
        None => Statement::new(ACCOUNT, [bytes(account), now.into()]),
        Some(_) => Statement::new(DEVICE, [bytes(account), now.into(), name(device)]),
    }
}

fn login_limit(mut row: Row) -> Result<LoginLimit, StoreError> {
    let account: Vec<u8> = row.next("jeton_login_limit.account")?;
    let account = account.try_into().map_err(|_| StoreError::Content { column: "jeton_login_limit.account" })?;
    let device: Vec<u8> = row.next("jeton_login_limit.device")?;
    let device = match device.as_slice() {
        [] => None,
        bytes => {
            let key = bytes.try_into().map_err(|_| StoreError::Content { column: "jeton_login_limit.device" })?;
            Some(key)
        }
    };
    Ok(LoginLimit {
        account,
        device,
        failures: row.next("jeton_login_limit.failures")?,
        strikes: row.next("jeton_login_limit.strikes")?,
        held_until: row.next("jeton_login_limit.held_until")?,
        changed_at: row.next("jeton_login_limit.changed_at")?,
        expires_at: row.next("jeton_login_limit.expires_at")?,
    })
}

fn bytes(bytes: &[u8]) -> Value {
    Value::from(bytes)
}

fn name(device: Option<[u8; 8]>) -> Value {
    device.map_or(Value::Bytes(Vec::new()), Value::from)
}

const STRIDE: u32 = 1000;
