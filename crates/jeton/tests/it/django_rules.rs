//! What Django says of names, addresses and passwords, recorded by `tests/interop/record_rules.py`.

use jeton::auth::{Email, Username};
use jeton::passwords::{Person, Validator};
use jeton::settings::Compatibility;
use serde_json::Value;

use crate::site::settings;

fn recorded(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("django_rules.json")).unwrap();
    all[kind].as_array().unwrap().clone()
}

#[test]
fn names_are_good_and_kept_as_in_django() {
    let rules = settings(Compatibility::Exact).usernames;
    for case in recorded("usernames") {
        let (name, is_good) = (case[0].as_str().unwrap(), case[1].as_bool().unwrap());
        let parsed = Username::parse(name, &rules);
        assert_eq!(parsed.is_ok(), is_good, "{name:?}");
        if let Ok(parsed) = parsed {
            assert_eq!(parsed.kept(), case[2].as_str().unwrap(), "{name:?}");
        }
    }
}

#[test]
fn addresses_are_good_and_kept_as_in_django() {
    for case in recorded("emails") {
        let (email, is_good) = (case[0].as_str().unwrap(), case[1].as_bool().unwrap());
        if email.is_empty() {
            // No address at all, which is left to those who ask for one.
            continue;
        }
        let parsed = Email::parse(email);
        assert_eq!(parsed.is_ok(), is_good, "{email:?}");
        if let Ok(parsed) = parsed {
            assert_eq!(parsed.kept(), case[2].as_str().unwrap(), "{email:?}");
        }
    }
}

#[test]
fn passwords_are_refused_with_django_s_reasons() {
    for case in recorded("passwords") {
        let (password, person) = (case[0].as_str().unwrap(), &case[1]);
        let text = |name: &str| person[name].as_str().unwrap_or_default();
        let person = Person {
            username: text("username"),
            first_name: text("first_name"),
            last_name: text("last_name"),
            email: text("email"),
        };
        let found = Validator::ALL.iter().filter_map(|validator| validator.weakness(password, person, 8));
        let found: Vec<Value> = found.map(|weakness| weakness.to_string().into()).collect();
        assert_eq!(Value::from(found), case[2], "{password:?} of {person:?}");
    }
}
