//! `jeton token decode`: what a token says, true or not.

use jeton::auth::read_unverified;
use serde_json::json;

use super::given;
use crate::failure::Failure;
use crate::output;
use crate::words::say;

/// Show what a token says. Nothing is verified: anybody can write such a text.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The token, or - for stdin.
    token: String,
    /// Header and claims as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let token = given(&args.token)?;
    let Some((header, claims)) = read_unverified(&token) else {
        return Err(Failure::refused(
            say!("this is not a token"),
            say!("A token is three parts of base64url with dots between."),
        ));
    };
    if args.json {
        return output::json(&json!({"header": header, "claims": claims, "verified": false}));
    }
    output::note(&say!("Not verified: `jeton token verify` does that."));
    output::json(&header)?;
    output::json(&claims)
}
