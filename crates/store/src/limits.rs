//! What counts against an account, a device or an address: one truth for all nodes. Names and addresses are digests here.

use jeton_token::time::Timestamp;

use crate::engine::{Row, Statement, Value};
use crate::{Store, StoreError};

/// Whose tries count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitSubject {
    /// All strangers who try an account, by the keyed digest of its name.
    Strangers([u8; 16]),
    /// A device that the account's owner is known by.
    Device([u8; 16], [u8; 8]),
    /// An address, by the keyed digest of it and of what is counted.
    Address([u8; 16]),
}

/// What counts against a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRow {
    /// Whom.
    pub subject: LimitSubject,
    /// How long a device is known.
    pub known_until: Option<Timestamp>,
    /// How many count at `changed_at`.
    pub failures: u32,
    /// When they were, as the counter writes it; nothing if all of them were at `changed_at`.
    pub slots: Option<Vec<u8>>,
    /// How often in a row a failure made the next attempt wait.
    pub strikes: u8,
    /// No attempt before.
    pub held_until: Option<Timestamp>,
    /// Attempts under way, on whatever node.
    pub pending: u32,
    /// Those that have not ended by then have failed.
    pub pending_until: Option<Timestamp>,
    /// The wait that ends then was told to the operator.
    pub told_until: Option<Timestamp>,
    /// The moment of this change, later than that of any before: it is what a write is guarded on.
    pub changed_at: Timestamp,
    /// When it counts for nothing any more.
    pub expires_at: Timestamp,
}

/// A row that takes the place of another, or of none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitWrite {
    /// What is to stand there.
    pub row: LimitRow,
    /// The `changed_at` of what stands there; nothing if nothing does.
    pub before: Option<Timestamp>,
}

impl Store {
    /// The rows of an account's strangers, of one of its devices and of an address, as far as there are any, expired ones too.
    pub async fn find_limits(
        &self,
        account: Option<[u8; 16]>,
        device: Option<[u8; 8]>,
        address: Option<[u8; 16]>,
    ) -> Result<Vec<LimitRow>, StoreError> {
        const SQL: &str = "SELECT account, device, known_until, failures, slots, strikes, held_until, pending, pending_until, \
            told_until, changed_at, expires_at FROM jeton_login_limit WHERE account = $1 AND (device = $2 OR device = $3) \
            UNION ALL SELECT address, NULL, NULL, failures, slots, 0, NULL, pending, pending_until, \
            told_until, changed_at, expires_at FROM jeton_address_limit WHERE address = $4";
        let key = |key: Option<[u8; 16]>| Value::Bytes(key.map_or_else(Vec::new, Vec::from));
        let params = [key(account), name(None), name(device), key(address)];
        self.engine.read(Statement::new(SQL, params)).await?.into_iter().map(limit_row).collect()
    }

