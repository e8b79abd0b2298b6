//! `jeton token verify`: whether a token is good at this moment, and why not.

use std::process::ExitCode;

use jeton::auth::{AuthError, Caller};
use jeton_store::OpenMode;
use jeton_token::error::TokenError;
use serde_json::json;

use super::given;
use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::{self, say};

/// Say whether a token is good, as the verify endpoint would. Exit code 0 if it is, 1 if it is not.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The token, or - for stdin.
    token: String,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<ExitCode, Failure> {
    let token = given(&args.token)?;
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let caller = Caller { at: auth.now(), address: None, user_agent: None };
    let verified = auth.verify(&token, &caller).await;
    auth.store().close().await?;
    let reason = match verified {
        Ok(_) => None,
        Err(AuthError::Token(TokenError::Invalid(flaw))) => Some(format!("Token is invalid ({flaw:?})")),
        Err(error @ (AuthError::Token(_) | AuthError::VerifiedBlacklisted)) => Some(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    if args.json {
        output::json(&json!({"valid": reason.is_none(), "reason": reason}))?;
    } else {
        output::line(&reason.as_ref().map_or_else(|| say!("The token is good"), |reason| words::told(reason)))?;
    }
    Ok(if reason.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
