//! Compares values with patterns and words the differences.

use anyhow::Result;
use serde_json::Value;

use crate::clock;
use crate::pattern::{Kind, Pattern, TokenPattern};
use crate::token;
use crate::variables::Scope;

/// What differs, each with its place; empty when the value fits.
pub(crate) type Differences = Vec<String>;

/// Compares a value with a pattern. An error means that the pattern itself could not be carried out.
pub(crate) fn compare(want: &Pattern, got: &Value, scope: &Scope<'_>, path: &str) -> Result<Differences> {
    let wrong = |why: String| vec![format!("{path}: {why}, got {}", short(got))];
    let unless = |fits: bool, why: &dyn Fn() -> String| if fits { Vec::new() } else { wrong(why()) };
    Ok(match want {
        Pattern::Literal(value) => {
            let value = scope.fill(value)?;
            unless(value == *got, &|| format!("want {}", short(&value)))
        }
        Pattern::Object(entries) => match got {
            Value::Object(object) => {
                let mut found = Vec::new();
                for key in object.keys().filter(|key| !entries.iter().any(|(wanted, _)| wanted == *key)) {
                    found.push(format!("{path}.{key}: unexpected {}", short(&object[key])));
                }
                found.extend(compare_entries(entries, got, scope, path)?);
                found
            }
            _ => wrong("want an object".to_owned()),
        },
        Pattern::Array(items) => match got {
            Value::Array(values) if values.len() == items.len() => {
                let mut found = Vec::new();
                for (number, (item, value)) in items.iter().zip(values).enumerate() {
                    found.extend(compare(item, value, scope, &format!("{path}[{number}]"))?);
                }
                found
            }
            _ => wrong(format!("want a list of {}", items.len())),
        },
        Pattern::Any(kind) => unless(kind.fits(got), &|| format!("want any {}", kind.name())),
        Pattern::Matches(expression) => {
            let fits = got.as_str().is_some_and(|text| expression.is_match(text));
            unless(fits, &|| format!("want a match of /{expression}/"))
        }
        Pattern::Now(tolerance) => {
            let fits = got.as_f64().is_some_and(|seconds| (seconds - clock::now()).abs() <= *tolerance);
            unless(fits, &|| format!("want the current time +-{tolerance} s"))
        }
        Pattern::Not(value) => {
            let value = scope.fill(value)?;
            unless(!equal(&value, got), &|| format!("must differ from {}", short(&value)))
        }
        Pattern::OneOf(options) => {
            for option in options {
                if compare(option, got, scope, path)?.is_empty() {
                    return Ok(Vec::new());
                }
            }
            wrong(format!("want one of {} patterns", options.len()))
        }
        Pattern::Contains(parts) => {
            let lacking = parts.iter().filter(|part| !contains(got, part));
            lacking.map(|part| format!("{path}: lacks {}, got {}", short(part), short(got))).collect()
        }
        Pattern::Subset(entries) => match got {
            Value::Object(_) => compare_entries(entries, got, scope, path)?,
            _ => wrong("want an object".to_owned()),
        },
        Pattern::ParseError(text) => {
            let begin = format!("{} - ", text.split(" - ").next().unwrap_or_default());
            unless(got.as_str().is_some_and(|text| text.starts_with(&begin)), &|| format!("want \"{begin}…\""))
        }
        Pattern::Token(pattern) => compare_token(pattern, got, scope, path)?,
    })
}

fn compare_entries(entries: &[(String, Pattern)], got: &Value, scope: &Scope<'_>, path: &str) -> Result<Differences> {
    let mut found = Vec::new();
    for (key, pattern) in entries {
        match got.get(key) {
            None => found.push(format!("{path}.{key}: missing")),
            Some(value) => found.extend(compare(pattern, value, scope, &format!("{path}.{key}"))?),
        }
    }
    Ok(found)
}

