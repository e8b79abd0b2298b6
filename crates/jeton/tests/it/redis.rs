//! `[redis]`: requests counted over all nodes, and what holds while the server is away. Against a real one.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use jeton::settings::{Compatibility, Limit, Rate, Settings};
use jeton_token::secret::Secret;

use crate::site::{Site, settings};

/// A server that nothing survives, of its own for each test.
struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    fn start() -> Self {
        Self::start_at(jeton_test_ports::free_port().unwrap())
    }

    fn start_at(port: u16) -> Self {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
            .args(["--maxmemory", "32mb", "--requirepass", PASSWORD, "--dir", "/tmp"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server has to be installed: Debian's package redis-server");
        jeton_test_ports::wait_for_listener(port);
        Self { process, port }
    }

    fn settings(&self, count: u16) -> Settings {
        let mut settings = settings(Compatibility::Safe);
        settings.limits.requests_per_address = Limit::AtMost(Rate { count, per: Duration::from_secs(600) });
        settings.redis.url = Some(Secret::new(format!("redis://:{PASSWORD}@127.0.0.1:{}/1", self.port)));
        // The machine of a test may be busy.
        settings.redis.timeout = Duration::from_secs(1);
        settings
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

async fn verify(site: &Site, last: u8) -> (StatusCode, Option<u64>) {
    let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, last], 50_000)));
    let request = Request::post("/api/token/verify/").extension(peer).header("Content-Type", "application/json");
    let reply = site.send(request.body(Body::from("{\"token\": \"x\"}")).unwrap()).await;
    (reply.status, reply.header("retry-after").map(|seconds| seconds.parse().unwrap()))
}

/// How many are let through, of more than there may be.
async fn let_through(nodes: &[&Site], last: u8) -> usize {
    let mut count = 0;
    for number in 0..60 {
        let (status, retry_after) = verify(nodes[number % nodes.len()], last).await;
        match status {
            StatusCode::UNAUTHORIZED => count += 1,
            StatusCode::TOO_MANY_REQUESTS => assert!(retry_after.is_some_and(|seconds| (1..=660).contains(&seconds))),
            other => panic!("{other}"),
        }
    }
    count
}

#[tokio::test]
async fn requests_count_over_all_nodes_and_each_by_itself_while_redis_is_away() {
    let redis = Redis::start();
    let one = Site::new(redis.settings(10)).await;
    let (two, three) = (one.beside(redis.settings(10)), one.beside(redis.settings(10)));
    let nodes = [&one, &two, &three];
    assert_eq!(let_through(&nodes, 1).await, 10, "all of them together");
    assert_eq!(let_through(&nodes, 2).await, 10, "for each address");
    // Five on the first node while all is well; then the server dies, and the node goes on from there.
    for _ in 0..5 {
        assert_eq!(verify(&one, 3).await.0, StatusCode::UNAUTHORIZED);
    }
    let port = redis.port;
    drop(redis);
    assert_eq!(let_through(&[&one], 3).await, 5, "never laxer than a node alone");
    assert_eq!(let_through(&[&two], 3).await, 10);
    // It comes back empty, and is taken up again by and by; nobody is let through that a node has held.
    let redis = Redis::start_at(port);
    let begun = Instant::now();
    let mut fresh = 100;
    loop {
        fresh += 1;
        let mut statuses = Vec::new();
        for number in 0..12 {
            statuses.push(verify(nodes[number % 3], fresh).await.0);
        }
        if statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count() == 10 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it is not taken up again");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(verify(&one, 3).await.0, StatusCode::TOO_MANY_REQUESTS);
    drop(redis);
}

#[tokio::test]
async fn a_server_that_hangs_costs_its_timeout_and_not_each_time() {
    let redis = Redis::start();
    let mut settings = redis.settings(1000);
    settings.redis.timeout = Duration::from_millis(200);
    let site = Site::new(settings).await;
    assert_eq!(verify(&site, 1).await.0, StatusCode::UNAUTHORIZED);
    redis.signal("-STOP");
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(verify(&site, 1).await.0, StatusCode::UNAUTHORIZED);
    }
    let took = begun.elapsed();
    redis.signal("-CONT");
    assert!(took < Duration::from_secs(5), "{took:?} for fifty requests, of which a few had to wait");
}

#[tokio::test]
async fn sign_ins_are_held_whatever_becomes_of_redis() {
    let redis = Redis::start();
    let one = Site::new(redis.settings(1000)).await;
    let two = one.beside(redis.settings(1000));
    let guess = async |site: &Site| {
        let body = serde_json::json!({"username": "alice", "password": "a wrong one"});
        site.post("/api/token/", &body).await.status
    };
    for node in [&one, &two, &one, &two, &one] {
        assert_eq!(guess(node).await, StatusCode::UNAUTHORIZED);
    }
    drop(redis);
    for node in [&one, &two, &one, &two, &one] {
        assert_eq!(guess(node).await, StatusCode::UNAUTHORIZED);
    }
    for node in [&one, &two] {
        assert_eq!(guess(node).await, StatusCode::TOO_MANY_REQUESTS);
    }
}

const PASSWORD: &str = "a-password-for-a-test";
