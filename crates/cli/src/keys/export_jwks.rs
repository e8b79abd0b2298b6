//! `jeton keys export-jwks`: the public keys, as the server publishes them.

use jeton_store::OpenMode;
use serde_json::Value;

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;

/// Print the public keys as a JWK set, as urls.jwks serves it.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(super) async fn run(site: &SiteArgs, _: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let document = auth.key_document().await?;
    auth.store().close().await?;
    // It is JSON that was put together a moment ago.
    output::json(&serde_json::from_str::<Value>(&document.text).unwrap_or_default())
}
