//! The settings that guides to Simple JWT print: each starts a server in the exact stance, and `check` tells what safe
//! would refuse.

use serde_json::Value;

use crate::site::{SECRET, Site};

fn site(guide: &str) -> Site {
    let site = Site::empty();
    let top = format!("compatibility = \"exact\"\nsecret_key = \"{SECRET}\"\n");
    let rest = "\n[database]\nurl = \"sqlite://jeton.db\"\n[passwords]\npbkdf2_iterations = 1\n";
    site.write("jeton.toml", &format!("{top}{guide}{rest}"));
    site
}

/// What a login answers, after it was used where the guide says.
fn logs_in_and_refreshes(guide: &str, paths: [&str; 2]) -> Value {
    let site = site(guide);
    assert_eq!(site.run(&["check"]).code, 0, "{}", site.run(&["check"]).out);
    site.add("alice", "correct horse");
    let server = site.serve(&[]);
    let body = |answer: &str| -> Value {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let pair = body(&server.post(paths[0], "username=alice&password=correct+horse"));
    let refresh = pair["refresh"].as_str().unwrap();
    let renewed = body(&server.post(paths[1], &format!("refresh={refresh}")));
    assert!(renewed["access"].is_string());
    pair
}

const PATHS: [&str; 2] = ["/api/token/", "/api/token/refresh/"];

#[test]
fn each_guide_starts_a_server_that_signs_in_and_refreshes() {
    logs_in_and_refreshes(include_str!("../../../../tests/guides/cookies.toml"), PATHS);
    logs_in_and_refreshes(include_str!("../../../../tests/guides/three-ways.toml"), PATHS);
    logs_in_and_refreshes(SHORT, PATHS);
    let own_paths = ["/user/login/", "/user/token/refresh/"];
    logs_in_and_refreshes(include_str!("../../../../tests/guides/blacklist.toml"), own_paths);
    let pair = logs_in_and_refreshes(include_str!("../../../../tests/guides/refresh.toml"), PATHS);
    assert_eq!(pair["username"], "alice");
}

#[test]
fn the_guide_to_three_ways_opens_a_protected_view_by_each() {
    let site = site(include_str!("../../../../tests/guides/three-ways.toml"));
    site.add("alice", "correct horse");
    let server = site.serve(&[]);
    let form = "username=alice&password=correct+horse";
    let me = |header: &str| server.request_with("GET", "/api/me/", &format!("{header}\r\n"), "");
    let nobody = me("X-Nothing: 1");
    assert!(nobody.starts_with("HTTP/1.1 401") && nobody.contains("Basic realm=\"api\""), "{nobody}");
    assert!(me("Authorization: Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==").starts_with("HTTP/1.1 200"));
    let login = server.post("/api/v1/users/login", form);
    let session = login.split("sessionid=").nth(1).unwrap().split(';').next().unwrap().to_owned();
    assert!(me(&format!("Cookie: sessionid={session}")).starts_with("HTTP/1.1 200"));
    let told = |answer: &str, name: &str| -> String {
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        body[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let key = told(&server.post("/api/token-auth/", form), "token");
    assert!(me(&format!("Authorization: Token {key}")).starts_with("HTTP/1.1 200"));
    let access = told(&server.post("/api/token/", form), "access");
    assert!(me(&format!("Authorization: Bearer {access}")).starts_with("HTTP/1.1 200"));
}

#[test]
fn the_guide_that_writes_every_setting_out_puts_the_name_into_the_token() {
    let pair = logs_in_and_refreshes(include_str!("../../../../tests/guides/concepts.toml"), PATHS);
    let site = Site::cheap();
    let token = site.json(&["token", "decode", pair["access"].as_str().unwrap(), "--json"]);
    assert_eq!(token["claims"]["username"], "alice");
}

#[test]
fn check_says_what_safe_would_refuse_and_why() {
    let run = site(SHORT).run(&["check"]);
    assert_eq!(run.code, 0);
    for part in ["in safe: simple_jwt.SIGNING_KEY", "allow_short_signing_key", "The safe stance would refuse them"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let report = site(SHORT).json(&["check", "--json"]);
    assert_eq!(report["in_safe"][0]["setting"], "simple_jwt.SIGNING_KEY");
    assert_eq!(report["errors"], Value::Array(Vec::new()));
    let good = site(include_str!("../../../../tests/guides/cookies.toml"));
    assert!(!good.run(&["check"]).out.contains("safe"));
}

#[test]
fn check_says_what_to_write_instead_of_python() {
    let settings =
        "[simple_jwt]\nTOKEN_OBTAIN_SERIALIZER = \"accounts.serializers.Mine\"\nAUTH_HEADER_TYPE = \"JWT\"\n";
    let run = site(settings).run(&["check"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("[simple_jwt.claims]") && run.out.contains("Write AUTH_HEADER_TYPES"), "{}", run.out);
}

const SHORT: &str = include_str!("../../../../tests/guides/short.toml");
