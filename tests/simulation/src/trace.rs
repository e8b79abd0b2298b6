//! What happened in a schedule, line by line.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::play::{Ask, Fate, Outcome, Request, Token};
use crate::scene::Company;

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Setup { safe: bool, company: Company, skew: i64 },
    Foreign { user: usize, token: Token },
    Begins { id: usize, request: Request },
    Polled { id: usize, fate: Fate },
    Answers { id: usize, outcome: Outcome, heard: bool },
    Abandoned { id: usize },
    Passes { seconds: i64 },
    ClockStep { node: usize, offset: i64 },
    Crash { node: usize },
    Idle { node: usize },
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(pub(crate) Vec<Line>);

impl Trace {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// SHA-256 of the text.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_string().as_bytes()).into()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(number, line)| writeln!(f, "{number:4}  {line}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup { safe, company, skew } => {
                let stance = if *safe { "safe" } else { "exact" };
                write!(f, "{stance}, {company:?}, clocks within {skew} s")
            }
            Self::Foreign { user, token } => write!(f, "user {user} has the foreign token {token}"),
            Self::Begins { id, request } => write!(
                f,
                "#{id} node {} at {}: {} (agent {})",
                request.node,
                request.at - crate::play::START,
                request.ask,
                request.agent
            ),
            Self::Polled { id, fate } => write!(f, "#{id} goes on: {fate:?}"),
            Self::Answers { id, outcome, heard } => {
                write!(f, "#{id} answers {outcome}{}", if *heard { "" } else { ", which gets lost" })
            }
            Self::Abandoned { id } => write!(f, "#{id} is dropped"),
            Self::Passes { seconds } => write!(f, "{seconds} s pass"),
            Self::ClockStep { node, offset } => write!(f, "the clock of node {node} is set to {offset:+} s"),
            Self::Crash { node } => write!(f, "node {node} crashes"),
            Self::Idle { node } => write!(f, "node {node} is idle"),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from_start = |at: i64| at - crate::play::START;
        let Self { lineage, generation, issued, expires } = *self;
        write!(f, "{lineage}.{generation} [{}..{}]", from_start(issued), from_start(expires))
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login { user, lineage } => write!(f, "user {user} signs in as {lineage}"),
            Self::Refresh(token) => write!(f, "refresh {token}"),
            Self::Verify(token) => write!(f, "verify {token}"),
            Self::Logout(token) => write!(f, "logout {token}"),
            Self::Blacklist(token) => write!(f, "blacklist {token}"),
            Self::LogoutAll { user } => write!(f, "logout of all of user {user}"),
            Self::Flush => write!(f, "flush"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issued(token) => write!(f, "{token}"),
            Self::Done => write!(f, "done"),
            Self::Refused => write!(f, "401 blacklisted"),
            Self::Expired => write!(f, "401 expired"),
            Self::Early => write!(f, "401 issued in the future"),
            Self::Unavailable => write!(f, "503"),
            Self::Other(words) => write!(f, "{words}"),
        }
    }
}
