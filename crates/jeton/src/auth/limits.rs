//! Holding sign-ins to `[limits]`: what the store counts for all nodes, what the operator is told.

use std::time::Duration;

use jeton_store::{EventKind, LimitRow, LimitSubject, LimitWrite, NewEvent, StoreError, User};

use super::{Auth, AuthError, Caller};
use crate::limits::{Admission, Contender, DeviceKey, LimitOf, Limits, MAX_DEVICES, Outcome, Told, Wait};

/// How the failures that count against an account stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLimit {
    /// How many failures of strangers count.
    pub failures: u16,
    /// What the store has kept of strangers.
    pub strangers: Option<LimitRow>,
    /// What it has kept of the devices that the owner is known by.
    pub devices: Vec<LimitRow>,
}

/// A sign-in under way. One of which nothing more is heard has failed.
pub(super) struct Trial {
    auth: Auth,
    /// Nobody, once the end was told.
    begun: Option<Begun>,
}

struct Begun {
    contender: Contender,
    /// The known device it is counted for; if there is none, it is a stranger's.
    known: Option<DeviceKey>,
    /// What stands in the store, unless somebody else came by.
    rows: Vec<LimitRow>,
}

impl Auth {
    /// Counts a sign-up from that address.
    ///
    /// # Errors
    ///
    /// [`AuthError::Throttled`], [`AuthError::Store`].
    pub async fn admit_sign_up(&self, caller: &Caller) -> Result<(), AuthError> {
        let limits = &self.0.limits;
        let Some(key) = limits.sign_up_key(caller.address) else { return Ok(()) };
        for _ in 0..MAX_ROUNDS {
            let found = self.store().find_limits(None, None, Some(key)).await?;
            match limits.admit_sign_up(key, &found, self.now()) {
                Admission::Begun { writes, .. } if self.write_limits(&writes).await? => return Ok(()),
                Admission::Begun { .. } | Admission::Busy => {}
                Admission::Held { wait, news } => return Err(self.held(wait, news, None, caller).await),
            }
        }
        Err(BUSY)
    }

    /// Counts a refresh or a verification from that address.
    ///
    /// # Errors
    ///
    /// [`AuthError::Throttled`].
    pub async fn admit_request(&self, caller: &Caller) -> Result<(), AuthError> {
        match self.count_request(caller).await {
            Ok(()) => Ok(()),
            Err(wait) => Err(self.refused(wait, None, caller).await),
        }
    }

    /// This node always counts, so that it is not laxer when the counters of all nodes are away.
    async fn count_request(&self, caller: &Caller) -> Result<(), Wait> {
        let limits = &self.0.limits;
        if let (Some(shared), Some((key, rate))) = (&self.0.shared_counts, limits.request_key(caller.address)) {
            limits.look_at_requests(caller.address, self.now())?;
            if let Told::Full(wait) = shared.count(key, rate).await {
                let now = self.now();
                return Err(limits.wait_for_requests(caller.address, now + wait, now));
            }
        }
        limits.count_request(caller.address, self.now())
    }

    /// Begins a sign-in with that name, which may belong to nobody.
    pub(super) async fn begin_attempt(&self, username: &str, caller: &Caller) -> Result<Trial, AuthError> {
        let contender = self.0.limits.contender(username, caller.address, caller.agent());
        self.admit(contender, Some(username), caller).await
    }

    /// Begins a guess at something that is no account's: it counts against the address alone.
    pub(super) async fn begin_guess(&self, caller: &Caller) -> Result<Trial, AuthError> {
        self.admit(self.0.limits.guesser(caller.address), None, caller).await
    }

    /// Tells how an attempt ended. Where nothing is known about the password it is as if it had not been made.
    pub(super) async fn end_attempt(&self, trial: Trial, checked: Result<&User, &AuthError>) {
        let outcome = match checked {
            Ok(_) => Outcome::Succeeded,
            Err(AuthError::WrongCredentials) => Outcome::Failed,
            Err(_) => Outcome::Withdrawn,
        };
        trial.end(outcome).await;
    }

