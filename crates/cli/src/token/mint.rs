//! `jeton token mint`: tokens for a user, without a password.

use clap::ValueEnum;
use jeton::auth::{Auth, Caller};
use jeton_store::OpenMode;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::{output, user};

/// Mint tokens for a user, by the rules of a login and recorded like one. They are secrets.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exact name.
    username: String,
    /// Which tokens.
    #[arg(long, value_enum, default_value_t = Kind::Pair)]
    kind: Kind,
    /// As a JSON object, the answer of a login.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// A refresh and an access token.
    Pair,
    /// An access token alone; its login can still be ended.
    Access,
    /// A refresh token alone.
    Refresh,
    /// A sliding token.
    Sliding,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let tokens = mint(&auth, args).await?;
    auth.store().close().await?;
    if args.json {
        return output::json(&tokens);
    }
    let alone = tokens.len() == 1;
    tokens.iter().filter_map(|(name, token)| Some((name, token.as_str()?))).try_for_each(|(name, token)| match alone {
        true => output::line(token),
        false => output::line(&format!("{name}\t{token}")),
    })
}

async fn mint(auth: &Auth, args: &Args) -> Result<Map<String, Value>, Failure> {
    let user = user::named(auth, &args.username).await?;
    let caller = Caller { at: auth.now(), address: None, user_agent: None };
    let mut tokens = Map::new();
    if let Kind::Sliding = args.kind {
        tokens.insert("token".to_owned(), auth.mint_sliding(&user, &caller).await?.token.into());
        return Ok(tokens);
    }
    let pair = auth.mint_pair(&user, &caller).await?;
    if let Kind::Pair | Kind::Refresh = args.kind {
        tokens.insert("refresh".to_owned(), pair.refresh.into());
    }
    if let Kind::Pair | Kind::Access = args.kind {
        tokens.insert("access".to_owned(), pair.access.into());
    }
    Ok(tokens)
}
