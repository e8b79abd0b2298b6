//! What a check found to be wrong.

use std::fmt::Display;

use crate::act::Act;

/// Facts that were refuted, and answers that nothing explains.
#[derive(Default)]
pub(crate) struct Findings {
    /// Facts that were held against the server.
    pub(crate) checked: u64,
    /// Doubtful ones: the kill came between the request and its answer, and either outcome is right, but only a whole one.
    pub(crate) resolved: u64,
    /// What was acknowledged and is not so.
    pub(crate) losses: Vec<(Act, String)>,
    /// Everything else: torn states, wrong status codes.
    pub(crate) oddities: Vec<String>,
}

impl Findings {
    pub(crate) fn lost(&mut self, act: Act, owner: &str, how: &str) {
        self.losses.push((act, format!("LOST: a {act} of {owner}: {how}")));
    }

    pub(crate) fn odd(&mut self, what: impl Display) {
        self.oddities.push(what.to_string());
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.checked += other.checked;
        self.resolved += other.resolved;
        self.losses.extend(other.losses);
        self.oddities.extend(other.oddities);
    }

    /// The first few of both kinds, or nothing if all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        let all: Vec<&str> =
            self.losses.iter().map(|(_, loss)| loss).chain(&self.oddities).map(String::as_str).collect();
        let more = all.len().saturating_sub(SHOWN);
        let mut lines: Vec<&str> = all.into_iter().take(SHOWN).collect();
        let rest = format!("and {more} more");
        if more > 0 {
            lines.push(&rest);
        }
        (!lines.is_empty()).then(|| lines.join("\n    "))
    }
}

const SHOWN: usize = 8;
