//! What a server answered, and what it should have.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

use crate::cookies::{self, SetCookie};
use crate::matching::{Differences, compare, shorten};
use crate::pattern::{Pattern, only_entry};
use crate::variables::Scope;
use crate::wire::Answer;

/// An answer as a scenario wants it.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) statuses: Vec<u16>,
    /// Only these are compared.
    pub(crate) headers: Vec<(String, ExpectedHeader)>,
    pub(crate) body: Option<ExpectedBody>,
}

#[derive(Clone, Debug)]
pub(crate) enum ExpectedHeader {
    Absent,
    /// Compared as the header's kind asks for: as a set, without blanks, or to the letter.
    Text(String),
    Pattern(Pattern),
    /// Every cookie that may be set, with its value and its attributes.
    Cookies(Vec<(String, ExpectedCookie)>),
}

#[derive(Clone, Debug)]
pub(crate) struct ExpectedCookie {
    value: Pattern,
    attributes: Pattern,
    has_expires: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum ExpectedBody {
    Empty,
    Text(Pattern),
    Json(Pattern),
}

impl Expected {
    /// Reads `{"status", "headers", "body"}`.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let object = value.as_object().context("an expected answer is an object")?;
        if let Some(unknown) = object.keys().find(|key| !["status", "headers", "body"].contains(&key.as_str())) {
            anyhow::bail!("an expected answer has no {unknown:?}");
        }
        let status = object.get("status").context("an expected answer has a status")?;
        let statuses: Vec<u16> = match status {
            Value::Array(_) => serde_json::from_value(status.clone())?,
            _ => vec![serde_json::from_value(status.clone())?],
        };
        ensure!(!statuses.is_empty(), "an expected answer has a status");
        let mut headers = Vec::new();
        if let Some(given) = object.get("headers") {
            for (name, value) in given.as_object().context("headers are an object")? {
                headers.push((name.clone(), ExpectedHeader::parse(name, value).with_context(|| name.clone())?));
            }
        }
        let body = object.get("body").map(ExpectedBody::parse).transpose().context("body")?;
        Ok(Self { statuses, headers, body })
    }

    /// The same answer but for what `other` says: its status, its headers one by one, and its body if it has one.
    pub(crate) fn overlaid_with(&self, other: &Self) -> Self {
        let kept = self.headers.iter().filter(|(name, _)| !other.headers.iter().any(|(own, _)| own == name));
        Self {
            statuses: other.statuses.clone(),
            headers: kept.chain(&other.headers).cloned().collect(),
            body: other.body.clone().or_else(|| self.body.clone()),
        }
    }

    /// How an answer differs from what is wanted.
    pub(crate) fn compare(&self, answer: &Answer, scope: &Scope<'_>) -> Result<Differences> {
        let mut found = Vec::new();
        let text = answer.text();
        if !self.statuses.contains(&answer.status) {
            found.push(format!("status: want {:?}, got {} {:?}", self.statuses, answer.status, shorten(&text)));
        }
        for (name, header) in &self.headers {
            found.extend(header.compare(name, answer, scope)?);
        }
        found.extend(match &self.body {
            None => Vec::new(),
            Some(ExpectedBody::Empty) if text.is_empty() => Vec::new(),
            Some(ExpectedBody::Empty) => vec![format!("body: must be empty, got {:?}", shorten(&text))],
            Some(ExpectedBody::Text(pattern)) => compare(pattern, &Value::String(text), scope, "body")?,
            Some(ExpectedBody::Json(pattern)) => match serde_json::from_str(&text) {
                Ok(value) => compare(pattern, &value, scope, "body")?,
                Err(_) => vec![format!("body: not JSON: {:?}", shorten(&text))],
            },
        });
        Ok(found)
    }
}

impl ExpectedHeader {
    fn parse(name: &str, value: &Value) -> Result<Self> {
        Ok(match value {
            Value::Null => Self::Absent,
            Value::Object(cookies) if name.eq_ignore_ascii_case("Set-Cookie") => Self::Cookies(
                cookies
                    .iter()
                    .map(|(name, cookie)| Ok((name.clone(), ExpectedCookie::parse(cookie)?)))
                    .collect::<Result<_>>()?,
            ),
            Value::Object(_) => Self::Pattern(Pattern::parse(value)?),
            Value::String(text) => Self::Text(text.clone()),
            other => anyhow::bail!("{other} is no header"),
        })
    }

