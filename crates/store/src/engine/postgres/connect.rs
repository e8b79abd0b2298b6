//! From a URL to pools of connections.

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::problem::problem;
use super::tls::{self, Authority};
use crate::connect_options::ConnectOptions;
use crate::error::StoreError;

/// A server, who we are, and what a session is to be like.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) authority: Authority,
}

/// What the URL says of a session itself counts more than the options.
pub(super) fn target(url: &str, options: &ConnectOptions) -> Result<Target, StoreError> {
    let (url, authority) = tls::split(url)?;
    let mut config = Config::from_str(&url).map_err(|_| StoreError::Url)?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(options.connect_timeout);
    }
    if config.get_application_name().is_none() {
        config.application_name("jeton");
    }
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(KEEPALIVE);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNHEARD);
    }
    match (options.pooler, config.get_options()) {
        (true, Some(_)) => return Err(StoreError::PoolerOptions),
        (true, None) => {}
        (false, _) => prepend(
            &mut config,
            &format!(
                "-c statement_timeout={} -c idle_in_transaction_session_timeout={}",
                options.statement_timeout.as_millis(),
                options.idle_in_transaction_timeout.as_millis()
            ),
        ),
    }
    Ok(Target { config, authority })
}

/// Whether it could be connected to, as far as can be seen from here.
pub(super) fn check(url: &str, options: &ConnectOptions) -> Result<(), StoreError> {
    match target(url, options)?.authority {
        Authority::System => Ok(()),
        file @ Authority::File(_) => file.certificates().map(drop),
    }
}

impl Target {
    /// The same for the connection on which families rotate: by their keys, however few they are, and never by a plan
    /// that was good for another number of them.
    pub(super) fn for_rotations(&self, options: &ConnectOptions) -> Self {
        let mut target = self.clone();
        if !options.pooler {
            prepend(
                &mut target.config,
                "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
                 -c plan_cache_mode=force_generic_plan",
            );
        }
        target
    }

    /// A pool that connects when it is first used.
    pub(super) fn pool(self, size: usize, options: &ConnectOptions) -> Result<Pool, StoreError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match self.connector()? {
            None => Manager::from_config(self.config, NoTls, recycling),
            Some(tls) => Manager::from_config(self.config, tls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(size)
            .wait_timeout(Some(options.wait_timeout))
            .create_timeout(Some(options.connect_timeout))
            .runtime(Runtime::Tokio1)
            .build();
        pool.map_err(|error| StoreError::Unreachable { reason: error.to_string() })
    }

    /// How the connections are encrypted; `sslmode=prefer` takes TLS where the server has it.
    pub(super) fn connector(&self) -> Result<Option<MakeRustlsConnect>, StoreError> {
        match self.config.get_ssl_mode() {
            SslMode::Disable => Ok(None),
            _ => self.authority.connector().map(Some),
        }
    }
}

/// Why the pool gave no connection.
pub(super) fn refused(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => match error.as_db_error() {
            Some(refusal) => StoreError::Unreachable { reason: refusal.message().to_owned() },
            None => problem(error),
        },
        PoolError::Timeout(_) => StoreError::Unreachable { reason: "no connection came free in time".to_owned() },
        PoolError::Closed => StoreError::Closed,
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            StoreError::Unreachable { reason: error.to_string() }
        }
    }
}

/// Of two settings of one name the server takes the later one.
fn prepend(config: &mut Config, session: &str) {
    let all = match config.get_options() {
        Some(own) => format!("{session} {own}"),
        None => session.to_owned(),
    };
    config.options(all);
}

/// After so long without a word the peer is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// What the peer's machine has not taken after so long goes nowhere: the line is dead, however long a statement may run.
const UNHEARD: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn options_of(url: &str, options: &ConnectOptions) -> Result<Option<String>, StoreError> {
        target(url, options).map(|target| target.config.get_options().map(str::to_owned))
    }

    #[test]
    fn what_the_url_says_of_a_session_counts_more() {
        let options = ConnectOptions::default();
        let given = options_of("postgres://h/d?options=-c%20statement_timeout%3D0", &options).unwrap().unwrap();
        assert!(given.starts_with("-c statement_timeout=30000 ") && given.ends_with(" -c statement_timeout=0"));
    }

    #[test]
    fn a_dead_line_is_found_before_a_statement_s_time_is_over_unless_the_url_says_when() {
        let timeout = |url| *target(url, &ConnectOptions::default()).unwrap().config.get_tcp_user_timeout().unwrap();
        assert_eq!(timeout("postgres://h/d"), UNHEARD);
        assert_eq!(timeout("postgres://h/d?tcp_user_timeout=9"), Duration::from_secs(9));
    }

    #[test]
    fn nothing_is_set_in_a_session_of_a_pooler() {
        let options = ConnectOptions { pooler: true, ..ConnectOptions::default() };
        assert_eq!(options_of("postgres://h/d", &options), Ok(None));
        let target = target("postgres://h/d", &options).unwrap();
        assert_eq!(target.for_rotations(&options).config.get_options(), None);
        assert_eq!(options_of("postgres://h/d?options=-c%20a%3Db", &options), Err(StoreError::PoolerOptions));
    }

    #[test]
    fn a_url_that_is_none_is_refused() {
        for url in ["postgres://h:port/d", "postgres://h/d?sslmode=sometimes", "postgres://h/d?unknown=1"] {
            assert_eq!(ConnectOptions::default().check(url), Err(StoreError::Url), "{url}");
        }
    }
}
