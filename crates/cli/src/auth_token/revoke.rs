//! `jeton auth-token revoke`: ends keys.

use jeton_store::OpenMode;

use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;
use crate::{output, token, user};

/// End an auth token, or all of a user.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Args {
    /// The id of the token, as `jeton auth-token list` shows it, or the key itself, or - for stdin.
    #[arg(value_name = "ID|KEY")]
    token: Option<String>,
    /// All of this user.
    #[arg(long, value_name = "USERNAME")]
    all: Option<String>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let text = args.token.as_deref().map(token::given).transpose()?;
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let (store, now) = (auth.store(), auth.now());
    let ended = match (text, &args.all) {
        (Some(text), _) => {
            let id = auth.find_auth_token(&text).await?.map_or(text, |token| token.id);
            u64::from(store.delete_auth_token(&id, now).await?)
        }
        (None, Some(username)) => store.delete_auth_tokens_of(user::named(&auth, username).await?.id, now).await?,
        (None, None) => 0,
    };
    store.close().await?;
    match ended {
        0 => Err(Failure::refused(
            say!("there is no such auth token"),
            say!("`jeton auth-token list` shows which there are."),
        )),
        1 => output::line(&say!("the auth token has ended")),
        several => output::line(&say!("{} auth tokens have ended", several)),
    }
}
