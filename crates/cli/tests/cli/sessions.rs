//! Sign-ins: shown and ended by an operator.

use serde_json::{Value, json};

use crate::site::Site;

const FIREFOX: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n";

fn site() -> Site {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    site.add("bob", "correct horse");
    site
}

fn list(site: &Site, username: &str) -> Vec<Value> {
    site.json(&["session", "list", username, "--json"]).as_array().unwrap().clone()
}

/// Signs in at a running server: once for a pair, once for a session.
fn sign_in(site: &Site, username: &str) -> String {
    let server = site.serve(&[]);
    let form = format!("username={username}&password=correct+horse");
    let pair = server.request_with("POST", "/api/token/", FIREFOX, &form);
    assert!(pair.starts_with("HTTP/1.1 200"), "{pair}");
    let session = server.request_with("POST", "/api/v1/users/login", FIREFOX, &form);
    assert!(session.starts_with("HTTP/1.1 200"), "{session}");
    let body: Value = serde_json::from_str(pair.split_once("\r\n\r\n").unwrap().1).unwrap();
    body["refresh"].as_str().unwrap().to_owned()
}

#[test]
fn an_operator_sees_where_a_user_is_signed_in_and_no_credential() {
    let site = site();
    let refresh = sign_in(&site, "alice");
    let found = list(&site, "alice");
    let kinds: Vec<&Value> = found.iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, [&json!("session"), &json!("refresh")]);
    for sign_in in &found {
        assert_eq!((&sign_in["device"], &sign_in["address"]), (&json!("Firefox, Linux"), &json!("127.0.0.1")));
        assert_eq!(sign_in["created_at"], sign_in["last_used_at"]);
    }
    let lines = site.ok(&["session", "list", "alice"], "");
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.contains("\tFirefox, Linux\t127.0.0.1\t") && !lines.contains(&refresh), "{lines}");
    assert_eq!(list(&site, "bob"), [] as [Value; 0]);
    assert_eq!(site.run(&["session", "list", "nobody"]).code, 1);
}

#[test]
fn a_sign_in_ends_once_and_a_dry_run_ends_nothing() {
    let site = site();
    let refresh = sign_in(&site, "alice");
    let ids: Vec<String> = list(&site, "alice").iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    for id in &ids {
        let told = site.ok(&["session", "end", id, "--dry-run"], "");
        assert_eq!(told.trim(), "the sign-in of alice would end: Firefox, Linux");
    }
    assert_eq!(list(&site, "alice").len(), 2);
    for id in &ids {
        assert_eq!(site.ok(&["session", "end", id], "").trim(), "the sign-in has ended");
        let again = site.run(&["session", "end", id]);
        assert_eq!(again.code, 1);
        assert!(again.err.contains("there is no such sign-in"), "{again:?}");
    }
    for wrong in ["x", "00000000000000000000", &"0".repeat(32)] {
        assert_eq!(site.run(&["session", "end", wrong]).code, 1, "{wrong}");
    }
    let server = site.serve(&[]);
    let refused = server.post("/api/token/refresh/", &format!("refresh={refresh}"));
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("token_not_valid"), "{refused}");
}

#[test]
fn all_sign_ins_of_a_user_end_at_once_and_no_others() {
    let site = site();
    sign_in(&site, "alice");
    sign_in(&site, "bob");
    let end = |more: &[&str]| site.ok(&[&["session", "end", "--all", "alice"], more].concat(), "").trim().to_owned();
    assert_eq!(end(&["--dry-run"]), "2 sign-ins would end");
    assert_eq!(end(&[]), "2 sign-ins have ended");
    assert_eq!(end(&[]), "alice was signed in nowhere");
    assert_eq!((list(&site, "alice").len(), list(&site, "bob").len()), (0, 2));
    for wrong in [&["session", "end"][..], &["session", "end", "x", "--all", "alice"], &["session"]] {
        assert_eq!(site.run(wrong).code, 2);
    }
}

#[test]
fn a_cap_holds_for_what_an_operator_mints() {
    let site = site();
    let mint = ["token", "mint", "alice", "--set", "devices.max_per_user=1"];
    site.ok(&mint, "");
    let first = list(&site, "alice");
    site.ok(&mint, "");
    let second = list(&site, "alice");
    assert!(first.len() == 1 && second.len() == 1 && first[0]["id"] != second[0]["id"]);
    let refused = site.run(&[&mint[..], &["--set", "devices.when_full=refuse"]].concat());
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("jeton session end"), "{refused:?}");
}
