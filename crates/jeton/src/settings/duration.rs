//! Lengths of time as people write them: `"5m"`, `"1d"`, `"2h30m"`, or a number of seconds.

use std::time::Duration;

use toml::Value;

use super::given::{Given, Parsed, Setting};

impl Setting for Duration {
    fn parse(given: &Given) -> Parsed<Self> {
        let parsed = match &given.value {
            Value::Integer(seconds) => u64::try_from(*seconds).ok().map(Self::from_secs),
            Value::Float(seconds) => Self::try_from_secs_f64(*seconds).ok(),
            Value::String(text) => from_words(text),
            Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
        };
        match parsed {
            Some(duration) => Ok(duration),
            None => given.wrong(
                "a length of time",
                "Write a number with a unit, such as \"90s\", \"5m\", \"2h30m\", \"1d\" or \"2w\"; a plain number counts seconds.",
            ),
        }
    }

    fn show(&self) -> String {
        format!("\"{}\"", in_words(*self))
    }
}

/// The shortest exact spelling: `1d`, `2h30m`, `0s`.
pub(super) fn in_words(duration: Duration) -> String {
    let (mut left, mut words) = (duration.as_nanos(), String::new());
    for (unit, nanos) in UNITS.iter().filter(|(unit, _)| *unit != "w") {
        if left >= *nanos {
            words += &format!("{}{unit}", left / nanos);
            left %= nanos;
        }
    }
    if words.is_empty() { "0s".to_owned() } else { words }
}

/// Reads a length of time as settings have it, `90s` or `2h30m`; nothing of anything else. Units stand from large to small,
/// each at most once.
pub fn from_words(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (mut total, mut smallest_so_far) = (0_u128, u128::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (name, after) = after.split_at(letters);
        let (_, nanos) = UNITS.iter().find(|(unit, _)| *unit == name)?;
        if *nanos >= smallest_so_far {
            return None;
        }
        smallest_so_far = *nanos;
        total = total.checked_add(number.parse::<u128>().ok()?.checked_mul(*nanos)?)?;
        rest = after.trim_start();
    }
    let seconds = u64::try_from(total / SECOND).ok()?;
    let nanos = u32::try_from(total % SECOND).ok()?;
    (smallest_so_far != u128::MAX).then_some(Duration::new(seconds, nanos))
}

const SECOND: u128 = 1_000_000_000;

const UNITS: [(&str, u128); 8] = [
    ("w", 7 * 86_400 * SECOND),
    ("d", 86_400 * SECOND),
    ("h", 3600 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", SECOND / 1000),
    ("us", SECOND / 1_000_000),
    ("ns", 1),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn parse(toml: &str) -> Option<Duration> {
        let given = Given { value: toml.parse().unwrap(), text: None, source: Source::File(1) };
        Duration::parse(&given).ok()
    }

    #[test]
    fn units_add_up_from_large_to_small() {
        assert_eq!(parse("\"5m\""), Some(Duration::from_secs(300)));
        assert_eq!(parse("\"2h30m\""), Some(Duration::from_secs(9000)));
        assert_eq!(parse("\"2h 30m\""), Some(Duration::from_secs(9000)));
        assert_eq!(parse("\"1w\""), Some(Duration::from_secs(604_800)));
        assert_eq!(parse("\"1s500ms\""), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn a_plain_number_counts_seconds() {
        assert_eq!(parse("300"), Some(Duration::from_secs(300)));
        assert_eq!(parse("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(parse("\"300\""), Some(Duration::from_secs(300)));
        assert_eq!(parse("0"), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_not_a_length_of_time_is_refused() {
        for toml in [
            "\"\"",
            "\"m\"",
            "\"5x\"",
            "\"5m5m\"",
            "\"5m2h\"",
            "\"-5m\"",
            "-5",
            "nan",
            "-0.5",
            "1e300",
            "true",
            "[1]",
            "\"5 m\"",
            "\"1.5h\"",
            "\"99999999999999999999999999999999999999999w\"",
            "\"99999999999999999999999w\"",
        ] {
            assert_eq!(parse(toml), None, "{toml}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for (seconds, words) in [(0, "0s"), (300, "5m"), (9000, "2h30m"), (86_400, "1d"), (15_552_000, "180d")] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
            assert_eq!(from_words(words), Some(Duration::from_secs(seconds)));
        }
        assert_eq!(in_words(Duration::from_millis(1500)), "1s500ms");
    }
}
