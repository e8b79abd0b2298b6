//! `[limits]`: every way in counts, whoever is known goes on, and a refusal tells nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use jeton::settings::{AuthenticationClass, Compatibility, Limit, Rate, Settings};
use jeton_store::EventKind;
use serde_json::{Value, json};

use crate::site::{PASSWORD, Reply, Site, settings};

/// A way in for a name and a password.
struct Way {
    name: &'static str,
    request: fn(&str, &str) -> Request<Body>,
    /// What it answers where they are wrong.
    refusal: StatusCode,
}

/// All of them: whatever is added to the router belongs here.
const WAYS: &[Way] = &[
    Way {
        name: "obtain",
        request: |username, password| form("/api/token/", username, password),
        refusal: StatusCode::UNAUTHORIZED,
    },
    Way {
        name: "sliding obtain",
        request: |username, password| form("/api/token/sliding/", username, password),
        refusal: StatusCode::UNAUTHORIZED,
    },
    Way {
        name: "session login",
        request: |username, password| form("/api/v1/users/login", username, password),
        refusal: StatusCode::FORBIDDEN,
    },
    Way {
        name: "cookie login",
        request: |username, password| form("/api/v1/login/", username, password),
        refusal: StatusCode::UNAUTHORIZED,
    },
    Way {
        name: "hand-made token",
        request: |username, password| form("/api/v1/users/login/jwt", username, password),
        refusal: StatusCode::UNAUTHORIZED,
    },
    Way {
        name: "DRF token",
        request: |username, password| form("/api/token-auth/", username, password),
        refusal: StatusCode::BAD_REQUEST,
    },
    Way {
        name: "Basic",
        request: |username, password| {
            let credentials = STANDARD.encode(format!("{username}:{password}"));
            let request = Request::get("/api/me/").header("Authorization", format!("Basic {credentials}"));
            request.body(Body::empty()).unwrap()
        },
        refusal: StatusCode::UNAUTHORIZED,
    },
];

fn form(path: &str, username: &str, password: &str) -> Request<Body> {
    let body = json!({"username": username, "password": password}).to_string();
    Request::post(path).header("Content-Type", "application/json").body(Body::from(body)).unwrap()
}

/// Every way in is open.
fn open() -> Settings {
    let mut settings = settings(Compatibility::Safe);
    settings.authentication.classes.insert(0, AuthenticationClass::Basic);
    settings
}

