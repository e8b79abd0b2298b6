//! `[limits]`: how often something may be tried.

use std::time::Duration;

use toml::Value;

use super::Compatibility;
use super::duration::{from_words, in_words};
use super::given::{Given, Parsed, Setting, between};
use super::reader::Reader;

/// The limits. In exact they are off.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Failed sign-ins with one name, over all ways in. The devices that its owner is known by count for themselves.
    pub login_failures_per_account: Limit,
    /// Failed sign-ins from one address, over all ways in and all names. IPv6 counts by /64.
    pub login_failures_per_address: Limit,
    /// Once an account's limit is reached, each further failure doubles the wait, up to this.
    pub longest_login_delay: Duration,
    /// Sign-ups from one address, whether they succeed or not.
    pub signups_per_address: Limit,
    /// Refreshes and verifications from one address, on each node; with `[redis]` over all of them. Many people may share one.
    pub requests_per_address: Limit,
}

/// A limit, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// There is none.
    Off,
    /// Never more than that.
    AtMost(Rate),
}

/// So many in any stretch of time of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least one.
    pub count: u16,
    /// In how long.
    pub per: Duration,
}

impl Limits {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let at_most = |count, minutes: u64| match compatibility {
            Compatibility::Exact => Limit::Off,
            Compatibility::Safe => Limit::AtMost(Rate { count, per: Duration::from_secs(minutes * 60) }),
        };
        Self {
            login_failures_per_account: at_most(10, 15),
            login_failures_per_address: at_most(100, 60),
            longest_login_delay: Duration::from_secs(3600),
            signups_per_address: at_most(20, 60),
            requests_per_address: Limit::Off,
        }
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("limits");
        let mut limits = Self::defaults(compatibility);
        let mut limit = |key, about, value: &mut Limit| *value = section.read(key, about, *value);
        limit(
            "login_failures_per_account",
            "Failed sign-ins with one name, over all ways in and all nodes, such as \"10/15m\"; \"off\" for no limit. Known devices count apart.",
            &mut limits.login_failures_per_account,
        );
        limit(
            "login_failures_per_address",
            "Failed sign-ins from one address, over all names, ways in and nodes; IPv6 counts by /64.",
            &mut limits.login_failures_per_address,
        );
        limit(
            "signups_per_address",
            "Sign-ups from one address, over all nodes, whether they succeed or not.",
            &mut limits.signups_per_address,
        );
        limit(
            "requests_per_address",
            "Refreshes and verifications from one address on one node; with [redis], over all nodes. Many people may share one.",
            &mut limits.requests_per_address,
        );
        limits.longest_login_delay = section.read_if(
            "longest_login_delay",
            "Past the limit of an account each further failure doubles the wait, up to this.",
            limits.longest_login_delay,
            between(Duration::from_secs(1)..=Duration::from_secs(86_400)),
        );
        limits
    }
}

impl Setting for Limit {
    fn parse(given: &Given) -> Parsed<Self> {
        let limit = match (&given.value, given.as_text()) {
            (Value::Boolean(false), _) | (_, Some("off")) => Some(Self::Off),
            (_, Some(text)) => rate(text).map(Self::AtMost),
            _ => None,
        };
        limit.map_or_else(
            || given.wrong("a limit", "Write how many in how long, such as \"10/15m\" or \"100/1h\", or \"off\"."),
            Ok,
        )
    }

    fn show(&self) -> String {
        match self {
            Self::Off => "\"off\"".to_owned(),
            Self::AtMost(Rate { count, per }) => format!("\"{count}/{}\"", in_words(*per)),
        }
    }
}

/// `10/15m`, and as DRF writes rates: `100/hour`, `5/min`.
fn rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    let count = count.trim().parse().ok().filter(|count| *count > 0)?;
    let per = match per.trim() {
        "s" | "sec" | "second" => Duration::from_secs(1),
        "m" | "min" | "minute" => Duration::from_secs(60),
        "h" | "hour" => Duration::from_secs(3600),
        "d" | "day" => DAY,
        words => from_words(words)?,
    };
    (Duration::from_secs(1)..=7 * DAY).contains(&per).then_some(Rate { count, per })
}

const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn parse(toml: &str) -> Option<Limit> {
        Limit::parse(&Given { value: toml.parse().unwrap(), text: None, source: Source::File(1) }).ok()
    }

    #[test]
    fn a_limit_is_so_many_in_so_long_or_off() {
        for (toml, count, seconds) in [
            ("\"10/15m\"", 10, 900),
            ("\"100/1h30m\"", 100, 5400),
            ("\"5/min\"", 5, 60),
            ("\"1000/day\"", 1000, 86_400),
        ] {
            assert_eq!(parse(toml), Some(Limit::AtMost(Rate { count, per: Duration::from_secs(seconds) })), "{toml}");
        }
        assert_eq!(parse("\"off\""), Some(Limit::Off));
        assert_eq!(parse("false"), Some(Limit::Off));
        for wrong in ["\"\"", "\"10\"", "10", "\"0/1h\"", "\"-1/1h\"", "\"10/0s\"", "\"10/8d\"", "\"70000/1h\"", "true"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for limit in ["\"10/15m\"", "\"100/1h\"", "\"off\""] {
            assert_eq!(parse(limit).unwrap().show(), limit);
        }
    }
}
