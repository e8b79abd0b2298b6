//! The player against a small server that answers as it is told, right and wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::json;

use super::*;

/// A request as the small server sees it: method, path, head in lower case, body.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    head: String,
    body: String,
}

type Handler = dyn Fn(&Seen) -> (u16, String, String) + Send + Sync;

/// Serves every connection on a thread of its own, and tells what it saw.
fn serve(
    handler: impl Fn(&Seen) -> (u16, String, String) + Send + Sync + 'static,
) -> (SocketAddr, mpsc::Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, log) = mpsc::channel();
    let handler: Arc<Handler> = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (handler, seen) = (Arc::clone(&handler), seen.clone());
            thread::spawn(move || converse(&stream.unwrap(), handler.as_ref(), &seen));
        }
    });
    (address, log)
}

fn converse(stream: &TcpStream, handler: &Handler, seen: &mpsc::Sender<Seen>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let line = head.lines().next().unwrap().to_owned();
        let head = head.to_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let request = Seen { line, head, body: String::from_utf8(body).unwrap() };
        let (status, headers, body) = handler(&request);
        seen.send(request).unwrap();
        let answer = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
        let mut writer = stream;
        writer.write_all(answer.as_bytes()).unwrap();
    }
}

fn scenarios(list: &Value) -> Vec<Scenario> {
    Scenario::parse_group(&json!({"group": "g", "scenarios": list}).to_string()).unwrap()
}

fn scenario(steps: &Value) -> Scenario {
    scenarios(&json!([{"id": "g/s", "title": "t", "profile": "default", "steps": steps}])).remove(0)
}

fn unmanaged(operation: &Value) -> Result<Value> {
    Err(anyhow!("nobody carries out {operation}"))
}

fn play(address: SocketAddr, scenario: &Scenario) -> Differences {
    play_in_safe(address, scenario, &[], &Turned::new())
}

fn play_in_safe(address: SocketAddr, scenario: &Scenario, differences: &[Difference], turned: &Turned) -> Differences {
    let profile = Profile::for_tests();
    Stage { address, profile: &profile, manage: &unmanaged, differences, turned }.play(scenario).differences
}

fn ok(body: &str) -> (u16, String, String) {
    (200, String::new(), body.to_owned())
}

