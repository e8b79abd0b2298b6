//! `jeton token revoke`: ends a login by any of its tokens.

use jeton::auth::Revocation;
use jeton_store::OpenMode;

use super::given;
use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// End the login that a token belongs to, with all its tokens; a token from elsewhere is put on the blacklist.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A token or its jti, or - for stdin.
    #[arg(value_name = "TOKEN|JTI")]
    token: String,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let text = given(&args.token)?;
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let is_token = text.matches('.').count() == 2;
    let revocation = if is_token { auth.revoke_token(&text).await? } else { auth.revoke_id(&text).await? };
    auth.store().close().await?;
    match revocation {
        Revocation::FamilyEnded(key) => output::line(&say!("the login {} has ended, with all its tokens", key)),
        Revocation::Listed => output::line(&say!("the token is on the blacklist")),
        Revocation::Already => output::line(&say!("that had ended before")),
        Revocation::Unknown => Err(Failure::refused(
            say!("no login with such a token is known"),
            say!("It has been flushed, or it is another site's; `jeton token decode` shows what a token says."),
        )),
        Revocation::NeedsToken => Err(Failure::refused(
            say!("this jti was not issued here, and does not say until when it must be remembered"),
            say!("Hand over the whole token."),
        )),
        Revocation::NoLedger => Err(Failure::refused(
            say!("tokens are not recorded, so none can be ended"),
            say!("Set ledger.blacklist to true."),
        )),
    }
}
