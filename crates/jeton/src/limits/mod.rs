//! How often something may be tried: the rules behind `[limits]`. They live by the moments and the counts they are given.
//!
//! A sign-in is held to the tally of its account, and to that of the address it comes from. A device that its owner has
//! signed in with counts for itself alone. What counts stands in the store, for all nodes. `docs/decisions/0009-limits.md`
//! and `0019-limits-over-nodes.md` say what that is worth.

mod attempt;
mod gates;
mod network;
mod shared;
mod table;
mod tally;
mod window;

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jeton_token::rotation::AgentDigest;
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;
use sha2::{Digest, Sha256};

pub(crate) use attempt::{Admission, Circle, Outcome};
pub(crate) use gates::Gates;
pub(crate) use shared::{SharedCounts, Told};

use crate::settings::{self, Limit, Rate};
use network::Network;
use table::Table;
use tally::{Rule, Standing, Tally};

/// The keyed digest of a name, as it was typed. There may be nobody of that name.
pub(crate) type AccountKey = [u8; 16];
/// The keyed digest of an account, a network and a user agent.
pub(crate) type DeviceKey = [u8; 8];
/// The keyed digest of a network, and of what is counted there.
pub(crate) type AddressKey = [u8; 16];

/// The limits of one site.
#[derive(Debug)]
pub(crate) struct Limits {
    of_account: Option<Rule>,
    of_address: Option<Rule>,
    of_sign_ups: Option<Rule>,
    of_requests: Option<Rule>,
    secret: Secret<[u8; 32]>,
    /// Refreshes and verifications are too many for the store: each node counts its own.
    requests: Mutex<Table<Network, Tally>>,
}

/// Who tries to sign in, and as whom, as far as it is limited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub(crate) account: Option<AccountKey>,
    pub(crate) device: Option<DeviceKey>,
    pub(crate) address: Option<AddressKey>,
}

/// Why something may not be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) by: LimitOf,
    /// When it may be tried again.
    pub(crate) until: Timestamp,
    /// The first one of this wait, to be told to the operator.
    pub(crate) is_news: bool,
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

impl Limits {
    /// Names and addresses are kept as digests that nobody can make who does not know the secret.
    pub(crate) fn new(settings: &settings::Limits, secret: Secret<[u8; 32]>) -> Self {
        let rule = |limit, longest_delay| match limit {
            Limit::Off => None,
            Limit::AtMost(rate) => Some(Rule { rate, longest_delay }),
        };
        Self {
            of_account: rule(settings.login_failures_per_account, Some(settings.longest_login_delay)),
            of_address: rule(settings.login_failures_per_address, None),
            of_sign_ups: rule(settings.signups_per_address, None),
            of_requests: rule(settings.requests_per_address, None),
            secret,
            requests: Mutex::new(Table::new(MAX_ADDRESSES)),
        }
    }

    /// Somebody who tries to sign in with that name. Without an address nobody is a known device.
    pub(crate) fn contender(&self, username: &str, address: Option<IpAddr>, agent: Option<AgentDigest>) -> Contender {
        let account = self.of_account.map(|_| self.account_key(username));
        let device = account.zip(address).map(|(account, address)| {
            let agent = agent.unwrap_or_default();
            self.digest(b"device", &[&account[..], &Network::of(address).bytes(), &agent].concat())
        });
        Contender { account, device, ..self.guesser(address) }
    }

    /// Somebody who guesses at something that is no account's.
    pub(crate) fn guesser(&self, address: Option<IpAddr>) -> Contender {
        let address =
            self.of_address.and(address).map(|address| self.digest(b"address", &Network::of(address).bytes()));
        Contender { account: None, device: None, address }
    }

    /// Whose sign-ups count together, if they are counted.
    pub(crate) fn sign_up_key(&self, address: Option<IpAddr>) -> Option<AddressKey> {
        self.of_sign_ups.and(address).map(|address| self.digest(b"sign-up", &Network::of(address).bytes()))
    }

    pub(crate) fn account_key(&self, username: &str) -> AccountKey {
        self.digest(b"account", username.as_bytes())
    }

    /// Whose requests count together over all nodes, and how many are free.
    pub(crate) fn request_key(&self, address: Option<IpAddr>) -> Option<(AddressKey, Rate)> {
        let key = |address| self.digest(b"request", &Network::of(address).bytes());
        self.of_requests.zip(address).map(|(rule, address)| (key(address), rule.rate))
    }

    /// Whether this node alone has counted too many refreshes and verifications.
    pub(crate) fn look_at_requests(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Wait> {
        self.with_requests(address, now, |_, _| Ok(()))
    }

    /// Counts a refresh or a verification on this node.
    pub(crate) fn count_request(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Wait> {
        self.with_requests(address, now, |rule, tally| {
            tally.fail(rule, now);
            Ok(())
        })
    }

    /// All nodes together have counted too many.
    pub(crate) fn wait_for_requests(&self, address: Option<IpAddr>, until: Timestamp, now: Timestamp) -> Wait {
        let wait = |is_news| Wait { by: LimitOf::Requests, until, is_news };
        let told = self.with_requests(address, now, |_, tally| Err(wait(tally.is_news(until, now))));
        told.err().unwrap_or(wait(false))
    }

    fn with_requests(
        &self,
        address: Option<IpAddr>,
        now: Timestamp,
        then: impl FnOnce(Rule, &mut Tally) -> Result<(), Wait>,
    ) -> Result<(), Wait> {
        let (Some(rule), Some(address)) = (self.of_requests, address) else { return Ok(()) };
        let mut requests = self.requests();
        let tally = requests.entry(Network::of(address), |tally| tally.failures(rule, now));
        match tally.standing(rule, now) {
            Standing::Free | Standing::Busy => then(rule, tally),
            Standing::Held(until) => Err(Wait { by: LimitOf::Requests, until, is_news: tally.is_news(until, now) }),
        }
    }

    fn digest<const N: usize>(&self, kind: &[u8], text: &[u8]) -> [u8; N] {
        let digest: [u8; 32] =
            Sha256::new().chain_update(self.secret.expose()).chain_update(kind).chain_update(text).finalize().into();
        std::array::from_fn(|position| digest[position])
    }

    fn requests(&self) -> MutexGuard<'_, Table<Network, Tally>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contender {
    /// Nothing limits this one.
    pub(crate) fn is_free(self) -> bool {
        self.account.is_none() && self.address.is_none()
    }
}

/// Known devices of an account; the one that was away for longest is forgotten first.
pub(crate) const MAX_DEVICES: u32 = 8;
/// At 80 bytes: 5 MiB.
const MAX_ADDRESSES: usize = 65_536;

#[cfg(test)]
mod tests;
