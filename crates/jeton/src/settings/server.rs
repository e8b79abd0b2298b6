//! `[server]`: where Jeton listens, and how much a client may ask of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::Compatibility;
use super::given::{Bytes, between};
use super::proxies::{ForwardedHeader, are_proxies};
use super::reader::Reader;

/// The listener and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// Address and port; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The networks of the proxies that may tell whom they speak for. Nobody else is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they tell it.
    pub forwarded_header: ForwardedHeader,
    /// How long a client may take to send a request head.
    pub header_timeout: Duration,
    /// How long a client may take to send a body.
    pub body_timeout: Duration,
    /// How long a connection may stay open between requests.
    pub idle_timeout: Duration,
    /// How long requests are still taken once the server was told to stop, while `/readyz` says 503.
    pub stop_delay: Duration,
    /// How long requests under way may take to finish after that.
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
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            stop_delay: Duration::ZERO,
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

impl Server {
    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("server");
        let mut server = Self::defaults(compatibility);
        server.listen = section.read("listen", "Address and port; port 0 takes any free one.", server.listen);
        server.trusted_proxies = section.read_if(
            "trusted_proxies",
            "Networks of the proxies before Jeton, such as [\"10.0.0.0/8\"]: what they say of a client is believed. Empty: nobody.",
            server.trusted_proxies,
            |networks| are_proxies(networks),
        );
        server.forwarded_header = section.read(
            "forwarded_header",
            "The header in which they tell it: x-forwarded-for (with x-forwarded-proto), or forwarded. They must set it themselves.",
            server.forwarded_header,
        );
        let mut timeout = |key, about, value: &mut Duration| {
            *value =
                section.read_if(key, about, *value, between(Duration::from_millis(100)..=Duration::from_secs(3600)));
        };
        timeout("header_timeout", "How long a client may take to send a request head.", &mut server.header_timeout);
        timeout("body_timeout", "How long a client may take to send a body.", &mut server.body_timeout);
        timeout("idle_timeout", "How long a connection may stay open between requests.", &mut server.idle_timeout);
        timeout(
            "drain_timeout",
            "How long requests under way may take to finish once the server has stopped to take new ones.",
            &mut server.drain_timeout,
        );
        server.stop_delay = section.read_if(
            "stop_delay",
            "How long requests are still taken once the server was told to stop, while /readyz says 503 already: the time that a load balancer takes to notice.",
            server.stop_delay,
            between(Duration::ZERO..=Duration::from_secs(300)),
        );
        let mut size = |key, about, value: &mut usize, least, most| {
            let Bytes(bytes) = section.read_if(key, about, Bytes(*value), between(Bytes(least)..=Bytes(most)));
            *value = bytes;
        };
        size("max_header_bytes", "The largest request head.", &mut server.max_header_bytes, 8 * 1024, 1024 * 1024);
        size("max_body_bytes", "The largest body.", &mut server.max_body_bytes, 1024, 64 * 1024 * 1024);
        let mut count = |key, about, value: &mut usize, least, most| {
            *value = section.read_if(key, about, *value, between(least..=most));
        };
        count("max_headers", "The most header fields in a request.", &mut server.max_headers, 16, 1000);
        count("max_connections", "The most connections at a time.", &mut server.max_connections, 1, 1_000_000);
        count("max_json_depth", "The deepest nesting of a JSON body.", &mut server.max_json_depth, 1, 120);
        server.refuse_duplicate_fields = section.read(
            "refuse_duplicate_fields",
            "Whether a field given twice is refused; else the last one counts, as in Django.",
            server.refuse_duplicate_fields,
        );
        server
    }
}
