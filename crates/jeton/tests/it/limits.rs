//! The accept loop over real sockets: heads, bodies, idle connections, a stop that finishes what has begun.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use jeton::settings::{Compatibility, Settings};
use jeton::{Stopped, serve};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::site::{PASSWORD, Site, settings};

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Stopped>,
}

async fn start(settings: Settings) -> Running {
    let site = Site::new(settings).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        // All of the site, its folder too.
        let site = site;
        let stop = async { drop(stopped.await) };
        serve(listener, &site.jeton, stop).await.unwrap()
    });
    Running { address, stop, task }
}

fn quick() -> Settings {
    let mut settings = settings(Compatibility::Safe);
    settings.server.header_timeout = Duration::from_millis(300);
    settings.server.body_timeout = Duration::from_millis(300);
    settings.server.idle_timeout = Duration::from_millis(900);
    settings
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut text)).await;
    assert!(read.is_ok(), "the connection was not closed");
    String::from_utf8_lossy(&text).into_owned()
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

#[tokio::test]
async fn a_head_that_comes_in_slowly_is_cut_off() {
    let server = start(quick()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let begun = Instant::now();
    stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if stream.write_all(b"X-A: b\r\n").await.is_err() {
            break;
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "a byte now and then must not keep the connection");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = start(quick()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(read_all(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_comes_in_slowly_is_408() {
    let server = start(quick()).await;
    let request = "POST /api/token/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
                   Content-Length: 100\r\n\r\n{";
    assert!(ask(server.address, request).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn heads_and_bodies_have_limits() {
    let server = start(quick()).await;
    let long = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "a".repeat(40_000));
    let answer = ask(server.address, &long).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: b\r\n".repeat(200));
    assert!(ask(server.address, &many).await.starts_with("HTTP/1.1 431"));
    let body = "a".repeat(70_000);
    let big = format!(
        "POST /api/token/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(ask(server.address, &big).await.starts_with("HTTP/1.1 413"));
    assert!(ask(server.address, "GARBAGE\r\n\r\n").await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn connections_have_a_limit_and_wait_for_their_turn() {
    let mut settings = quick();
    settings.server.max_connections = 1;
    let server = start(settings).await;
    let _first = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = ask(server.address, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "served once the idle one was closed");
}

#[tokio::test]
async fn a_stop_finishes_the_requests_in_flight() {
    let mut settings = settings(Compatibility::Exact);
    settings.passwords.pbkdf2_iterations = 300_000;
    let server = start(settings).await;
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    let request = format!(
        "POST /api/token/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    server.stop.send(()).unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.task.await.unwrap(), Stopped::Clean);
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_stop_with_a_delay_turns_a_balancer_away_before_it_turns_requests_away() {
    let mut settings = quick();
    settings.server.stop_delay = Duration::from_millis(600);
    let server = start(settings).await;
    let get = |path| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(ask(server.address, &get("/readyz")).await.starts_with("HTTP/1.1 200"));
    let told_at = Instant::now();
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(ask(server.address, &get("/readyz")).await.starts_with("HTTP/1.1 503"));
    assert!(ask(server.address, &get("/api/me/")).await.starts_with("HTTP/1.1 401"), "it still serves");
    assert_eq!(server.task.await.unwrap(), Stopped::Clean);
    assert!(told_at.elapsed() >= Duration::from_millis(600));
    assert!(TcpStream::connect(server.address).await.is_err());
}
