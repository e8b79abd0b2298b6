//! Auth tokens: made, listed, ended, taken over from Django.

use std::fs;

use serde_json::{Value, json};

use crate::site::{SECRET, Site};

const KEY: &str = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b";

fn site(compatibility: &str) -> Site {
    let site = Site::cheap();
    let settings = fs::read_to_string(site.path("jeton.toml")).unwrap();
    let classes = "[authentication]\nclasses = [\"token\", \"jwt\"]\n";
    site.write(
        "jeton.toml",
        &format!("compatibility = \"{compatibility}\"\n{settings}pbkdf2_iterations = 1\n{classes}"),
    );
    site.add("alice", "correct horse");
    site.add("bob", "correct horse");
    site
}

fn list(site: &Site, more: &[&str]) -> Vec<Value> {
    site.json(&[&["auth-token", "list", "--json"], more].concat()).as_array().unwrap().clone()
}

fn create(site: &Site, more: &[&str]) -> String {
    site.ok(&[&["auth-token", "create", "alice"], more].concat(), "").trim().to_owned()
}

fn dump(entries: &[(&str, i64)]) -> String {
    let entry = |(key, user): &(&str, i64)| json!({"model": "authtoken.token", "pk": key, "fields": {"user": user, "created": "2026-11-20T20:26:38.123Z"}});
    Value::from(entries.iter().map(entry).collect::<Vec<_>>()).to_string()
}

#[test]
fn in_exact_a_user_has_one_key_and_a_reset_replaces_it() {
    let site = site("exact");
    let key = create(&site, &[]);
    assert_eq!(key.len(), 40);
    assert_eq!(create(&site, &[]), key);
    assert_eq!(site.json(&["auth-token", "create", "alice", "--json"]), json!({"token": key}));
    let other = create(&site, &["-r"]);
    assert!(other != key && list(&site, &[]).len() == 1);
    assert_eq!(site.run(&["auth-token", "revoke", &key]).code, 1);
    assert_eq!(site.ok(&["auth-token", "revoke", "-"], &other).trim(), "the auth token has ended");
    assert_eq!(list(&site, &[]), [] as [Value; 0]);
}

#[test]
fn in_safe_keys_have_names_and_end_one_by_one_or_all() {
    let site = site("safe");
    let keys = [create(&site, &["--name", "phone"]), create(&site, &["--name", "laptop"]), create(&site, &[])];
    assert_eq!(site.run(&["auth-token", "create", "nobody"]).code, 1);
    let all = list(&site, &["alice"]);
    assert_eq!(all.len(), 3);
    assert_eq!(
        (&all[0]["username"], &all[0]["is_told_again"], &all[0]["expires_at"]),
        (&json!("alice"), &json!(false), &json!(null))
    );
    let lines = site.ok(&["auth-token", "list"], "");
    assert!(lines.contains("\tphone\t") && keys.iter().all(|key| !lines.contains(key)), "{lines}");
    let id = all.iter().find(|token| token["name"] == "laptop").unwrap()["id"].as_str().unwrap().to_owned();
    site.ok(&["auth-token", "revoke", &id], "");
    assert_eq!(site.run(&["auth-token", "revoke", &id]).code, 1);
    assert_eq!(site.ok(&["auth-token", "revoke", "--all", "alice"], "").trim(), "2 auth tokens have ended");
    assert!(list(&site, &["bob"]).is_empty());
    for wrong in [&["auth-token", "revoke"][..], &["auth-token", "revoke", &id, "--all", "alice"]] {
        assert_eq!(site.run(wrong).code, 2);
    }
}

#[test]
fn keys_of_a_django_site_go_on_working_and_stand_nowhere_in_the_clear() {
    for compatibility in ["exact", "safe"] {
        let site = site(compatibility);
        site.write("tokens.json", &dump(&[(KEY, 1), ("bobs-own-key", 2)]));
        let import = ["auth-token", "import", "tokens.json"];
        assert!(site.ok(&[&import[..], &["--dry-run"]].concat(), "").contains("2 auth tokens could be imported"));
        assert!(list(&site, &[]).is_empty());
        assert_eq!(site.ok(&import, "").trim(), "2 auth tokens imported");
        assert_eq!(site.ok(&import, "").trim(), "0 auth tokens imported");
        assert_eq!(list(&site, &["alice"])[0]["created_at"], "2026-11-20T20:26:38.123Z");
        if compatibility == "exact" {
            assert_eq!(create(&site, &[]), KEY);
        }
        fs::remove_file(site.path("tokens.json")).unwrap();
        let server = site.serve(&["--set", "log.level=trace"]);
        let answer = server.request_with("GET", "/api/me/", &format!("Authorization: Token {KEY}\r\n"), "");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("alice"), "{answer}");
        for file in fs::read_dir(site.path("")).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap_or_default();
            let shows = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
            assert!(!shows, "{} shows a key", path.display());
        }
    }
}

#[test]
fn an_import_with_problems_takes_over_nothing_and_quotes_no_key() {
    let site = site("exact");
    create(&site, &[]);
    let good = json!({"model": "authtoken.token", "pk": "good", "fields": {"user": 2}});
    let entries = json!([
        good,
        {"model": "auth.user", "pk": "hunter2", "fields": {"user": 1}},
        {"model": "authtoken.token", "pk": "hunter2", "fields": {"user": 1}},
        {"model": "authtoken.token", "pk": "hunter2", "fields": {"user": 2}},
        {"model": "authtoken.token", "pk": "hunter2 3", "fields": {"user": 9}},
        {"model": "authtoken.token", "pk": "hunter24", "fields": {"user": 99}},
        {"pk": "hunter2"},
        "hunter2",
    ]);
    site.write("tokens.json", &entries.to_string());
    let run = site.run(&["auth-token", "import", "tokens.json"]);
    assert_eq!(run.code, 1);
    for part in [
        "entry 2: auth.user is no auth token",
        "entry 3: alice has another auth token already",
        "entry 4: its key or its user is there twice",
        "entry 5: such a key fits no header",
        "entry 6: there is no user with the id 99",
        "entry 7: not what dumpdata writes",
        "entry 8: not what dumpdata writes",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    assert!(!run.err.contains("hunter2") && !run.err.contains(SECRET), "{}", run.err);
    assert!(list(&site, &["bob"]).is_empty());
    for text in ["", "{}", "[\"hunter2"] {
        site.write("tokens.json", text);
        let run = site.run(&["auth-token", "import", "tokens.json"]);
        assert!(run.code == 1 && !run.err.contains("hunter2"), "{run:?}");
    }
}
