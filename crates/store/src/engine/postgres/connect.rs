//! From a URL to a pool of connections.

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::problem::{problem, words};
use crate::error::StoreError;

/// What a URL says of a server, and who we are.
pub(super) fn config(url: &str) -> Result<Config, StoreError> {
    let mut config = Config::from_str(url).map_err(|_| StoreError::Url)?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_application_name().is_none() {
        config.application_name("jeton");
    }
    Ok(config)
}

/// A pool that connects when it is first used.
pub(super) fn pool(config: Config) -> Result<Pool, StoreError> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match tls_for(&config)? {
        None => Manager::from_config(config, NoTls, recycling),
        Some(tls) => Manager::from_config(config, tls, recycling),
    };
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(CONNECT))
        .runtime(Runtime::Tokio1)
        .build();
    pool.map_err(|error| StoreError::Unreachable { reason: error.to_string() })
}

/// Why the pool gave no connection.
pub(super) fn refused(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) if error.code().is_some() => match error.as_db_error() {
            Some(refusal) => StoreError::Unreachable { reason: refusal.message().to_owned() },
            None => problem(error),
        },
        PoolError::Backend(error) => StoreError::Unreachable { reason: words(&error) },
        PoolError::Timeout(_) => StoreError::Unreachable { reason: "no connection came free in time".to_owned() },
        PoolError::Closed => StoreError::Closed,
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            StoreError::Unreachable { reason: error.to_string() }
        }
    }
}

/// `sslmode=require` in the URL asks for TLS, with a certificate that the system trusts; `prefer` takes it where the
/// server has it.
pub(super) fn tls_for(config: &Config) -> Result<Option<MakeRustlsConnect>, StoreError> {
    match config.get_ssl_mode() {
        SslMode::Disable => Ok(None),
        _ => tls().map(Some),
    }
}

fn tls() -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Unreachable { reason: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

const CONNECTIONS: usize = 16;
const CONNECT: Duration = Duration::from_secs(5);
const WAIT: Duration = Duration::from_secs(5);
