//! Keys: made, kept to oneself, and good for signing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::site::Site;

#[test]
fn a_generated_key_signs_the_site_s_tokens() {
    for algorithm in ["EdDSA", "ES256", "ES512", "RS256"] {
        let site = Site::cheap();
        let told = site.ok(&["keys", "generate", "--algorithm", algorithm, "--out", "private.pem", "--json"], "");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["public_jwk"]["alg"], algorithm);
        assert_eq!(told["public_jwk"]["kid"], told["kid"]);
        assert_eq!(told.get("private_key_pem"), None, "it is in the file");
        assert_eq!(fs::metadata(site.path("private.pem")).unwrap().permissions().mode() & 0o777, 0o600);
        let settings = fs::read_to_string(site.path("jeton.toml")).unwrap();
        let signing = format!("[simple_jwt]\nALGORITHM = \"{algorithm}\"\nSIGNING_KEY_FILE = \"private.pem\"");
        site.write("jeton.toml", &settings.replace("[simple_jwt]", &signing));
        site.ok(&["user", "add", "alice", "--unusable-password"], "");
        let token = site.ok(&["token", "mint", "alice", "--kind", "access"], "");
        let decoded: Value = serde_json::from_str(&site.ok(&["token", "decode", "-", "--json"], &token)).unwrap();
        assert_eq!(decoded["header"], json!({"alg": algorithm, "typ": "JWT"}));
        site.ok(&["token", "verify", "-"], &token);
    }
}

#[test]
fn a_key_file_is_never_written_over_and_a_secret_is_no_pair() {
    let site = Site::empty();
    site.write("private.pem", "mine");
    let run = site.run(&["keys", "generate", "--out", "private.pem"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(fs::read_to_string(site.path("private.pem")).unwrap(), "mine");
    let run = site.run(&["keys", "generate", "--algorithm", "HS256"]);
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn keys_are_planned_rotated_listed_and_retired_while_the_server_runs() {
    let site = Site::cheap();
    site.add("alice", "Pa55-word!");
    let server = site.serve(&[]);
    let login = |server: &crate::site::Server| {
        let answer = server.request("POST", "/api/token/", "username=alice&password=Pa55-word!");
        let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
        serde_json::from_str::<Value>(&body).unwrap()["access"].as_str().unwrap().to_owned()
    };
    let header = |token: &str| {
        let decoded: Value = serde_json::from_str(&site.ok(&["token", "decode", "-", "--json"], token)).unwrap();
        decoded["header"].clone()
    };
    assert_eq!(header(&login(&server)), json!({"alg": "HS256", "typ": "JWT"}));

    let plan = site.json(&["keys", "plan", "--algorithm", "ES256", "--json"]);
    assert_eq!(
        (&plan["key"], &plan["algorithm"], &plan["before"]),
        (&json!(null), &json!("ES256"), &json!("settings"))
    );
    let steps: Vec<_> = plan["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect();
    assert_eq!(steps, ["published", "signs", "access_tokens_expired", "retired"]);
    assert!(site.ok(&["keys", "plan"], "").contains("the new key signs; settings (HS256) signs no more"));
    assert_eq!(site.json(&["keys", "list", "--json"]).as_array().unwrap().len(), 1, "a plan changes nothing");

    let made = site.run(&["keys", "rotate", "--now", "--json"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.err.contains("refuse its tokens until they fetch them again"), "{made:?}");
    let kid = serde_json::from_str::<Value>(&made.out).unwrap()["key"].as_str().unwrap().to_owned();
    let signed = json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"});
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while header(&login(&server)) != signed {
        assert!(std::time::Instant::now() < until, "the server did not hear of the key: {}", site.log());
    }

    let listed = site.json(&["keys", "list", "--json"]);
    let told = |at: usize| [&listed[at]["key"], &listed[at]["algorithm"], &listed[at]["state"]];
    assert_eq!(told(0), [&json!("settings"), &json!("HS256"), &json!("retiring")]);
    assert_eq!(told(1), [&json!(kid), &json!("EdDSA"), &json!("active")]);
    assert_eq!(site.ok(&["keys", "list"], "").lines().count(), 2);
    let exported = site.json(&["keys", "export-jwks"]);
    assert_eq!(exported["keys"][0]["kid"], json!(kid));
    let served = server.request("GET", "/.well-known/jwks.json", "");
    let served = served.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(serde_json::from_str::<Value>(served).unwrap(), exported);

    let refused = site.run(&["keys", "retire", "settings"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("logins of 1 users would end"), "{refused:?}");
    let refused = site.run(&["keys", "retire", &kid, "--now"]);
    assert!(refused.code == 1 && refused.err.contains("Rotate first"), "{refused:?}");
    assert_eq!(site.run(&["keys", "retire", "nobody"]).code, 1);
    site.ok(&["keys", "retire", "settings", "--now"], "");
    assert_eq!(site.json(&["keys", "list", "--json"])[0]["state"], "retired");
    assert_eq!(site.run(&["keys", "rotate", "--after", "soon"]).code, 2);
    site.ok(&["keys", "rotate", "--after", "1h"], "");
    let waiting = site.run(&["keys", "rotate"]);
    assert!(waiting.code == 1 && waiting.err.contains("waits for its turn already"), "{waiting:?}");
    server.signal("-TERM");
    assert_eq!(server.wait().0.code(), Some(0));
    assert!(!site.log().contains("PRIVATE"), "{}", site.log());
}

#[test]
fn a_server_with_another_secret_says_what_to_do() {
    let site = Site::cheap();
    site.add("alice", "Pa55-word!");
    site.ok(&["keys", "rotate", "--now"], "");
    let settings = fs::read_to_string(site.path("jeton.toml")).unwrap();
    site.write("jeton.toml", &settings.replace(crate::site::SECRET, "another secret of more than thirty-two bytes"));
    let run = site.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("Put the former secret_key back"), "{run:?}");
}
