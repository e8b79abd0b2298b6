//! The claims of a token: a JSON object in the order in which it was written.

use serde_json::{Map, Value};

use crate::error::Flaw;
use crate::strict_json;

/// The claims of a token. Setting a claim that is there keeps its place, as in Python's `dict`.
///
/// ```
/// use jeton_token::claims::Claims;
///
/// let mut claims = Claims::parse(br#"{"user_id": "1", "plan": "free"}"#)?;
/// claims.set("user_id", "2");
/// assert_eq!(claims.text("user_id"), Some("2"));
/// assert_eq!(claims.to_json(), br#"{"user_id":"2","plan":"free"}"#);
/// # Ok::<(), jeton_token::error::TokenError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// No claims.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// assert_eq!(Claims::new().to_json(), b"{}");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a payload.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// assert!(Claims::parse(br#"{"exp": 5}"#).is_ok());
    /// assert!(Claims::parse(b"[5]").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Flaw::Payload`] if it is not a JSON object.
    pub fn parse(payload: &[u8]) -> Result<Self, Flaw> {
        serde_json::from_slice(payload).map(Self).map_err(|_| Flaw::Payload)
    }

    /// Reads a payload that names no member twice, at any depth, and nests at most 32 levels.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// assert!(Claims::parse(br#"{"user_id": "1", "user_id": "2"}"#).is_ok());
    /// assert!(Claims::parse_strict(br#"{"user_id": "1", "user_id": "2"}"#).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Flaw::Payload`] if it is not such an object.
    pub fn parse_strict(payload: &[u8]) -> Result<Self, Flaw> {
        match strict_json::parse(payload) {
            Some(Value::Object(claims)) => Ok(Self(claims)),
            Some(_) | None => Err(Flaw::Payload),
        }
    }

    /// The claim of this name.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// let claims = Claims::parse(br#"{"exp": 5}"#)?;
    /// assert_eq!(claims.get("exp").and_then(|exp| exp.as_i64()), Some(5));
    /// # Ok::<(), jeton_token::error::TokenError>(())
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The claim of this name, if it is a text.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// let claims = Claims::parse(br#"{"jti": "a", "exp": 5}"#)?;
    /// assert_eq!((claims.text("jti"), claims.text("exp")), (Some("a"), None));
    /// # Ok::<(), jeton_token::error::TokenError>(())
    /// ```
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Sets a claim.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// let mut claims = Claims::new();
    /// claims.set("exp", 5);
    /// claims.set("plan", "pro");
    /// assert_eq!(claims.to_json(), br#"{"exp":5,"plan":"pro"}"#);
    /// ```
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// All of them, in order.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// let claims: Claims = [("b", 1), ("a", 2)].into_iter().collect();
    /// assert_eq!(claims.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["b", "a"]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// As a JSON object.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// let claims: Claims = [("exp", 5)].into_iter().collect();
    /// assert!(claims.as_object().contains_key("exp"));
    /// ```
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The payload of a token with these claims.
    ///
    /// ```
    /// use jeton_token::claims::Claims;
    ///
    /// let claims: Claims = [("exp", 5)].into_iter().collect();
    /// assert_eq!(claims.to_json(), br#"{"exp":5}"#);
    /// ```
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).expect("a map of JSON values is always written")
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Claims {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(claims: I) -> Self {
        Self(claims.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Reads a time claim as Python's `int()` would: fractions are cut, truth values count, text is read if it is a
/// number.
pub(crate) fn lenient_seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(truth) => Some(i64::from(*truth)),
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.is_finite())?;
            Some(float.trunc() as i64)
        }),
        Value::String(text) => lenient_integer(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads a number as Python's `int()` reads text: blanks around it, a sign, single underscores between digits.
fn lenient_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.split('_').any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let digits: String = digits.chars().filter(|&digit| digit != '_').collect();
    Some(sign * digits.parse().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_keep_their_order() {
        let mut claims: Claims = [("token_type", "refresh"), ("exp", "1"), ("jti", "a")].into_iter().collect();
        claims.set("jti", "b");
        claims.set("iss", "c");
        assert_eq!(claims.to_json(), br#"{"token_type":"refresh","exp":"1","jti":"b","iss":"c"}"#);
    }

    #[test]
    fn times_are_read_as_python_reads_them() {
        for (value, seconds) in [
            (json!(5), Some(5)),
            (json!(5.9), Some(5)),
            (json!(-5.9), Some(-5)),
            (json!(true), Some(1)),
            (json!(" 5 "), Some(5)),
            (json!("+1_000"), Some(1000)),
            (json!("-7"), Some(-7)),
            (json!("5.0"), None),
            (json!("_5"), None),
            (json!("soon"), None),
            (json!(""), None),
            (json!(null), None),
            (json!([5]), None),
            (json!(1e300), Some(i64::MAX)),
        ] {
            assert_eq!(lenient_seconds(&value), seconds, "{value}");
        }
    }

    #[test]
    fn only_an_object_is_a_payload() {
        for payload in ["[1,2]", "null", "\"x\"", "{", "{} {}", "\u{feff}{}", r#"{"a":NaN}"#] {
            assert_eq!(Claims::parse(payload.as_bytes()), Err(Flaw::Payload), "{payload}");
        }
    }
}
