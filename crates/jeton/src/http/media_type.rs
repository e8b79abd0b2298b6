//! Media types of `Content-Type` and `Accept`, as DRF compares them.

use std::collections::BTreeMap;

/// `type/subtype; name=value`, in lower case but for the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MediaType {
    main: String,
    sub: String,
    parameters: BTreeMap<String, String>,
}

impl MediaType {
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = text.split(';');
        let full = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let (main, sub) = full.split_once('/').unwrap_or((&full, ""));
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim();
            let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            Some((name.trim().to_ascii_lowercase(), unquoted.to_owned()))
        });
        Self { main: main.to_owned(), sub: sub.to_owned(), parameters: parameters.collect() }
    }

    /// Whether it is this type, or a range that has it.
    pub(super) fn covers(&self, full: &str) -> bool {
        let (main, sub) = full.split_once('/').unwrap_or((full, ""));
        (self.main == "*" || self.main == main) && (self.sub == "*" || self.sub == sub)
    }

    /// 0 for `*/*`, 1 for `type/*`, 2 for `type/subtype`, 3 with parameters.
    pub(super) fn precedence(&self) -> u8 {
        match (self.main.as_str(), self.sub.as_str()) {
            ("*", _) => 0,
            (_, "*") => 1,
            _ if self.parameters.keys().all(|name| name == "q") => 2,
            _ => 3,
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_make_a_range_more_specific_but_for_q() {
        for (text, precedence) in
            [("*/*", 0), ("*", 0), ("text/*", 1), ("text/html", 2), ("text/html;q=0.1", 2), ("text/html; level=1", 3)]
        {
            assert_eq!(MediaType::parse(text).precedence(), precedence, "{text}");
        }
    }

    #[test]
    fn names_fold_case_and_values_lose_their_quotes() {
        let parsed = MediaType::parse("Application/JSON; Charset=\"UTF-8\"");
        assert!(parsed.covers("application/json"));
        assert!(!parsed.covers("text/html"));
        assert_eq!(parsed.parameter("charset"), Some("UTF-8"));
    }
}