fn compare_token(want: &TokenPattern, got: &Value, scope: &Scope<'_>, path: &str) -> Result<Differences> {
    let Some(text) = got.as_str().filter(|text| token::looks_like_a_token(text)) else {
        return Ok(vec![format!("{path}: want a JWT, got {}", short(got))]);
    };
    let (header, claims) = match token::peek(text) {
        Ok(parts) => parts,
        Err(error) => return Ok(vec![format!("{path}: want a JWT, but {error:#}: {}", short(got))]),
    };
    let mut found = compare(&want.header, &header, scope, &format!("{path}<header>"))?;
    found.extend(compare(&want.claims, &claims, scope, &format!("{path}<claims>"))?);
    for (claim, seconds) in &want.lifetimes {
        let number = |name: &str| claims.get(name).filter(|value| Kind::Number.fits(value)).and_then(Value::as_f64);
        if let (Some(end), Some(start)) = (number(claim), number("iat"))
            && !is_lifetime(*seconds, end - start)
        {
            found.push(format!("{path}<claims>: {claim}-iat want {seconds}, got {}", end - start));
        }
    }
    let key = if want.secret_key { &scope.profile.secret_key } else { scope.profile.verifying_key() };
    if let Err(error) = token::check_signature(text, key) {
        found.push(format!("{path}: {error:#}"));
    }
    Ok(found)
}

/// `exp` counts from the start of a request and `iat` may lag behind it a little; short lifetimes are held tighter.
fn is_lifetime(want: f64, found: f64) -> bool {
    (want - 15.0..=want + 1.0).contains(&found) && (want >= 30.0 || (found - want).abs() <= 2.0)
}

/// Equality in the language the scenarios were recorded with: a number equals a number of another type.
fn equal(a: &Value, b: &Value) -> bool {
    fn number(value: &Value) -> Option<f64> {
        value.as_f64().or_else(|| value.as_bool().map(|truth| f64::from(u8::from(truth))))
    }
    a == b || number(a).is_some_and(|a| number(b) == Some(a))
}

