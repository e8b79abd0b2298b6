//! `[server]`: where Jeton listens, and how much a client may ask of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::Compatibility;

/// The listener and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// Address and port; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How long a client may take to send a request head.
    pub header_timeout: Duration,
    /// How long a client may take to send a body.
    pub body_timeout: Duration,
    /// How long a connection may stay open between requests.
    pub idle_timeout: Duration,
    /// How long requests under way may take to finish once the server was told to stop.
    pub drain_timeout: Duration,
    /// The largest request head, in bytes.
    pub max_header_bytes: usize,
    /// The most header fields in a request.
    pub max_headers: usize,
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// The most connections at a time.
    pub max_connections: usize,
    /// The deepest nesting of a JSON body.
    pub max_json_depth: usize,
    /// Whether a field given twice is refused; else the last one counts, as in Django.
    pub refuse_duplicate_fields: bool,
}

impl Server {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(15),
            max_header_bytes: 32 * 1024,
            max_headers: 100,
            max_body_bytes: 64 * 1024,
            max_connections: 10_000,
            max_json_depth: 32,
            refuse_duplicate_fields: compatibility == Compatibility::Safe,
        }
    }
}
