//! A connection of its own that listens, and on which the change log is read: no queue for the pool is in its way.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, pin_mut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls, RowStream, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connect::Target;
use super::problem::problem;
use super::server::Server;
use super::value;
use crate::engine::{Row, Statement};
use crate::error::StoreError;

/// Connects when it is first used, and again when its connection is gone.
pub(crate) struct Watch {
    target: Arc<Target>,
    server: Server,
    /// Made when it is first used.
    connector: Option<Option<MakeRustlsConnect>>,
    /// A pooler takes no `LISTEN`, and keeps no prepared statement.
    is_pooled: bool,
    woken: Arc<Notify>,
    session: Option<Session>,
}

struct Session {
    client: Client,
    is_pooled: bool,
    prepared: HashMap<&'static str, tokio_postgres::Statement>,
    reading: tokio::task::AbortHandle,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Watch {
    pub(super) fn new(target: Arc<Target>, server: Server, is_pooled: bool) -> Self {
        Self { target, server, connector: None, is_pooled, woken: Arc::default(), session: None }
    }

    pub(crate) async fn read(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let session = self.session().await?;
        let rows = session.read(&statement).await;
        if rows.is_err() {
            self.session = None;
        }
        rows
    }

    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Outside of any transaction: inside one it would take a lock on the whole database at the commit.
    pub(crate) async fn wake_others(&mut self) {
        let told = match self.session().await {
            Ok(session) => session.client.batch_execute(WAKE).await.map_err(problem),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            self.session = None;
            tracing::debug!(%error, "the other nodes could not be woken; they look by themselves");
        }
    }

    /// The connection is silent. Those that lie idle will be as well: whoever took one would wait for nothing.
    pub(crate) fn forget(&mut self) {
        self.session = None;
        self.server.forget_older_than(Instant::now());
    }

    async fn session(&mut self) -> Result<&mut Session, StoreError> {
        if self.session.as_ref().is_none_or(|session| session.client.is_closed()) {
            self.session = Some(self.connect().await?);
        }
        self.session.as_mut().ok_or(StoreError::Closed)
    }

    async fn connect(&mut self) -> Result<Session, StoreError> {
        let connector = match &self.connector {
            Some(connector) => connector.clone(),
            None => self.connector.insert(self.target.connector()?).clone(),
        };
        let (client, reading) = match connector {
            Some(tls) => listen(&self.target.config, tls, &self.woken).await,
            None => listen(&self.target.config, NoTls, &self.woken).await,
        }?;
        let session = Session { client, is_pooled: self.is_pooled, prepared: HashMap::new(), reading };
        if !self.is_pooled {
            session.client.batch_execute("LISTEN jeton_change").await.map_err(problem)?;
        }
        Ok(session)
    }
}

impl Session {
    async fn read(&mut self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        let found = self.start(statement).await.map_err(problem)?;
        pin_mut!(found);
        let mut rows = Vec::new();
        while let Some(row) = found.next().await {
            rows.push(row.and_then(|row| value::row(&row)).map_err(problem)?);
        }
        Ok(rows)
    }

    async fn start(&mut self, statement: &Statement) -> Result<RowStream, Error> {
        let types: Vec<_> = statement.params.iter().map(|value| value::type_of(value.kind())).collect();
        let params = statement.params.iter().map(|value| value as &(dyn ToSql + Sync));
        if self.is_pooled {
            return self.client.query_typed_raw(statement.sql, params.zip(types)).await;
        }
        let prepared = match self.prepared.get(statement.sql) {
            Some(prepared) => prepared.clone(),
            None => {
                let prepared = self.client.prepare_typed(statement.sql, &types).await?;
                self.prepared.insert(statement.sql, prepared.clone());
                prepared
            }
        };
        self.client.query_raw(&prepared, params).await
    }
}

async fn listen<T>(
    config: &Config,
    tls: T,
    woken: &Arc<Notify>,
) -> Result<(Client, tokio::task::AbortHandle), StoreError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connecting = tokio::time::timeout(CONNECT, config.connect(tls));
    let (client, connection) = connecting
        .await
        .map_err(|_| StoreError::Unreachable { reason: "no connection in time".to_owned() })?
        .map_err(problem)?;
    Ok((client, tokio::spawn(hear(connection, Arc::clone(woken))).abort_handle()))
}

/// Drives the connection; each notification wakes. Those that come at once wake once.
async fn hear<S, T>(mut connection: Connection<S, T>, woken: Arc<Notify>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(_))) => woken.notify_one(),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return,
        }
    }
}

/// The statement that wakes whoever listens.
pub(super) const WAKE: &str = "NOTIFY jeton_change";
const CONNECT: Duration = Duration::from_secs(2);