fn contains(whole: &Value, part: &Value) -> bool {
    match whole {
        Value::String(text) => part.as_str().is_some_and(|part| text.contains(part)),
        Value::Array(items) => items.iter().any(|item| equal(item, part)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// A value on one short line.
pub(crate) fn short(value: &Value) -> String {
    shorten(&value.to_string())
}

/// The beginning of a long text.
pub(crate) fn shorten(text: &str) -> String {
    if text.chars().count() < 160 {
        return text.to_owned();
    }
    text.chars().take(157).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use serde_json::json;

    use super::*;
    use crate::profile::Profile;

    fn differences(want: &Value, got: &Value) -> Differences {
        let profile = Profile::for_tests();
        let mut scope = Scope::new(&profile, String::new());
        scope.set("name", json!("alice"));
        scope.set("seven", json!(7));
        compare(&Pattern::parse(want).unwrap(), got, &scope, "body").unwrap()
    }

    #[test]
    fn every_matcher_accepts_what_fits_and_refuses_what_does_not() {
        let now = clock::now_seconds();
        let accepted_and_refused = [
            (json!("a"), json!("a"), json!("b")),
            (json!(1), json!(1), json!(1.0)),
            (json!(1), json!(1), json!(true)),
            (json!(1), json!(1), json!("1")),
            (json!(null), json!(null), json!(false)),
            (json!("${name}"), json!("alice"), json!("${name}")),
            (json!("${seven}"), json!(7), json!("7")),
            (json!("<${seven}>"), json!("<7>"), json!(7)),
            (json!({"a": 1}), json!({"a": 1}), json!({"a": 1, "b": 2})),
            (json!({"a": 1}), json!({"a": 1}), json!({})),
            (json!({}), json!({}), json!([])),
            (json!([1, 2]), json!([1, 2]), json!([2, 1])),
            (json!([1]), json!([1]), json!([1, 1])),
            (json!({"$any": "int"}), json!(3), json!(3.0)),
            (json!({"$any": "int"}), json!(-3), json!(true)),
            (json!({"$any": "number"}), json!(3.5), json!("3")),
            (json!({"$any": "string"}), json!(""), json!(null)),
            (json!({"$any": "bool"}), json!(false), json!(0)),
            (json!({"$any": "array"}), json!([]), json!({})),
            (json!({"$any": "object"}), json!({}), json!([])),
            (json!({"$any": "null"}), json!(null), json!("")),
            (json!({"$re": "^[0-9a-f]{4}$"}), json!("00ff"), json!("00fg")),
            (json!({"$re": "b"}), json!("abc"), json!(["b"])),
            (json!({"$now": 10}), json!(now - 8), json!(now - 12)),
            (json!({"$now": 10}), json!(now + 8), json!(now + 12)),
            (json!({"$now": 10}), json!(now), json!(now.to_string())),
            (json!({"$not": "${name}"}), json!("bob"), json!("alice")),
            (json!({"$not": 1}), json!(2), json!(1.0)),
            (json!({"$oneof": [1, {"$any": "string"}]}), json!("x"), json!(2)),
            (json!({"$contains": ["ell", "o"]}), json!("hello"), json!("hell")),
            (json!({"$contains": [1]}), json!([2, 1]), json!([2])),
            (json!({"$contains": ["x"]}), json!("x"), json!({"x": 1})),
            (json!({"$subset": {"a": {"$any": "int"}}}), json!({"a": 1, "b": 2}), json!({"b": 2})),
            (json!({"$subset": {}}), json!({}), json!([])),
            (json!({"$parse_error": "JSON parse error - x"}), json!("JSON parse error - y"), json!("JSON error - x")),
        ];
        for (want, accepted, refused) in accepted_and_refused {
            assert_eq!(differences(&want, &accepted), Differences::new(), "{want} should accept {accepted}");
            assert!(!differences(&want, &refused).is_empty(), "{want} should refuse {refused}");
        }
    }

    #[test]
    fn a_difference_names_its_place() {
        let found = differences(&json!({"a": [{"b": 1}]}), &json!({"a": [{"b": 2, "c": 3}]}));
        assert_eq!(found, ["body.a[0].c: unexpected 3", "body.a[0].b: want 1, got 2"]);
    }

    fn signed(header: &Value, claims: &Value, key: &str) -> Value {
        let part = |value: &Value| token::BASE64.encode(value.to_string());
        let input = format!("{}.{}", part(header), part(claims));
        let signature = token::sign("HS256", key, &input).unwrap();
        Value::String(format!("{input}.{}", token::BASE64.encode(signature)))
    }

    #[test]
    fn a_token_must_fit_in_header_claims_lifetime_and_signature() {
        let profile = Profile::for_tests();
        let header = json!({"alg": "HS256", "typ": "JWT"});
        let want = json!({"$jwt": {"header": header, "lifetime": {"exp": 300},
            "claims": {"sub": "${name}", "iat": {"$now": 10}, "exp": {"$any": "int"}}}});
        let now = clock::now_seconds();
        let claims = |sub: &str, lifetime: i64| json!({"sub": sub, "iat": now, "exp": now + lifetime});
        let key = &profile.secret_key;
        assert_eq!(differences(&want, &signed(&header, &claims("alice", 300), key)), Differences::new());
        assert_eq!(differences(&want, &signed(&header, &claims("alice", 290), key)), Differences::new());
        let refused = [
            signed(&header, &claims("bob", 300), key),
            signed(&header, &claims("alice", 302), key),
            signed(&header, &claims("alice", 284), key),
            signed(&header, &json!({"sub": "alice", "iat": now}), key),
            signed(&json!({"alg": "HS256", "typ": "JWT", "kid": "1"}), &claims("alice", 300), key),
            signed(&header, &claims("alice", 300), "another key"),
            json!("no token"),
            json!("e30.e30."),
            json!(17),
        ];
        for token in refused {
            assert!(!differences(&want, &token).is_empty(), "{token}");
        }
    }

    #[test]
    fn short_lifetimes_are_held_within_two_seconds() {
        assert!(is_lifetime(3.0, 2.0) && is_lifetime(3.0, 4.0));
        assert!(!is_lifetime(3.0, 0.0) && !is_lifetime(3.0, 5.0));
        assert!(is_lifetime(86_400.0, 86_385.0) && !is_lifetime(86_400.0, 86_384.0));
    }
}
