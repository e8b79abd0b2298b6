//! `jeton limits`, beside a server that runs.

use std::io::{Read, Write};

use serde_json::json;

use crate::site::Site;

const WRONG: &str = "username=alice&password=wrong-horse";
const RIGHT: &str = "username=alice&password=correct+horse";

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn an_account_that_has_to_wait_is_shown_and_cleared_while_the_server_runs() {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    assert_eq!(site.ok(&["limits", "clear", "alice"], ""), "no failures count against alice\n");
    let server = site.serve(&["--set", "limits.login_failures_per_account=3/10m"]);
    for _ in 0..3 {
        assert_eq!(status(&server.post("/api/token/", WRONG)), "401");
    }
    let refused = server.post("/api/token/", RIGHT);
    assert_eq!(status(&refused), "429");
    assert!(refused.to_ascii_lowercase().contains("retry-after: 600"), "{refused}");

    let shown = site.json(&["limits", "show", "alice", "--json"]);
    assert_eq!(shown["failures"], json!(3));
    assert!(shown["waits_until"].is_string(), "{shown}");
    assert_eq!(site.ok(&["limits", "clear", "alice"], ""), "the failures of alice are forgiven\n");
    assert_eq!(status(&server.post("/api/token/", RIGHT)), "200");
    assert!(site.ok(&["limits", "show", "alice"], "").contains("they need not wait"));
    assert_eq!(site.json(&["limits", "show", "alice", "--json"])["known_devices"], json!(1));
}

#[test]
fn failures_count_on_after_the_server_was_killed() {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    let server = site.serve(&[]);
    for _ in 0..10 {
        assert_eq!(status(&server.post("/api/token/", WRONG)), "401");
    }
    // By SIGKILL.
    drop(server);
    let server = site.serve(&[]);
    assert_eq!(status(&server.post("/api/token/", RIGHT)), "429");
    assert_eq!(site.log().matches("a limit was reached").count(), 1);
    assert!(!site.log().contains("alice"), "what was typed as a name may be a password");
}

#[test]
fn a_proxy_that_nobody_named_is_pointed_out_once() {
    let site = Site::cheap();
    let server = site.serve(&[]);
    let ask = |server: &crate::site::Server| {
        let mut stream = server.connect();
        let head = "POST /api/token/ HTTP/1.1\r\nHost: jeton\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.read_to_string(&mut String::new()).unwrap();
    };
    ask(&server);
    ask(&server);
    assert_eq!(site.log().matches("server.trusted_proxies").count(), 1);
    drop(server);
    let server = site.serve(&["--set", "server.trusted_proxies=[\"127.0.0.0/8\"]"]);
    ask(&server);
    assert!(!site.log().contains("server.trusted_proxies"));
}