    /// Writes all rows, or none of them if one does not stand as it was read any more. Whether it did. Of an account's devices
    /// the `devices` stay that are known for longest.
    pub async fn write_limits(&self, writes: &[LimitWrite], devices: u32) -> Result<bool, StoreError> {
        let newcomers = writes.iter().filter_map(|write| match write.row.subject {
            LimitSubject::Device(account, _) if write.before.is_none() => Some(keep_devices(account, devices)),
            LimitSubject::Device(..) | LimitSubject::Strangers(_) | LimitSubject::Address(_) => None,
        });
        // Always in the same order, so that no two wait for each other.
        let mut ordered: Vec<_> = writes.iter().collect();
        ordered.sort_by_key(|write| write.row.subject);
        let statements = ordered.into_iter().map(|write| upsert(write).guard()).chain(newcomers).collect();
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// All rows of an account that have not expired, that of its strangers first.
    pub async fn list_limits_of(&self, account: [u8; 16], now: Timestamp) -> Result<Vec<LimitRow>, StoreError> {
        const SQL: &str = "SELECT account, device, known_until, failures, slots, strikes, held_until, pending, pending_until, \
            told_until, changed_at, expires_at FROM jeton_login_limit WHERE account = $1 AND expires_at > $2 ORDER BY device";
        let rows = self.engine.read(Statement::new(SQL, [Value::from(&account[..]), now.into()])).await?;
        rows.into_iter().map(limit_row).collect()
    }

    /// Forgives the failures of an account; its devices stay known. Whether there were any.
    pub async fn clear_limits(&self, account: [u8; 16], now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE jeton_login_limit SET failures = 0, slots = NULL, strikes = 0, held_until = NULL, \
            told_until = NULL, changed_at = CASE WHEN changed_at < $2 THEN $2 ELSE changed_at + 1 END \
            WHERE account = $1 AND (failures > 0 OR strikes > 0)";
        let outcome = self.engine.write(vec![Statement::new(SQL, [Value::from(&account[..]), now.into()])]).await?;
        Ok(outcome.changed(0) > 0)
    }

    /// Deletes some of what has expired: a commit that takes no longer for it. How many.
    pub async fn flush_limits(&self, now: Timestamp) -> Result<u64, StoreError> {
        const LOOK: &str = "SELECT 1 WHERE EXISTS (SELECT 1 FROM jeton_login_limit WHERE expires_at <= $1) \
            OR EXISTS (SELECT 1 FROM jeton_address_limit WHERE expires_at <= $1)";
        const ACCOUNTS: &str = "DELETE FROM jeton_login_limit WHERE (account, device) IN \
            (SELECT account, device FROM jeton_login_limit WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) \
            AND expires_at <= $1";
        const ADDRESSES: &str = "DELETE FROM jeton_address_limit WHERE address IN \
            (SELECT address FROM jeton_address_limit WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) \
            AND expires_at <= $1";
        if self.engine.read_one(Statement::new(LOOK, [now.into()])).await?.is_none() {
            return Ok(0);
        }
        let flush = [ACCOUNTS, ADDRESSES].map(|sql| Statement::new(sql, [now.into(), STRIDE.into()]));
        Ok(self.engine.write(flush.into()).await?.effects().iter().map(|effect| effect.changed).sum())
    }
}

/// Changes nothing where another row stands than the one that was read.
fn upsert(write: &LimitWrite) -> Statement {
    const OF_ACCOUNT: &str = "INSERT INTO jeton_login_limit (account, device, known_until, strikes, held_until, failures, slots, \
        pending, pending_until, told_until, changed_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
        ON CONFLICT (account, device) DO UPDATE SET known_until = excluded.known_until, strikes = excluded.strikes, \
        held_until = excluded.held_until, failures = excluded.failures, slots = excluded.slots, pending = excluded.pending, \
        pending_until = excluded.pending_until, told_until = excluded.told_until, changed_at = excluded.changed_at, \
        expires_at = excluded.expires_at WHERE jeton_login_limit.changed_at = $13";
    const OF_ADDRESS: &str = "INSERT INTO jeton_address_limit (address, failures, slots, pending, pending_until, told_until, \
        changed_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (address) DO UPDATE SET failures = excluded.failures, slots = excluded.slots, pending = excluded.pending, \
        pending_until = excluded.pending_until, told_until = excluded.told_until, changed_at = excluded.changed_at, \
        expires_at = excluded.expires_at WHERE jeton_address_limit.changed_at = $9";
    let row = &write.row;
    let counted = [
        row.failures.into(),
        row.slots.as_deref().into(),
        row.pending.into(),
        row.pending_until.into(),
        row.told_until.into(),
        row.changed_at.into(),
        row.expires_at.into(),
        write.before.into(),
    ];
    let of_account = |account: [u8; 16], device| {
        let waits = [row.known_until.into(), u32::from(row.strikes).into(), row.held_until.into()];
        let params = [Value::from(&account[..]), name(device)].into_iter().chain(waits).chain(counted.clone());
        Statement::new(OF_ACCOUNT, params.collect::<Vec<_>>())
    };
    match row.subject {
        LimitSubject::Strangers(account) => of_account(account, None),
        LimitSubject::Device(account, device) => of_account(account, Some(device)),
        LimitSubject::Address(address) => {
            let params = [Value::from(&address[..])].into_iter().chain(counted);
            Statement::new(OF_ADDRESS, params.collect::<Vec<_>>())
        }
    }
}

fn keep_devices(account: [u8; 16], most: u32) -> Statement {
    const SQL: &str = "DELETE FROM jeton_login_limit WHERE account = $1 AND device IN \
        (SELECT device FROM jeton_login_limit WHERE account = $1 AND device <> $2 \
        ORDER BY known_until DESC, device LIMIT 1000 OFFSET $3)";
    Statement::new(SQL, [Value::from(&account[..]), name(None), most.into()])
}

fn limit_row(mut row: Row) -> Result<LimitRow, StoreError> {
    let key: Vec<u8> = row.next("jeton_login_limit.account")?;
    let key = key.try_into().map_err(|_| StoreError::Content { column: "jeton_login_limit.account" })?;
    let device: Option<Vec<u8>> = row.next("jeton_login_limit.device")?;
    let subject = match device.as_deref() {
        None => LimitSubject::Address(key),
        Some([]) => LimitSubject::Strangers(key),
        Some(device) => {
            let device = device.try_into().map_err(|_| StoreError::Content { column: "jeton_login_limit.device" })?;
            LimitSubject::Device(key, device)
        }
    };
    Ok(LimitRow {
        subject,
        known_until: row.next("jeton_login_limit.known_until")?,
        failures: row.next("jeton_login_limit.failures")?,
        slots: row.next("jeton_login_limit.slots")?,
        strikes: row.next("jeton_login_limit.strikes")?,
        held_until: row.next("jeton_login_limit.held_until")?,
        pending: row.next("jeton_login_limit.pending")?,
        pending_until: row.next("jeton_login_limit.pending_until")?,
        told_until: row.next("jeton_login_limit.told_until")?,
        changed_at: row.next("jeton_login_limit.changed_at")?,
        expires_at: row.next("jeton_login_limit.expires_at")?,
    })
}

fn name(device: Option<[u8; 8]>) -> Value {
    device.map_or(Value::Bytes(Vec::new()), Value::from)
}

const STRIDE: u32 = 1000;