#[test]
fn a_scenario_captures_and_uses_what_it_captured() {
    let (address, seen) = serve(|request| match request.line.split(' ').nth(1) {
        Some("/1") => (200, "X-Id: seven\r\nSet-Cookie: sid=\"c 1\"; Path=/\r\n".into(), r#"{"a": {"b": 7}}"#.into()),
        _ => ok("<input name=\"x\" value=\"v9\">"),
    });
    let captures = json!({"n": "body:a.b", "h": "header:X-Id", "c": "cookie:sid"});
    let steps = json!([
        {"request": {"method": "POST", "path": "/1", "json": {"u": "é", "l": [1, null]}, "cookies": "jar"}, "capture": captures,
            "expect": {"status": 200, "body": {"a": {"b": 7}}}},
        {"forge": {"set": {"sub": "${n}"}}, "as": "token"},
        {"request": {"method": "PATCH", "path": "/2", "headers": {"Authorization": "Bearer ${token}", "X": "${h}"},
            "form": {"a": "${n}", "b": ["x y", "&"], "c": null}, "cookies": "jar"}, "capture": {"v": "html:value=\"(..)\""},
            "expect": {"status": 200, "body": {"$text": {"$contains": ["input"]}}}},
        {"request": {"method": "PUT", "path": "/3", "multipart": {"v": "${v}"}}, "expect": {"status": 200}},
        {"request": {"method": "PUT", "path": "/4", "raw": "<${jar:jar.sid}>"}, "expect": {"status": 200}},
    ]);
    assert_eq!(play(address, &scenario(&steps)), Differences::new());
    let seen: Vec<Seen> = seen.try_iter().collect();
    assert_eq!(seen[0].body, r#"{"u": "é", "l": [1, null]}"#);
    assert!(seen[0].head.contains("content-type: application/json\r\n") && !seen[0].head.contains("cookie"));
    assert!(seen[1].line.starts_with("PATCH /2 ") && seen[1].head.contains("authorization: bearer ey"));
    assert!(seen[1].head.contains("\r\nx: seven\r\n") && seen[1].head.contains("cookie: sid=c 1\r\n"));
    assert_eq!(seen[1].body, "a=7&b=x+y&b=%26");
    assert!(seen[2].body.contains("Content-Disposition: form-data; name=\"v\"\r\n\r\nv9\r\n"), "{}", seen[2].body);
    assert_eq!(seen[3].body, "<c 1>");
    assert!(!seen[3].head.contains("content-type"));
}

#[test]
fn a_scenario_stops_at_the_first_step_that_fails_and_names_it() {
    let (address, seen) = serve(|_| (404, String::new(), "no".into()));
    let step = json!({"request": {"method": "GET", "path": "/x"}, "expect": {"status": 200, "body": {"$empty": true}}});
    let found = play(address, &scenario(&json!([{"sleep": 0}, step, step])));
    assert_eq!(
        found,
        ["step 2 GET /x: status: want [200], got 404 \"no\"", "step 2 GET /x: body: must be empty, got \"no\""]
    );
    assert_eq!(seen.try_iter().count(), 1);
}

#[test]
fn what_cannot_be_captured_or_filled_in_is_a_failure() {
    let (address, _seen) = serve(|_| ok("{}"));
    let capture =
        json!([{"request": {"method": "GET", "path": "/"}, "capture": {"a": "body:a"}, "expect": {"status": 200}}]);
    assert!(play(address, &scenario(&capture))[0].contains("cannot capture a"));
    let fill = json!([{"request": {"method": "GET", "path": "/", "json": "${a}"}, "expect": {"status": 200}}]);
    assert!(play(address, &scenario(&fill))[0].contains("variable a was never captured"));
}

#[test]
fn nobody_listening_is_a_failure() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let steps = json!([{"request": {"method": "GET", "path": "/"}, "expect": {"status": 200}}]);
    assert!(play(address, &scenario(&steps))[0].contains("connection"));
}

#[test]
fn at_a_defect_one_of_the_accepted_answers_passes_and_the_recorded_one_does_not() {
    let steps = json!([{"request": {"method": "GET", "path": "/"}, "expect": {"status": 500},
        "defect": {"reason": "it crashes", "accept": [{"status": 200, "body": {"a": 1}}, {"status": [400, 401]}]}}]);
    for (status, body, passes) in
        [(200, "{\"a\": 1}", true), (401, "", true), (200, "{\"a\": 2}", false), (500, "", false)]
    {
        let (address, _seen) = serve(move |_| (status, String::new(), body.into()));
        assert_eq!(play(address, &scenario(&steps)).is_empty(), passes, "{status} {body}");
    }
}

#[test]
fn management_is_asked_with_variables_filled_in_and_compared() {
    let (address, _seen) = serve(|_| ok("\"alice\""));
    let steps = json!([
        {"request": {"method": "GET", "path": "/"}, "capture": {"whole": "header:Content-Length"}, "expect": {"status": 200}},
        {"manage": {"op": "counts", "username": "${whole}"}, "expect": {"outstanding": 1}},
        {"manage": {"op": "flush_expired"}},
    ]);
    let profile = Profile::for_tests();
    for (outstanding, passes) in [(1, true), (2, false)] {
        let manage = |operation: &Value| match operation["op"].as_str() {
            Some("counts") if operation["username"] == "7" => Ok(json!({"outstanding": outstanding})),
            Some("flush_expired") => Ok(json!({})),
            _ => Err(anyhow!("unexpected {operation}")),
        };
        let stage = Stage { address, profile: &profile, manage: &manage, differences: &[], turned: &Turned::new() };
        let found = stage.play(&scenario(&steps)).differences;
        assert_eq!(found.is_empty(), passes, "{found:?}");
    }
}

#[test]
fn scenarios_that_sleep_run_beside_the_others_and_results_keep_their_order() {
    let (address, seen) =
        serve(|request| (if request.line.contains("bad") { 500 } else { 200 }, String::new(), String::new()));
    let get = |path: &str| json!({"request": {"method": "GET", "path": path}, "expect": {"status": 200}});
    let with = |id: &str, steps: Value| json!({"id": id, "title": "t", "profile": "default", "steps": steps});
    let list = scenarios(&json!([
        with("g/slow", json!([{"sleep": 0.4}, get("/slow")])),
        with("g/bad", json!([get("/bad")])),
        with("g/late", json!([{"sleep": 0.4}, get("/late")])),
        with("g/good", json!([get("/good")])),
    ]));
    let profile = Profile::for_tests();
    let turned = Turned::new();
    let stage = Stage { address, profile: &profile, manage: &unmanaged, differences: &[], turned: &turned };
    let started = std::time::Instant::now();
    let played = stage.play_all(&list.iter().collect::<Vec<_>>());
    assert!(started.elapsed() < Duration::from_millis(750), "{:?}", started.elapsed());
    let passed: Vec<bool> = played.iter().map(|played| played.differences.is_empty()).collect();
    assert_eq!(passed, [true, false, true, true]);
    let lines: Vec<String> = seen.try_iter().map(|request| request.line).collect();
    assert!(lines[0].contains("/bad") && lines[1].contains("/good"), "{lines:?}");
}

#[test]
fn in_safe_a_listed_step_must_differ_as_listed_and_pass_as_recorded_when_its_setting_is_turned() {
    let recorded = json!([
        {"request": {"method": "GET", "path": "/1"}, "capture": {"a": "body:a"}, "expect": {"status": 200, "headers": {"X": "1"}}},
        {"request": {"method": "GET", "path": "/2"}, "expect": {"status": 200}},
    ]);
    let scenario = scenario(&recorded);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.json");
    let entry = json!([{"scenario": "g/s", "step": 1, "safe": {"status": 400, "body": {"b": 2}}, "capture": {"c": "body:b"},
        "reason": "r", "setting": {"ledger.x": false}}]);
    std::fs::write(&path, entry.to_string()).unwrap();
    let list = Difference::read(&path, std::slice::from_ref(&scenario)).unwrap();
    let (exact, _seen) = serve(|_| (200, "X: 1\r\n".into(), "{\"a\": 1}".into()));
    let (safe, _seen) = serve(|request| match request.line.starts_with("GET /1 ") {
        true => (400, "X: 1\r\n".into(), "{\"b\": 2}".into()),
        false => ok(""),
    });
    let (half, _seen) = serve(|_| (400, String::new(), "{\"b\": 2}".into()));
    let turned = list[0].setting.clone();
    assert_eq!(play_in_safe(safe, &scenario, &list, &Turned::new()), Differences::new());
    assert!(play_in_safe(half, &scenario, &list, &Turned::new())[0].contains("X: missing"));
    assert!(play_in_safe(exact, &scenario, &list, &Turned::new())[0].contains("step 1"));
    assert_eq!(play_in_safe(exact, &scenario, &list, &turned), Differences::new());
    assert!(!play_in_safe(safe, &scenario, &list, &turned).is_empty());
}

#[test]
fn a_difference_that_is_answered_as_recorded_must_be_struck_from_the_list() {
    let scenario = scenario(&json!([{"request": {"method": "GET", "path": "/"}, "expect": {"status": 500},
        "defect": {"reason": "r", "accept": [{"status": 200}, {"status": 400}]}}]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.json");
    let entry =
        json!([{"scenario": "g/s", "step": 1, "safe": {"status": 400}, "reason": "r", "setting": {"ledger.x": false}}]);
    std::fs::write(&path, entry.to_string()).unwrap();
    let list = Difference::read(&path, std::slice::from_ref(&scenario)).unwrap();
    let (address, _seen) = serve(|_| (400, String::new(), String::new()));
    assert!(play_in_safe(address, &scenario, &list, &Turned::new())[0].contains("strike it"));
}
