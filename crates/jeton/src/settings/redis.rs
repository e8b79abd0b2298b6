//! `[redis]`: an optional Redis or Valkey server over which several nodes count requests together.

use std::time::Duration;

use jeton_token::secret::Secret;

use super::given::{Wrong, between};
use super::reader::Reader;

/// The server for counters, if there is one. What has to survive is never there alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Redis {
    /// `redis://…` or `rediss://…`, with the password if there is one.
    pub url: Option<Secret<String>>,
    /// How long a request waits for its answer at most.
    pub timeout: Duration,
}

impl Default for Redis {
    fn default() -> Self {
        Self { url: None, timeout: Duration::from_millis(50) }
    }
}

impl Redis {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("redis");
        let default = Self::default();
        let url = section.secret(
            "url",
            "A Redis or Valkey server, redis://user:password@host:6379/0 or with TLS rediss://… (for authorities that the system does not know, set SSL_CERT_FILE), over which nodes count limits.requests_per_address together. Without it, and while it is away, each node counts alone; sign-ins and sign-ups are counted in the database in any case.",
            "url_file",
            "The file that the URL is in.",
        );
        if url.as_ref().is_some_and(|url| !is_a_server(url.expose())) {
            section.refuse(
                "url",
                Wrong::new(
                    "is not the URL of a Redis server",
                    "Write \"redis://user:password@host:6379/0\", or \"rediss://…\" for TLS.",
                ),
            );
        }
        let timeout = section.read_if(
            "timeout",
            "How long a request waits for Redis at most.",
            default.timeout,
            between(Duration::from_millis(1)..=Duration::from_secs(1)),
        );
        Self { url, timeout }
    }
}

fn is_a_server(url: &str) -> bool {
    ["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme)) && redis::Client::open(url).is_ok()
}
