//! Cookies: what `Set-Cookie` says, and the jars of a scenario.

use serde_json::{Map, Value};

/// One `Set-Cookie` line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Names in lower case; `true` where an attribute has no value.
    pub(crate) attributes: Map<String, Value>,
}

/// The cookies of several lines; of two with one name the last counts.
pub(crate) fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<SetCookie> {
    let mut cookies: Vec<SetCookie> = Vec::new();
    for line in lines {
        let mut pieces = line.split(';');
        let (name, value) = pieces.next().unwrap_or_default().trim().split_once('=').unwrap_or((line.trim(), ""));
        let attributes = pieces.map(|piece| match piece.trim().split_once('=') {
            Some((name, value)) => (name.to_lowercase(), Value::from(value)),
            None => (piece.trim().to_lowercase(), Value::Bool(true)),
        });
        let cookie = SetCookie { name: name.to_owned(), value: unquote(value), attributes: attributes.collect() };
        match cookies.iter_mut().find(|earlier| earlier.name == cookie.name) {
            Some(earlier) => *earlier = cookie,
            None => cookies.push(cookie),
        }
    }
    cookies
}

/// A quoted value without its quotes; `\"` and `\073` are undone.
fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_owned() };
    let mut text = String::new();
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            text.push(c);
        } else if let Some(code) = rest.get(..3).and_then(|octal| u8::from_str_radix(octal, 8).ok()) {
            text.push(char::from(code));
            rest = &rest[3..];
        } else if let Some(escaped) = rest.chars().next() {
            text.push(escaped);
            rest = &rest[escaped.len_utf8()..];
        }
    }
    text
}

/// What a browser keeps between the steps of a scenario.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(Vec<(String, String)>);

impl Jar {
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.as_str())
    }

    /// The `Cookie` header, unless the jar is empty.
    pub(crate) fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes in what an answer set; an empty value or a `Max-Age` of 0 deletes.
    pub(crate) fn take(&mut self, cookies: &[SetCookie]) {
        for cookie in cookies {
            let deleted = cookie.value.is_empty() || cookie.attributes.get("max-age").is_some_and(|age| age == "0");
            match self.0.iter().position(|(name, _)| *name == cookie.name) {
                Some(at) if deleted => drop(self.0.remove(at)),
                Some(at) => self.0[at].1.clone_from(&cookie.value),
                None if deleted => {}
                None => self.0.push((cookie.name.clone(), cookie.value.clone())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_name_value_and_attributes() {
        let [cookie] = &parse(["refresh=\"a b\\\"c\\073\"; HttpOnly; Max-Age=60; SameSite=Lax"])[..] else { panic!() };
        assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("refresh", "a b\"c;"));
        assert_eq!(
            Value::Object(cookie.attributes.clone()),
            json!({"httponly": true, "max-age": "60", "samesite": "Lax"})
        );
    }

    #[test]
    fn a_jar_keeps_replaces_and_deletes() {
        let mut jar = Jar::default();
        assert_eq!(jar.header(), None);
        jar.take(&parse(["a=1", "b=2"]));
        jar.take(&parse(["a=3"]));
        assert_eq!(jar.header().as_deref(), Some("a=3; b=2"));
        jar.take(&parse(["a=x; Max-Age=0", "b=\"\""]));
        assert_eq!(jar.header(), None);
    }
}
