//! Secrets never show: not in output, not in errors, not in logs.

use crate::site::{SECRET, Site};

#[test]
fn no_secret_is_in_any_output() {
    let site = Site::cheap();
    let (password, wrong) = ("pass-never-seen", "guess-never-seen");
    site.add("alice", password);
    let server = site.serve(&["--set", "log.level=trace"]);
    let answer = server.post("/api/token/", &format!("username=alice&password={password}"));
    server.post("/api/token/", &format!("username=alice&password={wrong}"));
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let pair: serde_json::Value = serde_json::from_str(body).unwrap();
    let refresh = pair["refresh"].as_str().unwrap();
    server.post("/api/token/refresh/", &format!("refresh={refresh}"));
    server.request("GET", &format!("/api/me/?token={refresh}"), "");
    let mut seen = server.greeting.clone();
    for arguments in [
        &["info"][..],
        &["info", "--json"],
        &["check", "--show-origins"],
        &["check", "--show-origins", "--json"],
        &["user", "list"],
        &["user", "list", "--json"],
        &["user", "show", "alice"],
        &["user", "show", "alice", "--json"],
        &["token", "verify", "x.y.z"],
        &["token", "mint", "nobody"],
    ] {
        let run = site.run(arguments);
        seen += &run.out;
        seen += &run.err;
    }
    seen += &site.run_with(&["user", "passwd", "nobody", "--password-stdin"], password).err;
    server.signal("-TERM");
    server.wait();
    seen += &site.log();
    let signature = refresh.rsplit_once('.').unwrap().1;
    for secret in [SECRET, password, wrong, signature, "argon2id$", "$m=64"] {
        assert!(!seen.contains(secret), "{secret} is in {seen}");
    }
}