impl Site {
    async fn send_from(&self, (address, agent): (&str, &'static str), mut request: Request<Body>) -> Reply {
        let peer: IpAddr = address.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer, 50_000)));
        request.headers_mut().insert("User-Agent", HeaderValue::from_static(agent));
        self.send(request).await
    }

    /// A sign-in from an address, with the password or with a wrong one.
    async fn sign_in(&self, way: &Way, username: &str, is_right: bool, from: (&str, &'static str)) -> Reply {
        let password = if is_right { PASSWORD } else { "a wrong one" };
        self.send_from(from, (way.request)(username, password)).await
    }

    async fn obtain(&self, username: &str, is_right: bool, from: (&str, &'static str)) -> StatusCode {
        self.sign_in(&WAYS[0], username, is_right, from).await.status
    }

    /// Guesses until it is refused; how often that was not.
    async fn guess(&self, username: &str, from: (&str, &'static str)) -> usize {
        for times in 0..1000 {
            if self.obtain(username, false, from).await == StatusCode::TOO_MANY_REQUESTS {
                return times;
            }
        }
        panic!("never refused");
    }

    async fn throttlings(&self) -> Vec<Value> {
        let events = self.jeton.auth().store().list_events(None, 10_000).await.unwrap();
        let throttled = events.into_iter().filter(|event| event.event.kind == EventKind::Throttled);
        throttled.map(|event| json!([event.event.user_id, event.event.address, event.event.detail])).collect()
    }
}

const HOME: (&str, &str) = ("192.0.2.1", "browser");
const ATTACKER: (&str, &str) = ("198.51.100.1", "browser");

#[tokio::test]
async fn failures_count_over_all_ways_in_together() {
    let site = Site::new(open()).await;
    for (number, way) in WAYS.iter().cycle().take(10).enumerate() {
        let reply = site.sign_in(way, "alice", false, ATTACKER).await;
        assert_eq!(reply.status, way.refusal, "{} {number}", way.name);
    }
    for way in WAYS {
        for is_right in [false, true] {
            let reply = site.sign_in(way, "alice", is_right, ATTACKER).await;
            assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{}", way.name);
            assert_eq!(reply.header("retry-after"), Some("900"));
            let detail = "Request was throttled. Expected available in 900 seconds.";
            assert_eq!(reply.json(), json!({"detail": detail}));
            assert_eq!(reply.header("set-cookie"), None);
        }
    }
    site.pass(899);
    let reply = site.sign_in(&WAYS[0], "alice", true, ATTACKER).await;
    assert_eq!(reply.text_of("detail"), "Request was throttled. Expected available in 1 second.");
    site.pass(1);
    assert_eq!(site.obtain("alice", true, ATTACKER).await, StatusCode::OK);
}

#[tokio::test]
async fn a_refusal_says_the_same_of_a_name_that_nobody_has() {
    let site = Site::safe().await;
    let mut replies = Vec::new();
    for username in ["alice", "nobody"] {
        assert_eq!(site.guess(username, ATTACKER).await, 10);
        let mut reply = site.sign_in(&WAYS[0], username, false, ATTACKER).await;
        reply.headers.remove("x-request-id");
        replies.push((reply.status, reply.headers, reply.text));
    }
    assert_eq!(replies[0], replies[1]);
}

#[tokio::test]
async fn the_owner_gets_in_while_others_guess_from_everywhere() {
    let site = Site::safe().await;
    assert_eq!(site.obtain("alice", true, HOME).await, StatusCode::OK);
    let mut guesses = 0;
    for number in 0..300 {
        let address = format!("203.0.113.{}", number % 250);
        guesses += usize::from(site.obtain("alice", false, (&address, "browser")).await == StatusCode::UNAUTHORIZED);
        if number % 50 == 0 {
            assert_eq!(site.obtain("alice", true, HOME).await, StatusCode::OK);
        }
    }
    assert_eq!(guesses, 10);
    assert_eq!(site.obtain("bob", true, ATTACKER).await, StatusCode::OK, "nobody else is concerned");
    assert_eq!(site.guess("alice", HOME).await, 10, "but nobody has unlimited guesses, the owner's device either");
}

#[tokio::test]
async fn a_thousand_names_from_one_address_are_a_hundred_guesses() {
    let site = Site::safe().await;
    let mut guesses = 0;
    for number in 0..1000 {
        let address = format!("2001:db8::{number:x}");
        let status = site.obtain(&format!("user{number}"), false, (&address, "x")).await;
        guesses += usize::from(status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guesses, 100);
    assert_eq!(site.obtain("alice", true, ("2001:db8::1", "x")).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(site.obtain("alice", true, ("2001:db8:0:1::1", "x")).await, StatusCode::OK);
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_ten() {
    let site = Site::safe().await;
    let guesses = (0..100).map(|_| site.obtain("alice", false, ATTACKER));
    let statuses = join_all(guesses).await;
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(StatusCode::UNAUTHORIZED), count(StatusCode::TOO_MANY_REQUESTS)), (10, 90));
}

#[tokio::test]
async fn a_hundred_right_sign_ins_at_once_all_succeed() {
    let site = Site::safe().await;
    let statuses = join_all((0..100).map(|_| site.obtain("alice", true, HOME))).await;
    assert!(statuses.iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
}

#[tokio::test]
async fn a_forged_header_changes_nothing_and_a_trusted_proxy_is_believed() {
    let mut settings = settings(Compatibility::Safe);
    settings.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let site = Site::new(settings).await;
    let from = async |peer: &str, chain: &str| {
        let request = Request::post("/api/token/")
            .extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 50_000)))
            .header("Content-Type", "application/json")
            .header("X-Forwarded-For", chain);
        let body = json!({"username": format!("{chain}{peer}"), "password": "a wrong one"}).to_string();
        site.send(request.body(Body::from(body)).unwrap()).await.status
    };
    for number in 0..100 {
        assert_eq!(from("192.0.2.1", &format!("203.0.113.{number}")).await, StatusCode::UNAUTHORIZED);
        assert_eq!(from("10.0.0.1", &format!("203.0.113.{number}, 192.0.2.2")).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(from("192.0.2.1", "203.0.113.200").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from("10.0.0.1", "203.0.113.200, 192.0.2.2").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from("10.0.0.1", "192.0.2.3").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wait_is_told_to_the_operator_once() {
    let site = Site::safe().await;
    for username in ["alice", "nobody"] {
        site.guess(username, ATTACKER).await;
        for _ in 0..20 {
            site.obtain(username, true, ("203.0.113.1", "x")).await;
        }
    }
    let limit = "login_failures_per_account";
    assert_eq!(site.throttlings().await, [json!([1, ATTACKER.0, limit]), json!([null, ATTACKER.0, limit])]);
    site.pass(900);
    site.guess("alice", ATTACKER).await;
    assert_eq!(site.throttlings().await.len(), 3);
}

#[tokio::test]
async fn failures_and_known_devices_are_remembered_over_a_restart() {
    let site = Site::safe().await;
    assert_eq!(site.obtain("alice", true, HOME).await, StatusCode::OK);
    site.guess("alice", ATTACKER).await;
    for _ in 0..4 {
        site.obtain("bob", false, ATTACKER).await;
    }
    let site = site.restarted();
    assert_eq!(site.obtain("alice", true, ATTACKER).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(site.obtain("alice", true, HOME).await, StatusCode::OK);
    assert_eq!(site.guess("bob", ATTACKER).await, 6);
}

#[tokio::test]
async fn what_an_operator_clears_is_cleared_in_a_running_server() {
    let site = Site::safe().await;
    site.guess("alice", ATTACKER).await;
    let limit = site.jeton.auth().account_limit("alice").await.unwrap();
    assert_eq!((limit.failures, limit.devices.len()), (10, 0));
    // As another process would.
    let operator = site.neighbour();
    site.pass(1);
    assert!(operator.auth().clear_account_limit("alice").await.unwrap());
    assert_eq!(operator.auth().account_limit("alice").await.unwrap().failures, 0);
    assert_eq!(site.obtain("alice", true, ATTACKER).await, StatusCode::OK);
    assert!(!operator.auth().clear_account_limit("alice").await.unwrap());
}

#[tokio::test]
async fn failures_on_three_nodes_are_ten_together() {
    let site = Site::safe().await;
    let nodes = [site.beside(settings(Compatibility::Safe)), site.beside(settings(Compatibility::Safe)), site];
    guess_on_three_nodes(&nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failures_on_three_nodes_over_postgresql_are_ten_together() {
    let server = std::env::var("JETON_TEST_POSTGRES")
        .expect("JETON_TEST_POSTGRES has to name a PostgreSQL server; `cargo xtask test --only unit` starts one");
    let schema = format!("throttling_{}", std::process::id());
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{separator}options=-c%20search_path%3D{schema}");
    guess_on_three_nodes(&Site::nodes(settings(Compatibility::Safe), &url, 3).await).await;
    client.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).await.unwrap();
}

/// Many at once, on all of them.
async fn guess_on_three_nodes(nodes: &[Site]) {
    let guesses = (0..60).map(|number| nodes[number % 3].obtain("alice", false, ATTACKER));
    let statuses = join_all(guesses).await;
    let tried = statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(tried, 10, "{statuses:?}");
    assert!(statuses.iter().all(|status| [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS].contains(status)));
    for node in nodes {
        assert_eq!(node.obtain("alice", true, ATTACKER).await, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(nodes[0].throttlings().await.len(), 1, "a wait is told once, whoever comes up against it");
    nodes[0].pass(900);
    let mut after = join_all(nodes.iter().map(|node| node.obtain("alice", false, ATTACKER))).await;
    after.sort();
    assert_eq!(
        after.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count(),
        1,
        "one at a time: {after:?}"
    );
    nodes[1].pass(1800);
    assert_eq!(nodes[2].obtain("alice", true, ATTACKER).await, StatusCode::OK);
    for node in nodes {
        assert_eq!(node.obtain("alice", true, ATTACKER).await, StatusCode::OK, "known everywhere");
    }
}

#[tokio::test]
async fn right_sign_ins_on_three_nodes_at_once_all_succeed() {
    let site = Site::safe().await;
    let nodes = [site.beside(settings(Compatibility::Safe)), site.beside(settings(Compatibility::Safe)), site];
    let statuses = join_all((0..60).map(|number| nodes[number % 3].obtain("alice", true, HOME))).await;
    assert!(statuses.iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
    assert_eq!(nodes[0].guess("alice", ATTACKER).await, 10, "and nothing of them counts");
}

#[tokio::test]
async fn addresses_and_sign_ups_are_counted_over_all_nodes_and_over_a_restart() {
    let site = Site::safe().await;
    let other = site.beside(settings(Compatibility::Safe));
    for number in 0..100 {
        let node = [&site, &other][number % 2];
        assert_eq!(node.obtain(&format!("user{number}"), false, ATTACKER).await, StatusCode::UNAUTHORIZED);
    }
    let sign_up = async |node: &Site, number: usize| {
        node.send_from(ATTACKER, form("/api/v1/signup/", &format!("carol{number}"), "short")).await.status
    };
    for number in 0..20 {
        assert_eq!(sign_up([&site, &other][number % 2], number).await, StatusCode::BAD_REQUEST);
    }
    drop(other);
    let site = site.restarted();
    assert_eq!(site.obtain("alice", true, ATTACKER).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(sign_up(&site, 20).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(site.obtain("alice", true, HOME).await, StatusCode::OK);
    assert_eq!(site.throttlings().await.len(), 2);
}

#[tokio::test]
async fn whoever_hangs_up_before_the_answer_has_failed() {
    let mut settings = settings(Compatibility::Safe);
    settings.passwords.argon2_memory_kib = 8192;
    settings.limits.login_failures_per_account = Limit::AtMost(Rate { count: 3, per: Duration::from_secs(900) });
    let site = Site::new(settings).await;
    let strangers = async || site.jeton.auth().account_limit("alice").await.unwrap().strangers;
    for failures in 1..=3 {
        let under_way = async {
            while strangers().await.is_none_or(|row| row.pending == 0) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            status = site.obtain("alice", false, ATTACKER) => panic!("{status} before it could be dropped"),
            () = under_way => {}
        }
        while strangers().await.is_none_or(|row| row.pending > 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(strangers().await.unwrap().failures, failures);
    }
    assert_eq!(site.obtain("alice", true, ATTACKER).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_cannot_be_counted_is_not_tried() {
    let site = Site::safe().await;
    site.jeton.auth().store().close().await.unwrap();
    let reply = site.sign_in(&WAYS[0], "alice", false, ATTACKER).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    let reply = site.send_from(ATTACKER, form("/api/v1/signup/", "carol", "short")).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn refreshes_and_verifications_are_limited_only_if_asked() {
    let site = Site::safe().await;
    let verify = async |site: &Site| {
        let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 50_000)));
        let request = Request::post("/api/token/verify/").extension(peer).header("Content-Type", "application/json");
        site.send(request.body(Body::from("{\"token\": \"x\"}")).unwrap()).await.status
    };
    for _ in 0..200 {
        assert_eq!(verify(&site).await, StatusCode::UNAUTHORIZED);
    }
    let mut settings = settings(Compatibility::Safe);
    settings.limits.requests_per_address = Limit::AtMost(Rate { count: 5, per: Duration::from_secs(60) });
    let site = Site::new(settings).await;
    for _ in 0..5 {
        assert_eq!(verify(&site).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(verify(&site).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn sign_ups_from_one_address_are_twenty_whether_they_succeed_or_not() {
    let site = Site::safe().await;
    let sign_up = async |number: usize, password: &str| {
        let request = form("/api/v1/signup/", &format!("carol{number}"), password);
        site.send_from(ATTACKER, request).await
    };
    for number in 0..10 {
        assert_eq!(sign_up(number, "battery staple 2026").await.status, StatusCode::CREATED);
        assert_eq!(sign_up(number, "short").await.status, StatusCode::BAD_REQUEST);
    }
    let reply = sign_up(99, "battery staple 2026").await;
    assert_eq!((reply.status, reply.header("set-cookie")), (StatusCode::TOO_MANY_REQUESTS, None));
    assert!(reply.text_of("detail").starts_with("Request was throttled. Expected available in 3"), "{}", reply.text);
    let other = site.send_from(HOME, form("/api/v1/signup/", "dave", "battery staple 2026")).await;
    assert_eq!(other.status, StatusCode::CREATED);
}

#[tokio::test]
async fn in_exact_nothing_is_limited() {
    let site = Site::exact().await;
    for _ in 0..200 {
        assert_eq!(site.obtain("alice", false, ATTACKER).await, StatusCode::UNAUTHORIZED);
    }
}

/// Runs them side by side.
async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in pending.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(context) {
                *done = Some(value);
            }
        }
        match pending.iter().all(|(_, done)| done.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, done)| done).collect()
}
