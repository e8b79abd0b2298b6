//! What is played: tokens, requests, answers, and the world that answers them.

use std::pin::Pin;
use std::time::Duration;

pub(crate) use jeton_store::simulation::Fate;
use jeton_token::rotation::{AgentDigest, Family, Rules};

/// A refresh token. A foreign one is generation 0 of the lineage that it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The login, or the foreign token, that it descends from.
    pub(crate) lineage: usize,
    pub(crate) generation: u32,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
}

/// What is asked of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Login { user: usize, lineage: usize },
    Refresh(Token),
    Verify(Token),
    Logout(Token),
    Blacklist(Token),
    LogoutAll { user: usize },
    Flush,
}

impl Ask {
    pub(crate) fn token(self) -> Option<Token> {
        match self {
            Self::Refresh(token) | Self::Verify(token) | Self::Logout(token) | Self::Blacklist(token) => Some(token),
            Self::Login { .. } | Self::LogoutAll { .. } | Self::Flush => None,
        }
    }
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Issued(Token),
    Done,
    /// "Token is blacklisted".
    Refused,
    /// "Token is expired".
    Expired,
    /// "Token is invalid": issued in the future, by the clock of the node that is asked.
    Early,
    /// 503.
    Unavailable,
    /// Anything else: no request of a schedule deserves it.
    Other(String),
}

pub(crate) type Answer = Pin<Box<dyn Future<Output = Outcome>>>;

/// A request as it is handed to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) node: usize,
    pub(crate) ask: Ask,
    pub(crate) user: usize,
    /// When its head was read, by that node's clock.
    pub(crate) at: i64,
    pub(crate) agent: usize,
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) lineage: usize,
    pub(crate) family: Family,
    pub(crate) token_expires_at: i64,
    pub(crate) expires_at: i64,
}

/// Nodes over one database: the double, or the real thing.
pub(crate) trait World {
    /// Hands a request to a node. Each poll of the answer makes one call to the ledger, whose fate was decided before.
    fn begin(&mut self, request: Request) -> Answer;

    /// The fate of the next call.
    fn decide(&mut self, fate: Fate);

    fn set_clock(&mut self, node: usize, now: i64);

    /// The node starts anew: what it had in memory is gone.
    fn crash(&mut self, node: usize);

    /// The node has nothing to do for a while, and writes its notes.
    fn idle(&mut self, node: usize);

    /// A token of Simple JWT's own making, not seen by any node yet.
    fn foreign(&mut self, user: usize, token: Token);

    /// The rows whose lineage is known, in the order of the lineages.
    fn view(&mut self) -> Vec<View>;
}

/// How a schedule is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stance {
    pub(crate) safe: bool,
}

impl Stance {
    pub(crate) fn rules(self) -> Rules {
        if self.safe { Rules::SAFE } else { Rules::EXACT }
    }

    pub(crate) fn family_lifetime(self) -> Option<i64> {
        self.safe.then_some(FAMILY_LIFETIME.as_secs() as i64)
    }
}

/// The user agents that there are.
pub(crate) const AGENTS: [&str; 2] = ["a browser", "another browser"];

/// What a ledger keeps of them.
pub(crate) fn digest(agent: usize) -> AgentDigest {
    use sha2::{Digest, Sha256};
    static DIGESTS: std::sync::LazyLock<[AgentDigest; 2]> = std::sync::LazyLock::new(|| {
        AGENTS.map(|agent| {
            let digest: [u8; 32] = Sha256::digest(agent.as_bytes()).into();
            std::array::from_fn(|byte| digest[byte])
        })
    });
    DIGESTS[agent]
}

pub(crate) const USERS: usize = 2;
pub(crate) const NODES: usize = 3;
/// Late in 2026.
pub(crate) const START: i64 = 1_795_000_000;
pub(crate) const REFRESH_LIFETIME: Duration = Duration::from_secs(3 * 86_400);
pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(300);
pub(crate) const FAMILY_LIFETIME: Duration = Duration::from_secs(5 * 86_400);
