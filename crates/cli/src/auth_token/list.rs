//! `jeton auth-token list`: which keys there are, and whose. The keys themselves are not shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use clap::builder::RangedU64ValueParser;
use jeton::auth::Auth;
use jeton_store::{AuthToken, OpenMode};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;
use crate::{output, user};

/// Show auth tokens, but for the keys themselves.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this user's.
    username: Option<String>,
    /// As a JSON array.
    #[arg(long)]
    json: bool,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = RangedU64ValueParser::<u32>::new().range(1..=1_000_000))]
    limit: u32,
    /// Only those after the token of this id.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let owner = match &args.username {
        Some(username) => Some(user::named(&auth, username).await?.id),
        None => None,
    };
    let tokens = auth.store().list_auth_tokens(owner, args.after.as_deref(), args.limit).await?;
    let names = names(&auth, &tokens).await?;
    auth.store().close().await?;
    if args.json {
        let facts = |token: &AuthToken| facts(token, &names[&token.user_id]);
        return output::json(&tokens.iter().map(facts).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 5]> = tokens
        .iter()
        .map(|token| {
            [
                token.id.clone(),
                names[&token.user_id].clone(),
                token.name.clone(),
                output::moment(token.created_at),
                token.expires_at.map_or_else(String::new, output::moment),
            ]
        })
        .collect();
    output::table([say!("id"), say!("username"), say!("name"), say!("made"), say!("ends")], &rows)?;
    match tokens.last() {
        Some(last) if tokens.len() == args.limit as usize => {
            output::note(&say!("There may be more: --after {}, or a higher --limit.", last.id));
        }
        Some(_) | None => {}
    }
    Ok(())
}

/// The names of the owners. One who is deleted at this moment has none.
async fn names(auth: &Auth, tokens: &[AuthToken]) -> Result<HashMap<i64, String>, Failure> {
    let mut names = HashMap::new();
    for token in tokens {
        if let Entry::Vacant(place) = names.entry(token.user_id) {
            let user = auth.store().find_user(token.user_id).await?;
            place.insert(user.map(|user| user.username).unwrap_or_default());
        }
    }
    Ok(names)
}

fn facts(token: &AuthToken, username: &str) -> Value {
    json!({
        "id": token.id,
        "user_id": token.user_id,
        "username": username,
        "name": token.name,
        "is_told_again": token.sealed.is_some(),
        "created_at": output::moment(token.created_at),
        "expires_at": token.expires_at.map(output::moment),
    })
}
