//! `jeton token show`: what the ledger says of an id.

use jeton::auth::{Auth, Standing};
use jeton_store::OpenMode;
use jeton_token::time::Timestamp;
use serde::Serialize;

use super::given;
use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Show what the ledger says of a refresh or sliding token.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The jti of the token, or - for stdin; `jeton token decode` shows it.
    jti: String,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    outstanding: bool,
    blacklisted: bool,
    user: Option<String>,
    kind: Option<&'static str>,
    family: Option<String>,
    generation: Option<u32>,
    newest_generation: Option<u32>,
    created_at: Option<String>,
    expires_at: Option<String>,
    rotated_at: Option<String>,
    revoked_at: Option<String>,
    revoke_reason: Option<String>,
    blacklisted_at: Option<String>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let jti = given(&args.jti)?;
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let standing = auth.standing(&jti).await?;
    let shown = shown(&auth, &jti, standing).await?;
    auth.store().close().await?;
    if args.json {
        return output::json(&shown);
    }
    let word = |is: bool| if is { say!("yes") } else { say!("no") };
    let known = [
        (say!("user"), shown.user),
        (say!("kind"), shown.kind.map(str::to_owned)),
        (say!("family"), shown.family),
        (say!("generation"), shown.generation.map(|number| number.to_string())),
        (say!("newest generation"), shown.newest_generation.map(|number| number.to_string())),
        (say!("created"), shown.created_at),
        (say!("expires"), shown.expires_at),
        (say!("rotated"), shown.rotated_at),
        (say!("revoked"), shown.revoked_at),
        (say!("reason"), shown.revoke_reason),
        (say!("blacklisted at"), shown.blacklisted_at),
    ];
    let mut pairs =
        vec![(say!("outstanding"), word(shown.outstanding)), (say!("blacklisted"), word(shown.blacklisted))];
    pairs.extend(known.into_iter().filter_map(|(name, value)| Some((name, value?))));
    output::pairs(&pairs)
}

async fn shown(auth: &Auth, jti: &str, standing: Standing) -> Result<Shown, Failure> {
    let user = match standing.user_id {
        Some(id) => auth.store().find_user(id).await?.map(|user| user.username),
        None => None,
    };
    let kind = standing.kind(jti);
    let (family, single) = (standing.family.as_ref(), standing.single.as_ref());
    let of_single = |pick: fn(&jeton_store::SingleToken) -> Timestamp| single.map(|(token, _)| pick(token));
    let created_at = family.map(|row| row.created_at).or(of_single(|token| token.created_at));
    let expires_at = family.map(|row| row.expires_at).or(of_single(|token| token.expires_at));
    Ok(Shown {
        outstanding: standing.outstanding,
        blacklisted: standing.blacklisted,
        user,
        kind,
        family: family.map(|row| row.key.to_string()),
        generation: family.and(standing.generation).map(|generation| generation.0),
        newest_generation: family.map(|row| row.state.generation.0),
        created_at: created_at.map(output::moment),
        expires_at: expires_at.map(output::moment),
        rotated_at: family.and_then(|row| row.state.rotated_at).map(output::moment),
        revoked_at: family.and_then(|row| row.revoked_at).map(output::moment),
        revoke_reason: family.and_then(|row| row.revoke_reason.clone()),
        blacklisted_at: single.map(|(_, at)| output::moment(*at)),
    })
}
