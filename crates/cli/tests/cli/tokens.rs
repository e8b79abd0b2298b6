//! Tokens: minted, looked into, verified, ended, flushed.

use serde_json::{Value, json};

use crate::site::{SECRET, Site};

fn site_with_alice() -> Site {
    let site = Site::cheap();
    site.ok(&["user", "add", "alice", "--unusable-password"], "");
    site
}

fn jti(site: &Site, token: &str) -> String {
    let decoded: Value = serde_json::from_str(&site.ok(&["token", "decode", "-", "--json"], token)).unwrap();
    decoded["claims"]["jti"].as_str().unwrap().to_owned()
}

#[test]
fn a_minted_pair_is_good_until_it_is_revoked() {
    let site = site_with_alice();
    let pair = site.json(&["token", "mint", "alice", "--json"]);
    let (refresh, access) = (pair["refresh"].as_str().unwrap(), pair["access"].as_str().unwrap());
    for token in [refresh, access] {
        assert_eq!(site.ok(&["token", "verify", "-"], token).trim(), "The token is good");
    }
    let id = jti(&site, refresh);
    let shown = site.json(&["token", "show", &id, "--json"]);
    let known =
        ["outstanding", "blacklisted", "user", "kind", "generation", "revoked_at"].map(|key| shown[key].clone());
    assert_eq!(Value::from(known.to_vec()), json!([true, false, "alice", "refresh", 0, null]));
    assert_eq!(site.json(&["user", "show", "alice", "--json"])["tokens"], json!({"outstanding": 1, "blacklisted": 0}));

    site.ok(&["token", "revoke", "-"], access);
    let run = site.run(&["token", "verify", refresh, "--json"]);
    assert_eq!(run.code, 1);
    assert_eq!(
        serde_json::from_str::<Value>(&run.out).unwrap(),
        json!({"valid": false, "reason": "Token is blacklisted"})
    );
    let shown = site.json(&["token", "show", &id, "--json"]);
    assert_eq!((&shown["blacklisted"], &shown["revoke_reason"]), (&json!(true), &json!("operator")));
    assert_eq!(site.ok(&["token", "revoke", &id], "").trim(), "that had ended before");
}

#[test]
fn one_kind_of_token_can_be_minted_alone() {
    let site = site_with_alice();
    for kind in ["access", "refresh", "sliding"] {
        let token = site.ok(&["token", "mint", "alice", "--kind", kind], "");
        assert_eq!(token.lines().count(), 1);
        let decoded: Value = serde_json::from_str(&site.ok(&["token", "decode", "-", "--json"], &token)).unwrap();
        assert_eq!(decoded["claims"]["token_type"], kind);
        assert_eq!(decoded["verified"], false);
        site.ok(&["token", "verify", "-"], &token);
    }
    let sliding = site.ok(&["token", "mint", "alice", "--kind", "sliding"], "");
    assert_eq!(site.json(&["token", "show", &jti(&site, &sliding), "--json"])["kind"], "sliding");
    site.ok(&["user", "lock", "alice"], "");
    for (name, part) in [("alice", "locked"), ("bob", "there is no user bob")] {
        let run = site.run(&["token", "mint", name]);
        assert_eq!(run.code, 1);
        assert!(run.err.contains(part), "{}", run.err);
    }
}

#[test]
fn what_is_no_token_or_not_ours_is_refused_with_a_reason() {
    let site = site_with_alice();
    let token = site.ok(&["token", "mint", "alice", "--kind", "access"], "");
    let forged = format!("{}x", token.trim());
    let run = site.run(&["token", "verify", &forged]);
    assert_eq!((run.code, run.out.trim()), (1, "Token is invalid (Signature)"));
    assert_eq!(site.run(&["token", "verify", "nonsense"]).out.trim(), "Token is invalid (Form)");
    assert_eq!(site.run(&["token", "decode", "nonsense"]).code, 1);
    assert!(site.run(&["token", "decode", &forged]).err.contains("Not verified"));
    assert_eq!(site.run(&["token", "revoke", &forged]).code, 1);
    assert_eq!(site.run(&["token", "verify", "-"]).code, 2);
    let unknown = site.run(&["token", "revoke", "1ac035a9a8e38e0c8fc1000000000000"]);
    assert!(unknown.code == 1 && unknown.err.contains("no login with such a token"), "{unknown:?}");
    let foreign = site.run(&["token", "revoke", "00000000000000000000000000000000"]);
    assert!(foreign.code == 1 && foreign.err.contains("whole token"), "{foreign:?}");
    let shown = site.json(&["token", "show", "00000000000000000000000000000000", "--json"]);
    assert_eq!((&shown["outstanding"], &shown["blacklisted"]), (&json!(false), &json!(false)));
}

#[test]
fn what_has_expired_is_flushed() {
    let site = site_with_alice();
    site.write(
        "short.toml",
        &format!(
            "secret_key = \"{SECRET}\"\n[database]\nurl = \"sqlite://jeton.db\"\n[simple_jwt]\n\
             ACCESS_TOKEN_LIFETIME = \"1s\"\nREFRESH_TOKEN_LIFETIME = \"1s\"\n"
        ),
    );
    site.ok(&["token", "mint", "alice", "--config", "short.toml"], "");
    let lasting = site.ok(&["token", "mint", "alice", "--kind", "refresh"], "");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(site.json(&["flushexpiredtokens", "--json"]), json!({"families": 1, "tokens": 0, "sessions": 0}));
    assert_eq!(site.ok(&["flushexpiredtokens"], "").trim(), "0 logins, 0 sessions and 0 single tokens forgotten");
    site.ok(&["token", "verify", "-"], &lasting);
}
