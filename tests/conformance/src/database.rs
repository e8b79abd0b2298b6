//! Where a server keeps its data: a file beside its settings, or an emptied schema on the PostgreSQL that
//! `JETON_TEST_DATABASE_URL` names.

use std::env;

use anyhow::{Context, Result};
use tokio_postgres::NoTls;

/// The `database.url` of the server on this port, with nothing in it.
pub(crate) fn empty(port: u16) -> Result<String> {
    let Ok(server) = env::var("JETON_TEST_DATABASE_URL") else {
        return Ok("sqlite://jeton.db".to_owned());
    };
    let schema = format!("jeton_{port}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let emptied = runtime.block_on(make_empty(&server, &schema));
    emptied.context("JETON_TEST_DATABASE_URL: the schema could not be emptied")?;
    let separator = if server.contains('?') { '&' } else { '?' };
    Ok(format!("{server}{separator}options=-c%20search_path%3D{schema}"))
}

async fn make_empty(server: &str, schema: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(server, NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")).await?;
    drop(client);
    Ok(connection.await??)
}
