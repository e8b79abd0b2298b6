//! Moments as Django writes them into SQLite: UTC, as text.

use jeton_token::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// `2026-11-20 20:26:38.123456`, without the fraction when it is zero. What lies outside the years 1 to 9999 becomes
/// the nearest that does not.
pub(crate) fn format(moment: Timestamp) -> String {
    let first = DateTime::constant(1, 1, 1, 0, 0, 0, 0);
    let latest = DateTime::constant(9999, 12, 30, 21, 59, 59, 0);
    let time = match jiff::Timestamp::from_microsecond(moment.micros()) {
        Ok(timestamp) => Offset::UTC.to_datetime(timestamp).max(first),
        Err(_) if moment < Timestamp::EPOCH => first,
        Err(_) => latest,
    };
    let micros = time.subsec_nanosecond() / 1_000;
    let (date, hour, minute, second) = (time.date(), time.hour(), time.minute(), time.second());
    if micros == 0 {
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{date} {hour:02}:{minute:02}:{second:02}.{micros:06}")
    }
}

/// Reads what [`format`] writes, and the same with a `T` or an offset, which other tools leave behind.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let timestamp = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let time: DateTime = text.parse().ok()?;
        Offset::UTC.to_timestamp(time).ok()
    })?;
    Some(Timestamp::from_micros(timestamp.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spelt_as_django_spells_them() {
        for (micros, text) in [
            (1_795_206_398_123_456, "2026-11-20 20:26:38.123456"),
            (1_795_206_398_000_000, "2026-11-20 20:26:38"),
            (1_795_206_398_000_100, "2026-11-20 20:26:38.000100"),
            (0, "1970-01-01 00:00:00"),
            (-1, "1969-12-31 23:59:59.999999"),
            (-62_135_596_800_000_000, "0001-01-01 00:00:00"),
        ] {
            assert_eq!(format(Timestamp::from_micros(micros)), text);
            assert_eq!(parse(text), Some(Timestamp::from_micros(micros)));
        }
    }

    #[test]
    fn other_spellings_are_read_too() {
        let moment = Some(Timestamp::from_seconds(1_795_206_398));
        for text in
            ["2026-11-20T20:26:38", "2026-11-20 20:26:38Z", "2026-11-20 22:26:38+02:00", "2026-11-20 20:26:38.0"]
        {
            assert_eq!(parse(text), moment, "{text}");
        }
        for text in ["", "now", "2026-13-20 20:26:38", "1795206398"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn far_moments_stay_writable() {
        assert_eq!(format(Timestamp::from_micros(i64::MIN)), "0001-01-01 00:00:00");
        assert_eq!(format(Timestamp::from_micros(i64::MAX)), "9999-12-30 21:59:59");
    }
}
