//! The server: answers, signals, the first administrator.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::site::Site;

#[test]
fn it_answers_and_stops_clean_on_sigterm_and_on_ctrl_c() {
    for signal in ["-TERM", "-INT"] {
        let site = Site::cheap();
        let server = site.serve(&[]);
        assert!(server.greeting.contains("safe stance"));
        let health = server.request("GET", "/healthz", "");
        assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("{\"status\":\"ok\"}"), "{health}");
        server.signal(signal);
        assert_eq!(server.wait().0.code(), Some(0));
        assert!(!site.path("jeton.db-wal").exists(), "the log of the database was moved into it");
        assert!(site.log().contains("stopped"), "{}", site.log());
    }
}

#[test]
fn a_request_under_way_is_finished_at_the_first_signal() {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    let server = site.serve(&[]);
    let form = "username=alice&password=correct+horse";
    let mut stream = server.connect();
    write!(stream, "POST /api/token/ HTTP/1.1\r\nHost: jeton\r\nContent-Type: application/x-www-form-urlencoded\r\n")
        .unwrap();
    write!(stream, "Content-Length: {}\r\n\r\n{}", form.len(), &form[..10]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(&form.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.wait().0.code(), Some(0));
}

#[test]
fn a_second_signal_stops_at_once() {
    let site = Site::cheap();
    let mut server = site.serve(&[]);
    let mut stream = server.connect();
    write!(stream, "POST /api/token/ HTTP/1.1\r\nHost: jeton\r\nContent-Length: 9\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.is_running());
    let second = Instant::now();
    server.signal("-TERM");
    assert_eq!(server.wait().0.code(), Some(4));
    assert!(second.elapsed() < Duration::from_secs(5));
}

#[test]
fn commands_act_on_the_running_server() {
    let site = Site::cheap();
    let server = site.serve(&[]);
    site.add("alice", "correct horse");
    let login = |password: &str| server.post("/api/token/", &format!("username=alice&password={password}"));
    assert!(login("correct+horse").starts_with("HTTP/1.1 200"));
    site.ok(&["user", "passwd", "alice", "--password-stdin"], "battery staple");
    assert!(login("correct+horse").starts_with("HTTP/1.1 401"));
    assert!(login("battery+staple").starts_with("HTTP/1.1 200"));
    let refresh = site.ok(&["token", "mint", "alice", "--kind", "refresh"], "");
    let form = format!("refresh={}", refresh.trim());
    assert!(server.post("/api/token/refresh/", &form).starts_with("HTTP/1.1 200"));
    site.ok(&["token", "revoke", "-"], &refresh);
    assert!(server.post("/api/token/refresh/", &form).starts_with("HTTP/1.1 401"));
    site.ok(&["user", "lock", "alice"], "");
    assert!(login("battery+staple").starts_with("HTTP/1.1 401"));
    assert_eq!(site.json(&["user", "show", "alice", "--json"])["tokens"]["outstanding"], 4);
}

#[test]
fn the_code_on_the_terminal_makes_the_first_administrator_once() {
    let site = Site::cheap();
    let mut server = site.serve(&["--set", "log.level=trace"]);
    let told = server.read_until("createsuperuser");
    let code = told.lines().skip_while(|line| !line.contains("/setup/")).nth(1).unwrap().trim().to_owned();
    assert_eq!(code.len(), 24, "{told}");
    let form = format!("code={code}&username=root&password=correct+horse");
    assert!(server.post("/setup/", &form).starts_with("HTTP/1.1 201"));
    assert!(!server.post("/setup/", &form.replace("root", "toor")).starts_with("HTTP/1.1 201"));
    assert_eq!(site.json(&["user", "show", "root", "--json"])["is_superuser"], true);
    server.signal("-TERM");
    server.wait();
    assert!(!site.log().contains(&code));

    let server = site.serve(&[]);
    server.signal("-TERM");
    assert_eq!(server.wait().1, "", "nobody is told of a second administrator");
}

#[test]
fn a_quiet_server_prints_nothing() {
    let site = Site::cheap();
    let mut command = site.command(&["serve", "--quiet", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(800));
    std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!((child.wait().unwrap().code(), out.as_str()), (Some(0), ""));
}

#[test]
fn logs_can_be_json() {
    let site = Site::cheap();
    let server = site.serve(&["--set", "log.format=json", "--set", "log.level=debug"]);
    server.request("GET", "/api/me/", "");
    assert!(server.address().starts_with("127.0.0.1:"));
    server.signal("-TERM");
    server.wait();
    let log = site.log();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    assert!(log.contains("\"status\":401"), "{log}");
}

#[test]
fn commands_end_sessions_of_the_running_server() {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    let server = site.serve(&["--set", "authentication.classes=[\"session\"]"]);
    let login = || {
        let answer = server.post("/api/v1/users/login", "username=alice&password=correct+horse");
        let (_, cookie) = answer.split_once("sessionid=").unwrap_or_else(|| panic!("{answer}"));
        cookie.split(';').next().unwrap().to_owned()
    };
    let status = |session: &str| {
        let mut stream = server.connect();
        let head = "GET /api/me/ HTTP/1.1\r\nHost: jeton\r\nConnection: close\r\nCookie: sessionid=";
        write!(stream, "{head}{session}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer["HTTP/1.1 ".len()..][..3].to_owned()
    };
    let session = login();
    assert_eq!(status(&session), "200");
    site.ok(&["user", "lock", "alice"], "");
    assert_eq!(status(&session), "403");
    site.ok(&["user", "unlock", "alice"], "");
    assert_eq!(status(&session), "200");
    site.ok(&["user", "passwd", "alice", "--password-stdin"], "correct horse");
    assert_eq!(status(&session), "403", "another hash, though of the same password");
    let session = login();
    assert_eq!(status(&session), "200");
    site.ok(&["user", "delete", "alice", "--yes"], "");
    assert_eq!(status(&session), "403");
}