    fn compare(&self, name: &str, answer: &Answer, scope: &Scope<'_>) -> Result<Differences> {
        let got = answer.header(name);
        Ok(match (self, got) {
            (Self::Cookies(wanted), _) => compare_cookies(wanted, &answer.cookies(), scope)?,
            (Self::Absent, None) => Vec::new(),
            (Self::Absent, Some(got)) => vec![format!("{name}: must be absent, got {got:?}")],
            (Self::Text(want), None) => vec![format!("{name}: missing, want {want:?}")],
            (Self::Pattern(_), None) => vec![format!("{name}: missing")],
            (Self::Pattern(pattern), Some(got)) => compare(pattern, &Value::String(got), scope, name)?,
            (Self::Text(want), Some(got)) => {
                let (fits, words) = match name.to_ascii_lowercase().as_str() {
                    "vary" => (list(want).is_subset(&list(&got)), "want at least"),
                    "allow" => (list(want) == list(&got), "want"),
                    "content-type" => (squashed(want) == squashed(&got), "want"),
                    _ => (scope.fill_to_text(want)? == got, "want"),
                };
                if fits { Vec::new() } else { vec![format!("{name}: {words} {want:?}, got {got:?}")] }
            }
        })
    }
}

impl ExpectedCookie {
    fn parse(value: &Value) -> Result<Self> {
        let attributes = value["attrs"].as_object().context("a cookie has attrs")?;
        Ok(Self {
            value: Pattern::parse(value.get("value").context("a cookie has a value")?)?,
            attributes: Pattern::parse(&Value::Object(same_site_in_lower_case(attributes)))?,
            has_expires: attributes.contains_key("expires"),
        })
    }
}

impl ExpectedBody {
    fn parse(value: &Value) -> Result<Self> {
        Ok(match value.as_object().and_then(only_entry) {
            Some((name, _)) if name == "$empty" => Self::Empty,
            Some((name, pattern)) if name == "$text" => Self::Text(Pattern::parse(pattern)?),
            Some(_) | None => Self::Json(Pattern::parse(value)?),
        })
    }
}

fn compare_cookies(wanted: &[(String, ExpectedCookie)], got: &[SetCookie], scope: &Scope<'_>) -> Result<Differences> {
    let unexpected = got.iter().filter(|cookie| !wanted.iter().any(|(name, _)| *name == cookie.name));
    let mut found: Differences = unexpected.map(|cookie| format!("Set-Cookie {}: unexpected", cookie.name)).collect();
    for (name, want) in wanted {
        let Some(cookie) = got.iter().find(|cookie| cookie.name == *name) else {
            found.push(format!("Set-Cookie {name}: missing"));
            continue;
        };
        let mut attributes = same_site_in_lower_case(&cookie.attributes);
        if !want.has_expires {
            attributes.shift_remove("expires");
        }
        found.extend(compare(&want.value, &Value::from(cookie.value.as_str()), scope, &format!("cookie {name}"))?);
        let path = format!("cookie {name} attrs");
        found.extend(compare(&want.attributes, &Value::Object(attributes), scope, &path)?);
    }
    Ok(found)
}

fn same_site_in_lower_case(attributes: &Map<String, Value>) -> Map<String, Value> {
    let lowered = attributes.iter().map(|(name, value)| match value.as_str() {
        Some(text) if name == "samesite" => (name.clone(), Value::from(text.to_lowercase())),
        _ => (name.clone(), value.clone()),
    });
    lowered.collect()
}

fn list(header: &str) -> BTreeSet<String> {
    header.split(',').map(|item| item.trim().to_lowercase()).filter(|item| !item.is_empty()).collect()
}

fn squashed(header: &str) -> String {
    header.to_lowercase().replace(' ', "")
}

