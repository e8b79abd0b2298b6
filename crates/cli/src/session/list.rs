//! `jeton session list`: where a user is signed in.

use jeton_store::{OpenMode, SignIn};
use serde_json::{Value, json};

use super::{ALL, device};
use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;
use crate::{output, user};

/// Show where a user is signed in, the newest first.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The user.
    username: String,
    /// As a JSON array.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = user::named(&auth, &args.username).await?;
    let sign_ins = auth.sign_ins(&user, None, ALL).await?;
    auth.store().close().await?;
    if args.json {
        return output::json(&sign_ins.iter().map(facts).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 7]> = sign_ins
        .iter()
        .map(|sign_in| {
            [
                sign_in.id.to_string(),
                sign_in.kind.as_str().to_owned(),
                device(sign_in),
                sign_in.address.clone().unwrap_or_default(),
                output::moment(sign_in.created_at),
                output::moment(sign_in.last_used_at),
                output::moment(sign_in.expires_at),
            ]
        })
        .collect();
    let headings =
        [say!("id"), say!("kind"), say!("device"), say!("address"), say!("made"), say!("used"), say!("ends")];
    output::table(headings, &rows)
}

fn facts(sign_in: &SignIn) -> Value {
    json!({
        "id": sign_in.id.to_string(),
        "kind": sign_in.kind.as_str(),
        "user_id": sign_in.user_id,
        "created_at": output::moment(sign_in.created_at),
        "last_used_at": output::moment(sign_in.last_used_at),
        "expires_at": output::moment(sign_in.expires_at),
        "device": device(sign_in),
        "user_agent": sign_in.user_agent,
        "address": sign_in.address,
    })
}