    /// How an account stands, by its name.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn account_limit(&self, username: &str) -> Result<AccountLimit, StoreError> {
        let (limits, now) = (&self.0.limits, self.now());
        let rows = self.store().list_limits_of(limits.account_key(username), now).await?;
        let of_device = |row: &LimitRow| matches!(row.subject, LimitSubject::Device(..));
        let (devices, strangers): (Vec<_>, Vec<_>) = rows.into_iter().partition(of_device);
        let strangers = strangers.into_iter().next();
        let failures = strangers.as_ref().map_or(0, |row| limits.failures(row, now));
        Ok(AccountLimit { failures, strangers, devices })
    }

    /// Forgives the failures that count against an account, on all nodes. Whether there were any.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn clear_account_limit(&self, username: &str) -> Result<bool, StoreError> {
        self.store().clear_limits(self.0.limits.account_key(username), self.now()).await
    }

    async fn admit(&self, contender: Contender, username: Option<&str>, caller: &Caller) -> Result<Trial, AuthError> {
        if contender.is_free() {
            return Ok(Trial { auth: self.clone(), begun: None });
        }
        let admitted = tokio::time::timeout(PATIENCE, self.take_turns(contender, username, caller)).await;
        admitted.unwrap_or(Err(BUSY))
    }

    /// Counts the attempt as under way before anything of it is looked at: what all nodes let through together is what
    /// the limit says. Where as many are under way as may fail, the next one waits for one of them to end.
    async fn take_turns(
        &self,
        contender: Contender,
        username: Option<&str>,
        caller: &Caller,
    ) -> Result<Trial, AuthError> {
        let mut turn = None;
        loop {
            let found = self.find_limits(contender).await?;
            let circle = Limits::circle(contender, &found, self.now());
            match self.0.limits.admit(contender, &found, self.now()) {
                Admission::Begun { known, writes } => {
                    let begin = begin(self.clone(), contender, known, found, writes);
                    // Whoever hangs up now has begun all the same, and is told to have failed.
                    if let Some(trial) = tokio::spawn(begin).await.map_err(|_| BUSY)?? {
                        return Ok(trial);
                    }
                }
                Admission::Busy => tokio::time::sleep(PAUSE).await,
                Admission::Held { wait, news } => return Err(self.held(wait, news, username, caller).await),
            }
            if turn.is_none() {
                turn = Some(self.0.limit_gates.enter(circle).await);
            }
        }
    }

    /// Writes how an attempt ended, over whatever others have written meanwhile.
    async fn settle(&self, begun: &Begun, outcome: Outcome) -> Result<(), StoreError> {
        let (contender, known) = (begun.contender, begun.known);
        let mut found = None;
        let mut turn = None;
        for _ in 0..MAX_ROUNDS {
            let rows = found.as_ref().unwrap_or(&begun.rows);
            let writes = self.0.limits.settle(contender, known, outcome, rows, self.now());
            if self.write_limits(&writes).await? {
                return Ok(());
            }
            if turn.is_none() {
                turn = Some(self.0.limit_ends.enter((contender.account, known)).await);
            }
            found = Some(self.find_limits(contender).await?);
        }
        Err(StoreError::Busy)
    }

    async fn find_limits(&self, contender: Contender) -> Result<Vec<LimitRow>, StoreError> {
        self.store().find_limits(contender.account, contender.device, contender.address).await
    }

    async fn write_limits(&self, writes: &[LimitWrite]) -> Result<bool, StoreError> {
        if writes.is_empty() {
            return Ok(true);
        }
        self.store().write_limits(writes, MAX_DEVICES).await
    }

    /// Of all who come up against a wait, on whatever node, the first one tells.
    async fn held(&self, wait: Wait, news: Option<LimitWrite>, username: Option<&str>, caller: &Caller) -> AuthError {
        let is_news = match news {
            Some(write) => self.write_limits(&[write]).await.unwrap_or(true),
            None => false,
        };
        self.refused(Wait { is_news, ..wait }, username, caller).await
    }

    async fn refused(&self, wait: Wait, username: Option<&str>, caller: &Caller) -> AuthError {
        let retry_after = wait.until.since(self.now()).max(Duration::from_secs(1));
        if wait.is_news
            && let Err(error) = self.tell(wait.by, username, caller).await
        {
            tracing::warn!(%error, "an event could not be written");
        }
        AuthError::Throttled { retry_after }
    }

    /// One line and one event for each wait, however many come up against it. What was typed as a name is not told: it
    /// may be a password.
    async fn tell(&self, by: LimitOf, username: Option<&str>, caller: &Caller) -> Result<(), AuthError> {
        let limit = setting(by);
        tracing::warn!(limit, address = caller.address(), "a limit was reached");
        let user = match username {
            Some(username) => self.find_user_by_username(username).await?,
            None => None,
        };
        let event = NewEvent {
            at: self.now(),
            kind: EventKind::Throttled,
            user_id: user.map(|user| user.id),
            family: None,
            address: caller.address(),
            detail: Some(limit.to_owned()),
        };
        Ok(self.store().append_event(&event).await?)
    }
}

