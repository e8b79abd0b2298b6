//! Holding sign-ins to `[limits]`: what the memory decides, what the store keeps, what the operator is told.

use std::time::Duration;

use jeton_store::{EventKind, LoginLimit, NewEvent, StoreError, User};

use super::{Auth, AuthError, Caller};
use crate::limits::{Admission, Contender, LimitOf, Trial, Wait};

/// How the failures that count against an account stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLimit {
    /// How many failures of strangers count.
    pub failures: u16,
    /// What the store has kept of strangers.
    pub strangers: Option<LoginLimit>,
    /// What it has kept of the devices that the owner is known by.
    pub devices: Vec<LoginLimit>,
}

impl Auth {
    /// Counts a sign-up from that address.
    ///
    /// # Errors
    ///
    /// [`AuthError::Throttled`].
    pub async fn admit_sign_up(&self, caller: &Caller) -> Result<(), AuthError> {
        match self.0.limits.count_sign_up(caller.address, self.now()) {
            Ok(()) => Ok(()),
            Err(wait) => Err(self.refused(wait, None, caller).await),
        }
    }

    /// Counts a refresh or a verification from that address.
    ///
    /// # Errors
    ///
    /// [`AuthError::Throttled`].
    pub async fn admit_request(&self, caller: &Caller) -> Result<(), AuthError> {
        match self.0.limits.count_request(caller.address, self.now()) {
            Ok(()) => Ok(()),
            Err(wait) => Err(self.refused(wait, None, caller).await),
        }
    }

    /// Begins a sign-in with that name, which may belong to nobody.
    pub(super) async fn begin_attempt(&self, username: &str, caller: &Caller) -> Result<Trial<'_>, AuthError> {
        self.restore_limits().await?;
        let contender = self.0.limits.contender(username, caller.address, caller.agent());
        self.admit(contender, Some(username), caller).await
    }

    /// Begins a guess at something that is no account's: it counts against the address alone.
    pub(super) async fn begin_guess(&self, caller: &Caller) -> Result<Trial<'_>, AuthError> {
        self.admit(self.0.limits.guesser(caller.address), None, caller).await
    }

    /// Tells how an attempt ended. Where nothing is known about the password it is as if it had not been made.
    pub(super) async fn end_attempt(&self, trial: Trial<'_>, checked: Result<&User, &AuthError>) {
        let now = self.now();
        let row = match checked {
            Ok(_) => trial.succeed(now),
            Err(AuthError::WrongCredentials) => trial.fail(now),
            Err(_) => return trial.withdraw(now),
        };
        self.keep(row).await;
    }

    /// How an account stands, by its name.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn account_limit(&self, username: &str) -> Result<AccountLimit, StoreError> {
        let (limits, now) = (&self.0.limits, self.now());
        let rows = self.store().list_login_limits_of(limits.account_key(username), now).await?;
        let (devices, strangers): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.device.is_some());
        let strangers = strangers.into_iter().next();
        let failures = strangers.as_ref().map_or(0, |row| limits.failures(row, now));
        Ok(AccountLimit { failures, strangers, devices })
    }

    /// Forgives the failures that count against an account; a running server notices. Whether there were any.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn clear_account_limit(&self, username: &str) -> Result<bool, StoreError> {
        self.store().clear_login_limits(self.0.limits.account_key(username), self.now()).await
    }

    /// Where as many attempts are under way as may fail, the next one waits for one of them to end.
    async fn admit(
        &self,
        contender: Contender,
        username: Option<&str>,
        caller: &Caller,
    ) -> Result<Trial<'_>, AuthError> {
        for _ in 0..PATIENCE {
            match self.0.limits.try_begin(contender, self.now()) {
                Admission::Begun(trial) => return Ok(trial),
                Admission::Held(wait) if !self.was_cleared(wait).await => {
                    return Err(self.refused(wait, username, caller).await);
                }
                Admission::Held(_) => {}
                Admission::Busy => tokio::time::sleep(PAUSE).await,
            }
        }
        Err(AuthError::Overloaded { retry_after: Duration::from_secs(1) })
    }

    /// Whether an operator has cleared it behind this process's back.
    async fn was_cleared(&self, wait: Wait) -> bool {
        let Some(circle) = wait.circle else { return false };
        let row = match self.store().find_login_limit(circle.account, circle.device).await {
            Ok(row) => row.filter(|row| row.changed_at > circle.changed_at && row.failures == 0 && row.strikes == 0),
            Err(_) => None,
        };
        if let Some(row) = &row {
            self.0.limits.clear(circle, row.changed_at);
        }
        row.is_some()
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

    async fn restore_limits(&self) -> Result<(), StoreError> {
        if !self.0.limits.keeps_accounts() {
            return Ok(());
        }
        let restore = async || {
            let now = self.now();
            let rows = self.store().list_login_limits(now, MOST_KEPT).await?;
            self.0.limits.restore(&rows, now);
            Ok(())
        };
        self.0.limits_restored.get_or_try_init(restore).await.copied()
    }

    async fn keep(&self, row: Option<LoginLimit>) {
        let forgotten = self.0.limits.take_forgotten();
        if row.is_none() && forgotten.is_empty() {
            return;
        }
        if let Err(error) = self.store().update_login_limits(row.as_slice(), &forgotten, self.now()).await {
            tracing::warn!(%error, "failed sign-ins are remembered in memory alone");
        }
    }
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

/// Five seconds of looking again.
const PATIENCE: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);
/// As many accounts as are remembered at a time, with a device each.
const MOST_KEPT: u32 = 131_072;
