//! A family and what is presented to it.

use super::{Decision, Rules};
use crate::id::Generation;
use crate::time::Timestamp;

/// The state of a family that decisions rest on.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::Family;
///
/// let family = Family { generation: Generation(3), ..Family::new() };
/// assert!(!family.revoked);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Family {
    /// The newest generation that was minted.
    pub generation: Generation,
    /// Every smaller generation is used up.
    pub consumed_below: Generation,
    /// When the newest generation was minted by a rotation.
    pub rotated_at: Option<Timestamp>,
    /// The user agent that asked for that rotation.
    pub rotated_by: Option<AgentDigest>,
    /// The newest late replay, if there was one.
    pub late: Option<LateReplay>,
    /// The highest generation that is known to have been used by its owner.
    pub in_use: Option<Generation>,
    /// Somebody presented a token older than the parent within the window: no late replay any more.
    pub marked: bool,
    /// The family has ended.
    pub revoked: bool,
}

/// A parent that was presented again after the window, and answered with its successor.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::{Decision, Family, LateReplay, Presented, Rules, decide};
/// use jeton_token::time::Timestamp;
///
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let token = Presented { generation: Generation(0), blacklisted: false, at: now, agent: None };
/// let family = Family::new().after(Decision::Rotate, &token, &Rules::SAFE);
/// let minutes_later = Presented { at: Timestamp::from_seconds(1_700_000_600), ..token };
/// let late = LateReplay { generation: Generation(1), at: minutes_later.at, run: 1 };
/// assert_eq!(decide(&family, &minutes_later, &Rules::SAFE), Decision::SameSuccessorLate(late));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LateReplay {
    /// The successor that was given out again.
    pub generation: Generation,
    /// When.
    pub at: Timestamp,
    /// How many generations in a row needed it, this one included.
    pub run: u8,
}

/// The first eight bytes of a SHA-256 of a `User-Agent`.
///
/// ```
/// use jeton_token::rotation::AgentDigest;
///
/// let agent: AgentDigest = *b"8 bytes!";
/// assert_eq!(agent.len(), 8);
/// ```
pub type AgentDigest = [u8; 8];

/// A refresh token, as it came in.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::{Presented};
/// use jeton_token::time::Timestamp;
///
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let token = Presented { generation: Generation(0), blacklisted: false, at: now, agent: None };
/// assert_eq!(token.generation.next(), Some(Generation(1)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Presented {
    /// Its generation.
    pub generation: Generation,
    /// This very token is on the list of single blacklisted tokens.
    pub blacklisted: bool,
    /// When the head of the request was read, not when its turn came.
    pub at: Timestamp,
    /// Who sent it.
    pub agent: Option<AgentDigest>,
}

impl Family {
    /// A family as a login makes it.
    ///
    /// ```
    /// use jeton_token::id::Generation;
    /// use jeton_token::rotation::Family;
    ///
    /// assert_eq!(Family::new().generation, Generation(0));
    /// ```
    pub fn new() -> Self {
        Self {
            generation: Generation(0),
            consumed_below: Generation(0),
            rotated_at: None,
            rotated_by: None,
            late: None,
            in_use: None,
            marked: false,
            revoked: false,
        }
    }

    /// The family as it is once a decision on a presented token was carried out.
    ///
    /// ```
    /// use jeton_token::id::Generation;
    /// use jeton_token::rotation::{Decision, Family, Presented, Rules};
    /// use jeton_token::time::Timestamp;
    ///
    /// let now = Timestamp::from_seconds(1_700_000_000);
    /// let token = Presented { generation: Generation(0), blacklisted: false, at: now, agent: None };
    /// let rotated = Family::new().after(Decision::Rotate, &token, &Rules::SAFE);
    /// assert_eq!((rotated.generation, rotated.consumed_below), (Generation(1), Generation(1)));
    /// ```
    #[must_use]
    pub fn after(&self, decision: Decision, presented: &Presented, rules: &Rules) -> Self {
        let mut next = self.clone();
        match decision {
            Decision::Accept | Decision::SameSuccessor | Decision::Refuse(_) => {}
            Decision::Rotate | Decision::RotateOlder => {
                next.generation = self.generation.next().unwrap_or(self.generation);
                next.rotated_at = Some(presented.at);
                next.rotated_by = presented.agent;
                if rules.blacklist && decision == Decision::Rotate {
                    next.consumed_below = next.generation;
                }
            }
            Decision::SameSuccessorLate(late) => next.late = Some(late),
            Decision::RefuseAndMark => next.marked = true,
            Decision::End(_) => next.revoked = true,
        }
        next
    }
}

impl Default for Family {
    fn default() -> Self {
        Self::new()
    }
}