impl Trial {
    /// Comes back once it is written; is written even if nobody waits for it.
    pub(super) async fn end(mut self, outcome: Outcome) {
        if let Some(begun) = self.begun.take() {
            // Only a panic or the end of the process makes this task fail, and then it has failed as an attempt, too.
            drop(tokio::spawn(write_end(self.auth.clone(), begun, outcome)).await);
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(write_end(self.auth.clone(), begun, Outcome::Failed));
        }
    }
}

/// Writes that an attempt is under way, unless somebody else came by.
async fn begin(
    auth: Auth,
    contender: Contender,
    known: Option<DeviceKey>,
    found: Vec<LimitRow>,
    writes: Vec<LimitWrite>,
) -> Result<Option<Trial>, StoreError> {
    if !auth.write_limits(&writes).await? {
        return Ok(None);
    }
    let rows = after(found, writes);
    Ok(Some(Trial { auth, begun: Some(Begun { contender, known, rows }) }))
}

async fn write_end(auth: Auth, begun: Begun, outcome: Outcome) {
    if !try_to_write_end(&auth, &begun, outcome).await {
        // Nobody waits for that, but a full disk is no reason to hold somebody who typed the right password.
        drop(tokio::spawn(write_end_later(auth, begun, outcome)));
    }
}

/// Again and again for as long as the attempt counts as under way.
async fn write_end_later(auth: Auth, begun: Begun, outcome: Outcome) {
    for _ in 0..LATER {
        tokio::time::sleep(LATER_PAUSE).await;
        if try_to_write_end(&auth, &begun, outcome).await {
            return;
        }
    }
    tracing::warn!("how a sign-in ended could not be written for too long: it counts as failed");
}

/// Tries to write it. Not settled is only what can be tried again without being counted twice: the database said no,
/// instead of saying nothing.
async fn try_to_write_end(auth: &Auth, begun: &Begun, outcome: Outcome) -> bool {
    match auth.settle(begun, outcome).await {
        Ok(()) => true,
        Err(StoreError::Full | StoreError::Busy | StoreError::ReadOnly) => false,
        Err(error) => {
            tracing::warn!(%error, "how a sign-in ended could not be written: it counts as failed");
            true
        }
    }
}

/// What stands in the store once that was written.
fn after(found: Vec<LimitRow>, writes: Vec<LimitWrite>) -> Vec<LimitRow> {
    let mut rows: Vec<_> = writes.into_iter().map(|write| write.row).collect();
    let others = found.into_iter().filter(|row| rows.iter().all(|written| written.subject != row.subject));
    let others: Vec<_> = others.collect();
    rows.extend(others);
    rows
}

/// The setting to look at.
fn setting(limit: LimitOf) -> &'static str {
    match limit {
        LimitOf::Account | LimitOf::KnownDevice => "login_failures_per_account",
        LimitOf::Address => "login_failures_per_address",
        LimitOf::SignUps => "signups_per_address",
        LimitOf::Requests => "requests_per_address",
    }
}

/// How long an attempt waits for others to end, and for its turn.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(10);
/// 50 s of trying: after 60 it counts as failed.
const LATER: u32 = 200;
const LATER_PAUSE: Duration = Duration::from_millis(250);
/// Each time somebody else got on.
const MAX_ROUNDS: u32 = 1000;
const BUSY: AuthError = AuthError::Overloaded { retry_after: Duration::from_secs(1) };
