//! Requests that all nodes count together, on a Redis or Valkey server. Whenever it does not answer, nothing is known.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::sync::Mutex as Turn;
use tokio::time::{Instant, timeout};

use super::AddressKey;
use crate::settings::{self, Rate};

/// The counters of all nodes. They are never the only ones: a node that hears nothing counts on by itself.
pub(crate) struct SharedCounts {
    client: Client,
    timeout: Duration,
    link: Mutex<Link>,
    /// One connects, and the others wait for it.
    connecting: Turn<()>,
}

/// What there is of a connection.
enum Link {
    Open(MultiplexedConnection),
    /// Tried again from then on; how often that failed.
    Closed {
        again_at: Instant,
        failures: u32,
    },
}

/// What the other side says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is counted, and there was room.
    Counted,
    /// It is one too many, for so long.
    Full(Duration),
    /// Nothing was heard.
    Nothing,
}

impl SharedCounts {
    /// Connects at the first request.
    pub(crate) fn new(settings: &settings::Redis) -> Result<Option<Self>, RedisError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let link = Mutex::new(Link::Closed { again_at: Instant::now(), failures: 0 });
        let client = Client::open(url.expose().as_str())?;
        Ok(Some(Self { client, timeout: settings.timeout, link, connecting: Turn::default() }))
    }

    /// Counts one, unless there is no room. Takes no longer than `redis.timeout`.
    pub(crate) async fn count(&self, key: AddressKey, rate: Rate) -> Told {
        let Ok(asked) = timeout(self.timeout, self.ask(key, rate)).await else {
            self.lost("it does not answer in time");
            return Told::Nothing;
        };
        match asked {
            None => Told::Nothing,
            Some(Ok(0)) => Told::Counted,
            Some(Ok(micros)) => Told::Full(Duration::from_micros(micros)),
            Some(Err(error)) => {
                self.lost(&error.to_string());
                Told::Nothing
            }
        }
    }

    /// Nothing where the server is known to be away.
    async fn ask(&self, key: AddressKey, rate: Rate) -> Option<Result<u64, RedisError>> {
        let mut connection = match self.open() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let slot = rate.per.as_micros().div_ceil(10).max(1);
        let name = key.iter().fold(String::from("jeton:requests:"), |name, byte| format!("{name}{byte:02x}"));
        let mut script = redis::cmd("EVAL");
        script.arg(COUNT).arg(1).arg(name).arg(u64::try_from(slot).unwrap_or(u64::MAX)).arg(rate.count);
        Some(script.query_async(&mut connection).await)
    }

    fn open(&self) -> Option<MultiplexedConnection> {
        match &*self.link() {
            Link::Open(connection) => Some(connection.clone()),
            Link::Closed { .. } => None,
        }
    }

    async fn connect(&self) -> Option<MultiplexedConnection> {
        self.may_connect()?;
        let _turn = self.connecting.lock().await;
        if let Some(connection) = self.open() {
            return Some(connection);
        }
        let was_lost = self.may_connect()?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        match self.client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => {
                if was_lost {
                    tracing::info!("the Redis server is back: requests are counted over all nodes");
                }
                *self.link() = Link::Open(connection.clone());
                Some(connection)
            }
            Err(error) => {
                // While the others still wait: they need not find it out again.
                self.lost(&error.to_string());
                None
            }
        }
    }

    /// Nothing while it is too early; else whether it was lost before.
    fn may_connect(&self) -> Option<bool> {
        match *self.link() {
            Link::Closed { again_at, failures } if again_at <= Instant::now() => Some(failures > 0),
            Link::Closed { .. } => None,
            Link::Open(_) => Some(false),
        }
    }

    /// One line for each outage, and a pause that grows from one attempt to connect to the next.
    fn lost(&self, reason: &str) {
        let mut link = self.link();
        let failures = match *link {
            Link::Open(_) => 0,
            Link::Closed { again_at, .. } if Instant::now() < again_at => return,
            Link::Closed { failures, .. } => failures,
        };
        if failures == 0 {
            tracing::warn!(reason, "the Redis server is away: each node counts requests by itself");
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
        *link = Link::Closed { again_at: Instant::now() + pause, failures: failures.saturating_add(1) };
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedCounts {
    /// Without the URL: there may be a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCounts").finish_non_exhaustive()
    }
}

/// The window of `window.rs`, by the clock of the server: eleven slots, so that it forgets late and never early. What is
/// refused is not counted. The answer is 0, or in how many microseconds there is room.
const COUNT: &str = "
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local length = tonumber(ARGV[1])
local newest = math.floor(now / length)
local total, slots = 0, {}
local found = redis.call('HGETALL', KEYS[1])
for at = 1, #found, 2 do
    local slot, count = tonumber(found[at]), tonumber(found[at + 1])
    if slot < newest - 10 then
        redis.call('HDEL', KEYS[1], found[at])
    else
        total = total + count
        slots[#slots + 1] = {slot, count}
    end
end
if total < tonumber(ARGV[2]) then
    redis.call('HINCRBY', KEYS[1], string.format('%.0f', newest), 1)
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(length * 11 / 1000)))
    return 0
end
table.sort(slots, function(one, other) return one[1] < other[1] end)
for _, slot in ipairs(slots) do
    total = total - slot[2]
    if total < tonumber(ARGV[2]) then
        return math.max(1, (slot[1] + 11) * length - now)
    end
end
return length
";
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
