//! `jeton auth-token create`: a key for a user, without a password.

use jeton::auth::Caller;
use jeton_store::OpenMode;
use serde_json::json;

use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::{output, user};

/// Print a key of a user, as a login would: the one they always get, or a new one. It is a secret.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exact name.
    username: String,
    /// What to call the key in lists.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// End all keys that the user has, and make a new one.
    #[arg(short, long)]
    reset: bool,
    /// As a JSON object, the answer of a login.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = user::named(&auth, &args.username).await?;
    let caller = Caller { at: auth.now(), address: None, user_agent: None };
    let key = auth.create_auth_token(&user, &args.name, args.reset, &caller).await?;
    auth.store().close().await?;
    match args.json {
        true => output::json(&json!({"token": key.expose()})),
        false => output::line(key.expose()),
    }
}
