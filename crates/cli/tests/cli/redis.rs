//! A Redis server that speaks TLS alone. What it counts is tried in the library.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::site::{Server, Site};

struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    fn start(site: &Site) -> Self {
        let port = jeton_test_ports::free_port().unwrap();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(site.path(""))
            .arg("--tls-cert-file")
            .arg(certificate("server.pem"))
            .arg("--tls-key-file")
            .arg(certificate("server.key"))
            .arg("--tls-ca-cert-file")
            .arg(certificate("authority.pem"))
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server has to be installed: Debian's package redis-server");
        jeton_test_ports::wait_for_listener(port);
        Self { process, port }
    }

    /// A node that has it, and trusts whom this file names.
    fn node(&self, site: &Site, authority: &Path) -> Server {
        let url = format!("redis.url=rediss://localhost:{}", self.port);
        let settings = ["--set", &url, "--set", "redis.timeout=1s", "--set", "limits.requests_per_address=10/10m"];
        site.serve_with(&settings, &[("SSL_CERT_FILE", authority)])
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/data/tls").join(name)
}

fn let_through(nodes: &[&Server]) -> usize {
    let answers = (0..30).map(|number| nodes[number % nodes.len()].post("/api/token/verify/", "token=x"));
    answers.filter(|answer| answer.starts_with("HTTP/1.1 401")).count()
}

#[test]
fn requests_are_counted_over_tls_with_a_server_that_proves_who_it_is() {
    let site = Site::cheap();
    let redis = Redis::start(&site);
    let (one, two) =
        (redis.node(&site, &certificate("authority.pem")), redis.node(&site, &certificate("authority.pem")));
    assert_eq!(let_through(&[&one, &two]), 10, "{}", site.log());

    let other = Site::cheap();
    let stranger = redis.node(&other, &certificate("server.pem"));
    assert_eq!(let_through(&[&stranger]), 10, "it counts by itself");
    assert!(other.log().contains("the Redis server is away"), "{}", other.log());
}
