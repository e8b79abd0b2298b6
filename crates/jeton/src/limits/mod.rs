//! How often something may be tried: the memory behind `[limits]`. It is bounded, and lives by the moments it is given.
//!
//! A sign-in is held to the tally of its account, and to that of the address it comes from. A device that its owner has
//! signed in with counts for itself alone. `docs/decisions/0009-limits.md` says what that is worth.

mod account;
mod network;
mod table;
mod tally;
mod window;

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jeton_store::LoginLimit;
use jeton_token::rotation::AgentDigest;
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;
use sha2::{Digest, Sha256};

pub(crate) use account::{AccountKey, DeviceKey};

use crate::settings::{self, Limit};
use account::{Account, Circle};
use network::Network;
use table::Table;
use tally::{Rule, Standing, Tally};

/// The limits of one site, and what counts against them.
#[derive(Debug)]
pub(crate) struct Limits {
    of_account: Option<Rule>,
    of_address: Option<Rule>,
    of_sign_ups: Option<Rule>,
    of_requests: Option<Rule>,
    secret: Secret<[u8; 32]>,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    accounts: Table<AccountKey, Account>,
    addresses: Table<Network, Tally>,
    sign_ups: Table<Network, Tally>,
    requests: Table<Network, Tally>,
    forgotten: Vec<(AccountKey, Option<DeviceKey>)>,
}

/// Who tries to sign in, and as whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    account: Option<AccountKey>,
    device: Option<DeviceKey>,
    network: Option<Network>,
}

/// Whether a sign-in may go on.
#[derive(Debug)]
pub(crate) enum Admission<'a> {
    /// It may; how it ends has to be told.
    Begun(Trial<'a>),
    /// That depends on how others end that are under way.
    Busy,
    /// It may not.
    Held(Wait),
}

/// Why something may not be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) by: LimitOf,
    /// When it may be tried again.
    pub(crate) until: Timestamp,
    /// The first one of this wait, to be told to the operator.
    pub(crate) is_news: bool,
    /// What the store may know better.
    pub(crate) circle: Option<CircleName>,
}

/// The failures that count together: those of an account's strangers, or of one of its known devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CircleName {
    pub(crate) account: AccountKey,
    pub(crate) device: Option<DeviceKey>,
    /// As of when: what the store has from later is another's doing.
    pub(crate) changed_at: Timestamp,
}

/// What a limit is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitOf {
    Account,
    KnownDevice,
    Address,
    SignUps,
    Requests,
}

/// A sign-in under way. One of which nothing more is heard has failed.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    limits: &'a Limits,
    contender: Contender,
    /// The known device it is counted for; if there is none, it is a stranger's.
    known: Option<DeviceKey>,
    begun_at: Timestamp,
    is_open: bool,
}

impl Limits {
    /// Names are kept as digests that nobody can make who does not know the secret.
    pub(crate) fn new(settings: &settings::Limits, secret: Secret<[u8; 32]>) -> Self {
        let rule = |limit, longest_delay| match limit {
            Limit::Off => None,
            Limit::AtMost(rate) => Some(Rule { rate, longest_delay }),
        };
        let memory = Memory {
            accounts: Table::new(MAX_ACCOUNTS),
            addresses: Table::new(MAX_ADDRESSES),
            sign_ups: Table::new(MAX_ADDRESSES),
            requests: Table::new(MAX_ADDRESSES),
            forgotten: Vec::new(),
        };
        Self {
            of_account: rule(settings.login_failures_per_account, Some(settings.longest_login_delay)),
            of_address: rule(settings.login_failures_per_address, None),
            of_sign_ups: rule(settings.signups_per_address, None),
            of_requests: rule(settings.requests_per_address, None),
            secret,
            memory: Mutex::new(memory),
        }
    }

    /// Whether accounts are limited, so that there is something to keep over a restart.
    pub(crate) fn keeps_accounts(&self) -> bool {
        self.of_account.is_some()
    }

    /// Somebody who tries to sign in with that name. Without an address nobody is a known device.
    pub(crate) fn contender(&self, username: &str, address: Option<IpAddr>, agent: Option<AgentDigest>) -> Contender {
        let network = address.map(Network::of);
        let account = self.account_key(username);
        let device = network.map(|network| {
            let agent = agent.unwrap_or_default();
            self.digest(b"device", &[&account[..], &network.bytes(), &agent].concat())
        });
        Contender { account: Some(account), device, network }
    }

