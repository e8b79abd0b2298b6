//! `jeton keys list`: which keys there are, and what each is good for.

use jeton::auth::{KeyReport, KeyState};
use jeton_store::OpenMode;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Show the keys that sign and verify the site's tokens.
///
/// The key of the settings is called `settings`; its tokens name no key.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As a JSON array.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let keys = auth.signing_keys().await?;
    auth.store().close().await?;
    if args.json {
        return output::json(&keys.iter().map(facts).collect::<Vec<_>>());
    }
    let headings = [
        say!("key"),
        say!("algorithm"),
        say!("state"),
        say!("signs from"),
        say!("signs until"),
        say!("verifies until"),
    ];
    let moment = |at: Option<_>| at.map_or_else(String::new, output::moment);
    let rows: Vec<[String; 6]> = keys
        .into_iter()
        .map(|key| {
            let (from, until, end) = (moment(key.signs_from), moment(key.signs_until), moment(key.verifies_until));
            [key.name, key.algorithm, state(key.state), from, until, end]
        })
        .collect();
    output::table(headings, &rows)
}

fn state(state: KeyState) -> String {
    match state {
        KeyState::Next => say!("next"),
        KeyState::Active => say!("active"),
        KeyState::Retiring => say!("retiring"),
        KeyState::Retired => say!("retired"),
    }
}

fn facts(key: &KeyReport) -> Value {
    json!({
        "key": key.name,
        "algorithm": key.algorithm,
        "state": key.state.as_str(),
        "signs_from": key.signs_from.map(output::moment),
        "signs_until": key.signs_until.map(output::moment),
        "verifies_until": key.verifies_until.map(output::moment),
    })
}