impl Answer {
    /// The cookies it sets.
    pub(crate) fn cookies(&self) -> Vec<SetCookie> {
        cookies::parse(self.header_values("Set-Cookie"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::Profile;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, body: body.into() }
    }

    fn differences(want: &Value, got: &Answer) -> Differences {
        let profile = Profile::for_tests();
        let mut scope = Scope::new(&profile, "http://127.0.0.1:1".into());
        scope.set("realm", json!("api"));
        Expected::parse(want).unwrap().compare(got, &scope).unwrap()
    }

    #[test]
    fn status_and_body_are_compared() {
        let got = answer(200, &[], "{\"a\": 1}");
        for (want, fits) in [
            (json!({"status": 200}), true),
            (json!({"status": [400, 200]}), true),
            (json!({"status": 201}), false),
            (json!({"status": 200, "body": {"a": 1}}), true),
            (json!({"status": 200, "body": {"a": "1"}}), false),
            (json!({"status": 200, "body": {"$empty": true}}), false),
            (json!({"status": 200, "body": {"$text": {"$contains": ["\"a\""]}}}), true),
            (json!({"status": 200, "body": {"$text": "{\"a\": 1}"}}), true),
            (json!({"status": 200, "body": {"$text": {"$re": "b"}}}), false),
        ] {
            assert_eq!(differences(&want, &got).is_empty(), fits, "{want}");
        }
        assert!(differences(&json!({"status": 200, "body": {"$empty": true}}), &answer(200, &[], "")).is_empty());
        assert!(!differences(&json!({"status": 200, "body": {}}), &answer(200, &[], "<p>")).is_empty());
    }

    #[test]
    fn headers_are_compared_each_in_its_way() {
        let headers = [
            ("vary", "Accept, Cookie"),
            ("allow", "OPTIONS,post"),
            ("content-type", "text/html;charset=UTF-8"),
            ("www-authenticate", "Bearer realm=\"api\""),
            ("content-length", "17"),
        ];
        let got = answer(200, &headers, "");
        for (name, want, fits) in [
            ("Vary", json!("Accept"), true),
            ("Vary", json!("Accept, Origin"), false),
            ("Allow", json!("POST, OPTIONS"), true),
            ("Allow", json!("POST"), false),
            ("Content-Type", json!("text/html; charset=utf-8"), true),
            ("Content-Type", json!("text/html"), false),
            ("WWW-Authenticate", json!("Bearer realm=\"${realm}\""), true),
            ("WWW-Authenticate", json!("bearer realm=\"api\""), false),
            ("WWW-Authenticate", json!(null), false),
            ("Location", json!(null), true),
            ("Location", json!("/"), false),
            ("Content-Length", json!({"$re": "^[0-9]+$"}), true),
            ("Content-Length", json!({"$re": "^[a-z]+$"}), false),
            ("Set-Cookie", json!({}), true),
        ] {
            let differences = differences(&json!({"status": 200, "headers": {name: want}}), &got);
            assert_eq!(differences.is_empty(), fits, "{name}: {differences:?}");
        }
    }

    #[test]
    fn every_cookie_must_be_listed_with_its_attributes() {
        let line = "sid=abc; HttpOnly; Path=/; SameSite=lax; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        let got = answer(200, &[("Set-Cookie", line)], "");
        let cookie = |value: &str, attributes: Value| json!({"status": 200, "headers": {"Set-Cookie": {"sid": {"value": value, "attrs": attributes}}}});
        let attributes = json!({"httponly": true, "path": "/", "samesite": "Lax"});
        assert_eq!(differences(&cookie("abc", attributes.clone()), &got), Differences::new());
        assert!(!differences(&cookie("abd", attributes.clone()), &got).is_empty());
        assert!(!differences(&cookie("abc", json!({"httponly": true, "samesite": "Lax"})), &got).is_empty());
        assert!(
            !differences(
                &cookie("abc", json!({"expires": "x", "httponly": true, "path": "/", "samesite": "Lax"})),
                &got
            )
            .is_empty()
        );
        assert!(!differences(&json!({"status": 200, "headers": {"Set-Cookie": {}}}), &got).is_empty());
        assert!(!differences(&cookie("abc", attributes), &answer(200, &[], "")).is_empty());
    }

    #[test]
    fn an_unknown_part_of_an_expectation_is_an_error() {
        assert!(Expected::parse(&json!({"status": 200, "trailers": {}})).is_err());
        assert!(Expected::parse(&json!({"body": {}})).is_err());
        assert!(Expected::parse(&json!({"status": []})).is_err());
    }
}