    /// Somebody who guesses at something that is no account's.
    pub(crate) fn guesser(&self, address: Option<IpAddr>) -> Contender {
        Contender { account: None, device: None, network: address.map(Network::of) }
    }

    pub(crate) fn account_key(&self, username: &str) -> AccountKey {
        self.digest(b"account", username.as_bytes())
    }

    /// Begins a sign-in, unless a limit is against it. Only what is begun is remembered: who is held back costs nothing.
    pub(crate) fn try_begin(&self, contender: Contender, now: Timestamp) -> Admission<'_> {
        let mut memory = self.memory();
        let Memory { accounts, addresses, .. } = &mut *memory;
        let mut circle = self.of_account.zip(contender.account).and_then(|(rule, key)| {
            let (known, circle) = accounts.find(key)?.circle(contender.device, now);
            Some((rule, CircleName::of(key, known, circle), circle))
        });
        let known = circle.as_ref().and_then(|(_, name, _)| name.device);
        let limited = self.of_address.zip(contender.network).filter(|_| known.is_none());
        let mut address = limited.and_then(|(rule, network)| Some((rule, addresses.find(network)?)));
        let of_circle = circle.as_mut().map(|(rule, _, circle)| circle.tally.standing(*rule, now));
        let of_address = address.as_mut().map(|(rule, tally)| tally.standing(*rule, now));
        if let (Some(Standing::Held(until)), Some((_, name, circle))) = (of_circle, circle) {
            let by = if known.is_some() { LimitOf::KnownDevice } else { LimitOf::Account };
            return Admission::Held(Wait { by, until, is_news: circle.tally.is_news(until, now), circle: Some(name) });
        }
        if let (Some(Standing::Held(until)), Some((_, tally))) = (of_address, address) {
            let is_news = tally.is_news(until, now);
            return Admission::Held(Wait { by: LimitOf::Address, until, is_news, circle: None });
        }
        if [of_circle, of_address].contains(&Some(Standing::Busy)) {
            return Admission::Busy;
        }
        if let Some((rule, key)) = self.of_account.zip(contender.account) {
            memory.account(rule, key, now).circle(contender.device, now).1.tally.begin();
        }
        if let Some((rule, network)) = limited {
            memory.addresses.entry(network, |tally| tally.failures(rule, now)).0.begin();
        }
        Admission::Begun(Trial { limits: self, contender, known, begun_at: now, is_open: true })
    }

    /// What was forgotten here and may still stand in the store.
    pub(crate) fn take_forgotten(&self) -> Vec<(AccountKey, Option<DeviceKey>)> {
        std::mem::take(&mut self.memory().forgotten)
    }

    /// Counts a sign-up.
    pub(crate) fn count_sign_up(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Wait> {
        count(self.of_sign_ups, &mut self.memory().sign_ups, LimitOf::SignUps, address, now)
    }

    /// Counts a refresh or a verification.
    pub(crate) fn count_request(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Wait> {
        if self.of_requests.is_none() {
            return Ok(());
        }
        count(self.of_requests, &mut self.memory().requests, LimitOf::Requests, address, now)
    }

    /// Takes over what the store had kept.
    pub(crate) fn restore(&self, rows: &[LoginLimit], now: Timestamp) {
        let Some(rule) = self.of_account else { return };
        let mut memory = self.memory();
        for row in rows {
            memory.account(rule, row.account, now).restore(rule, row);
        }
    }

    /// An operator cleared it at that moment.
    pub(crate) fn clear(&self, circle: CircleName, at: Timestamp) {
        if let Some(account) = self.memory().accounts.find(circle.account) {
            account.clear(circle.device, at);
        }
    }

    /// How many failures of strangers count against an account at `now`, of what the store has kept.
    pub(crate) fn failures(&self, row: &LoginLimit, now: Timestamp) -> u16 {
        let Some(rule) = self.of_account else { return 0 };
        let mut account = Account::default();
        account.restore(rule, row);
        account.named(row.device).map_or(0, |circle| circle.tally.failures(rule, now))
    }

    fn digest<const N: usize>(&self, kind: &[u8], text: &[u8]) -> [u8; N] {
        let digest: [u8; 32] =
            Sha256::new().chain_update(self.secret.expose()).chain_update(kind).chain_update(text).finalize().into();
        std::array::from_fn(|position| digest[position])
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limits {
    fn settle(
        &self,
        contender: Contender,
        known: Option<DeviceKey>,
        outcome: Outcome,
        now: Timestamp,
    ) -> Option<LoginLimit> {
        let mut memory = self.memory();
        if let (Some(rule), Some(network), None) = (self.of_address, contender.network, known)
            && let Some(tally) = memory.addresses.find(network)
        {
            match outcome {
                Outcome::Failed => tally.fail(rule, now),
                Outcome::Succeeded | Outcome::Withdrawn => tally.withdraw(),
            }
        }
        let (rule, key) = self.of_account.zip(contender.account)?;
        let account = memory.account(rule, key, now);
        let tally = &mut account.named_or_strangers(known).tally;
        match outcome {
            Outcome::Withdrawn => {
                tally.withdraw();
                None
            }
            Outcome::Failed => {
                tally.fail(rule, now);
                account.row(rule, key, known, now)
            }
            Outcome::Succeeded => {
                tally.withdraw();
                let (is_news, lost) = account.welcome(rule, contender.device, now);
                let row = is_news.then(|| account.row(rule, key, contender.device, now)).flatten();
                memory.forgotten.extend(lost.into_iter().map(|device| (key, Some(device))));
                row
            }
        }
    }
}

impl Memory {
    /// The account, and room for it if it is new.
    fn account(&mut self, rule: Rule, key: AccountKey, now: Timestamp) -> &mut Account {
        let (account, lost) = self.accounts.entry(key, |account| account.worth(rule, now));
        let written = lost.into_iter().filter(|(_, account)| account.is_written());
        self.forgotten.extend(written.map(|(key, _)| (key, None)));
        account
    }
}

impl CircleName {
    fn of(account: AccountKey, device: Option<DeviceKey>, circle: &Circle) -> Self {
        Self { account, device, changed_at: circle.changed_at.unwrap_or(Timestamp::EPOCH) }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy)]
enum Outcome {
    Succeeded,
    Failed,
    Withdrawn,
}

impl Trial<'_> {
    /// Name and password were right. The device is known from now on, and what failed on it is forgiven. What strangers
    /// failed is not, or whoever guesses could wait for the owner to come by. The row to be written, if there is one.
    pub(crate) fn succeed(self, now: Timestamp) -> Option<LoginLimit> {
        self.end(Outcome::Succeeded, now)
    }

    /// They were not. The row to be written, if there is one.
    pub(crate) fn fail(self, now: Timestamp) -> Option<LoginLimit> {
        self.end(Outcome::Failed, now)
    }

    /// Nobody knows: they could not be looked at.
    pub(crate) fn withdraw(self, now: Timestamp) {
        self.end(Outcome::Withdrawn, now);
    }

    fn end(mut self, outcome: Outcome, now: Timestamp) -> Option<LoginLimit> {
        self.is_open = false;
        self.limits.settle(self.contender, self.known, outcome, now)
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.limits.settle(self.contender, self.known, Outcome::Failed, self.begun_at);
        }
    }
}

/// Counts what is counted whether it succeeds or not.
fn count(
    rule: Option<Rule>,
    tallies: &mut Table<Network, Tally>,
    by: LimitOf,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<(), Wait> {
    let (Some(rule), Some(address)) = (rule, address) else { return Ok(()) };
    let (tally, _) = tallies.entry(Network::of(address), |tally| tally.failures(rule, now));
    match tally.standing(rule, now) {
        Standing::Free | Standing::Busy => {
            tally.fail(rule, now);
            Ok(())
        }
        Standing::Held(until) => Err(Wait { by, until, is_news: tally.is_news(until, now), circle: None }),
    }
}

/// At 128 bytes and what known devices take: 8 MiB, and several times that where every account has several.
const MAX_ACCOUNTS: usize = 65_536;
/// At 80 bytes: 5 MiB.
const MAX_ADDRESSES: usize = 65_536;

#[cfg(test)]
mod tests;
