//! What a scenario has captured so far, and the `${…}` in its texts.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use base64::Engine;
use serde_json::Value;

use crate::cookies::Jar;
use crate::profile::Profile;
use crate::token;

/// The state of one scenario.
pub(crate) struct Scope<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) base_url: String,
    variables: HashMap<String, Value>,
    jars: HashMap<String, Jar>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(profile: &'a Profile, base_url: String) -> Self {
        Self { profile, base_url, variables: HashMap::new(), jars: HashMap::new() }
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), value);
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    /// Every text that was captured or forged.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.variables.values().filter_map(Value::as_str)
    }

    pub(crate) fn jar(&mut self, name: &str) -> &mut Jar {
        self.jars.entry(name.to_owned()).or_default()
    }

    /// The value with every variable in its texts put in.
    pub(crate) fn fill(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => self.fill_text(text)?,
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect::<Result<_>>()?),
            Value::Object(object) => {
                let filled = object.iter().map(|(key, value)| Ok((key.clone(), self.fill(value)?)));
                Value::Object(filled.collect::<Result<_>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    /// A text that is one variable and nothing else becomes that variable's value, of whatever type.
    pub(crate) fn fill_text(&self, text: &str) -> Result<Value> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = first_variable(rest) {
            let value = self.look_up(name)?;
            if before.is_empty() && after.is_empty() && filled.is_empty() {
                return Ok(value);
            }
            filled.push_str(before);
            filled.push_str(&as_text(&value));
            rest = after;
        }
        filled.push_str(rest);
        Ok(Value::String(filled))
    }

    /// The same, for places that take text only.
    pub(crate) fn fill_to_text(&self, text: &str) -> Result<String> {
        self.fill_text(text).map(|value| as_text(&value))
    }

    fn look_up(&self, name: &str) -> Result<Value> {
        if name == "base_url" {
            return Ok(self.base_url.as_str().into());
        }
        if let Some(text) = name.strip_prefix("b64:") {
            return Ok(base64::engine::general_purpose::STANDARD.encode(text).into());
        }
        if let Some(path) = name.strip_prefix("jar:") {
            let (jar, cookie) = path.split_once('.').unwrap_or((path, ""));
            let value = self.jars.get(jar).and_then(|jar| jar.find(cookie));
            return value.map(Value::from).with_context(|| format!("no cookie {cookie} in jar {jar}"));
        }
        let (name, claim) = name.split_once('#').map_or((name, None), |(name, claim)| (name, Some(claim)));
        let value = self.variables.get(name).with_context(|| format!("variable {name} was never captured"))?;
        let Some(claim) = claim else { return Ok(value.clone()) };
        let Some(token) = value.as_str() else { bail!("variable {name} is no token") };
        let (_, claims) = token::peek(token)?;
        claims.get(claim).cloned().with_context(|| format!("the token in {name} has no claim {claim}"))
    }
}

/// The text before the first `${name}`, the name, and the text after it.
fn first_variable(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("${") {
        let start = from + found;
        let name = &text[start + 2..];
        match name.find('}') {
            Some(0) | None => from = start + 2,
            Some(end) => return Some((&text[..start], &name[..end], &name[end + 1..])),
        }
    }
    None
}

/// A value within a text, in the spelling the scenarios were recorded with.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cookies;

    #[test]
    fn variables_keep_their_type_alone_and_become_text_in_text() {
        let profile = Profile::for_tests();
        let mut scope = Scope::new(&profile, "http://127.0.0.1:1".into());
        scope.set("n", json!(7));
        scope.set("t", json!("x.eyJzdWIiOiI3IiwibiI6WzFdfQ.y"));
        scope.jar("j").take(&cookies::parse(["sid=abc"]));
        let fill = |text: &str| scope.fill_text(text).unwrap();
        assert_eq!(fill("${n}"), json!(7));
        assert_eq!(fill("<${n}${n}>"), json!("<77>"));
        assert_eq!(fill("${b64:alice:pw}"), json!("YWxpY2U6cHc="));
        assert_eq!(fill("${base_url}/x"), json!("http://127.0.0.1:1/x"));
        assert_eq!(fill("${jar:j.sid}"), json!("abc"));
        assert_eq!(fill("no ${} $ {n} here"), json!("no ${} $ {n} here"));
        assert_eq!(scope.fill(&json!({"a": ["${n}"]})).unwrap(), json!({"a": [7]}));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let profile = Profile::for_tests();
        let mut scope = Scope::new(&profile, String::new());
        scope.set("t", json!("e30.eyJzdWIiOiI3In0.y"));
        assert_eq!(scope.fill_text("${t#sub}").unwrap(), json!("7"));
        for (text, words) in [("${x}", "variable x"), ("${jar:j.c}", "no cookie c in jar j"), ("${t#n}", "no claim n")]
        {
            let error = scope.fill_text(text).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
