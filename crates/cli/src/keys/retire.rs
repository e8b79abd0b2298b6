//! `jeton keys retire`: a key ends.

use jeton_store::OpenMode;

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// End a key: nothing that it signed is good from then on.
///
/// Keys end by themselves once their last token has expired. One that waits for its turn is taken back.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The name of the key, as `jeton keys list` shows it; `settings` for the key of the settings.
    #[arg(value_name = "settings|KID")]
    key: String,
    /// Even if tokens of it are in use: whoever holds one has to sign in again.
    #[arg(long)]
    now: bool,
}

pub(super) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let logins = auth.retire_key(&args.key, args.now).await?;
    auth.store().close().await?;
    output::line(&say!("the key {} is retired", args.key))?;
    if logins.logins > 0 {
        output::note(&say!("{} logins of {} users have ended with it.", logins.logins, logins.users));
    }
    Ok(())
}
