//! The kinds of writes, and how many of each were acknowledged.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a client asked for and the server wrote down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    SignUp,
    Login,
    Rotation,
    Blacklisting,
    Logout,
    LogoutEverywhere,
}

/// How often each was acknowledged.
#[derive(Default)]
pub(crate) struct Acknowledged([AtomicU64; ACTS.len()]);

impl Acknowledged {
    pub(crate) fn count(&self, act: Act) {
        self.0[act as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn of(&self, act: Act) -> u64 {
        self.0[act as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn total(&self) -> u64 {
        ACTS.iter().map(|(act, _)| self.of(*act)).sum()
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ACTS[*self as usize].1)
    }
}

/// `70 login, 141 rotation, …`.
impl fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = ACTS.iter().map(|(act, name)| format!("{} {name}", self.of(*act))).collect();
        f.write_str(&parts.join(", "))
    }
}

/// In the order of the enum.
const ACTS: [(Act, &str); 6] = [
    (Act::SignUp, "sign-up"),
    (Act::Login, "login"),
    (Act::Rotation, "rotation"),
    (Act::Blacklisting, "blacklisting"),
    (Act::Logout, "logout"),
    (Act::LogoutEverywhere, "logout everywhere"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_counted_under_its_own_name() {
        for (position, (act, _)) in ACTS.iter().enumerate() {
            assert_eq!(*act as usize, position);
        }
        let acknowledged = Acknowledged::default();
        acknowledged.count(Act::Logout);
        acknowledged.count(Act::Logout);
        assert_eq!(acknowledged.of(Act::Logout), 2);
        assert_eq!(acknowledged.total(), 2);
        assert!(acknowledged.to_string().contains("2 logout,"));
    }
}
