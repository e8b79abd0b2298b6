//! What an answer must look like: the matchers of the scenario files, parsed.

use anyhow::{Context, Result, bail};
use regex_lite::Regex;
use serde_json::{Map, Value};

/// What a JSON value is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// This text, number, boolean or null, types included; variables in a text are put in.
    Literal(Value),
    /// Exactly these keys.
    Object(Vec<(String, Pattern)>),
    /// As many items, one by one.
    Array(Vec<Pattern>),
    /// `$any`
    Any(Kind),
    /// `$re`: a text in which the expression is found.
    Matches(Regex),
    /// `$now`: a number at most so many seconds from the current time.
    Now(f64),
    /// `$not`
    Not(Value),
    /// `$oneof`
    OneOf(Vec<Pattern>),
    /// `$contains`: a text with all these parts, or a list with all these items.
    Contains(Vec<Value>),
    /// `$subset`: at least these keys.
    Subset(Vec<(String, Pattern)>),
    /// `$parse_error`: a text that begins like this one, as far as its ` - `.
    ParseError(String),
    /// `$jwt`
    Token(Box<TokenPattern>),
}

/// The types of `$any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Int,
    Number,
    Bool,
    Array,
    Object,
    Null,
    Any,
}

/// `$jwt`: header and claims, lifetimes, and the key that the signature must verify with.
#[derive(Clone, Debug)]
pub(crate) struct TokenPattern {
    pub(crate) header: Pattern,
    pub(crate) claims: Pattern,
    /// Claims with how many seconds they lie after `iat`.
    pub(crate) lifetimes: Vec<(String, f64)>,
    /// Whether the site's secret key signed it, and not the profile's signing key.
    pub(crate) secret_key: bool,
}

impl Pattern {
    /// Reads a pattern; a matcher that is not known is an error.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        match value {
            Value::Object(object) => match only_entry(object) {
                Some((name, argument)) if name.starts_with('$') => {
                    matcher(name, argument).with_context(|| format!("matcher {name}"))
                }
                Some(_) | None => Ok(Self::Object(entries(object)?)),
            },
            Value::Array(items) => Ok(Self::Array(items.iter().map(Self::parse).collect::<Result<_>>()?)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Self::Literal(value.clone())),
        }
    }
}

impl Kind {
    fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "string" => Self::String,
            "int" => Self::Int,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "array" => Self::Array,
            "object" => Self::Object,
            "null" => Self::Null,
            "any" => Self::Any,
            other => bail!("there is no kind {other:?}"),
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Array => "array",
            Self::Object => "object",
            Self::Null => "null",
            Self::Any => "any",
        }
    }

    pub(crate) fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Int => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Bool => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
            Self::Any => true,
        }
    }
}

/// The entry of an object that has just one.
pub(crate) fn only_entry(object: &Map<String, Value>) -> Option<(&String, &Value)> {
    if object.len() == 1 { object.iter().next() } else { None }
}

fn matcher(name: &str, argument: &Value) -> Result<Pattern> {
    Ok(match name {
        "$any" => Pattern::Any(Kind::parse(text(argument)?)?),
        "$re" => Pattern::Matches(Regex::new(text(argument)?)?),
        "$now" => Pattern::Now(argument.as_f64().context("wants seconds")?),
        "$not" => Pattern::Not(argument.clone()),
        "$oneof" => Pattern::OneOf(list(argument)?.iter().map(Pattern::parse).collect::<Result<_>>()?),
        "$contains" => Pattern::Contains(list(argument)?.clone()),
        "$subset" => Pattern::Subset(entries(argument.as_object().context("wants an object")?)?),
        "$parse_error" => Pattern::ParseError(text(argument)?.to_owned()),
        "$jwt" => Pattern::Token(Box::new(token_pattern(argument)?)),
        _ => bail!("there is no such matcher"),
    })
}

fn token_pattern(argument: &Value) -> Result<TokenPattern> {
    let object = argument.as_object().context("wants an object")?;
    if let Some(unknown) = object.keys().find(|key| !["header", "claims", "lifetime", "key"].contains(&key.as_str())) {
        bail!("has no part {unknown:?}");
    }
    let mut lifetimes = Vec::new();
    if let Some(given) = object.get("lifetime") {
        for (claim, seconds) in given.as_object().context("lifetime wants an object")? {
            lifetimes.push((claim.clone(), seconds.as_f64().context("lifetime wants seconds")?));
        }
    }
    Ok(TokenPattern {
        header: Pattern::parse(object.get("header").context("wants a header")?)?,
        claims: Pattern::parse(object.get("claims").context("wants claims")?)?,
        lifetimes,
        secret_key: match object.get("key").map(text).transpose()? {
            None => false,
            Some("secret") => true,
            Some(other) => bail!("there is no key {other:?}"),
        },
    })
}

fn entries(object: &Map<String, Value>) -> Result<Vec<(String, Pattern)>> {
    object
        .iter()
        .map(|(key, value)| Ok((key.clone(), Pattern::parse(value).with_context(|| format!("at {key:?}"))?)))
        .collect()
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("wants a text")
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("wants a list")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_matcher_that_is_not_known_is_an_error_and_says_where() {
        for value in [
            json!({"a": {"$anything": 1}}),
            json!([{"$any": "integer"}]),
            json!({"$re": "("}),
            json!({"$jwt": {"header": {}, "claims": {}, "signature": 1}}),
        ] {
            assert!(Pattern::parse(&value).is_err(), "{value}");
        }
        let error = Pattern::parse(&json!({"a": {"$any": "x"}})).unwrap_err();
        assert_eq!(format!("{error:#}"), "at \"a\": matcher $any: there is no kind \"x\"");
    }

    #[test]
    fn a_dollar_key_beside_others_is_a_plain_key() {
        let pattern = Pattern::parse(&json!({"$any": "int", "b": 1})).unwrap();
        assert!(matches!(pattern, Pattern::Object(entries) if entries.len() == 2));
    }
}
