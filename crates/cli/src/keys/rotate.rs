//! `jeton keys rotate`: a new key, which signs once everybody knows it.

use std::time::Duration;

use jeton::auth::KeyStart;
use jeton::settings::duration_from_words;
use jeton_store::OpenMode;
use jeton_token::algorithm::Algorithm;

use super::plan;
use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Make a key that signs the tokens to come; nobody is logged out.
///
/// It is published at once and signs after keys.propagation. What the key before it signed stays good until it expires.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The algorithm of the new key: EdDSA, ES256, RS256, HS256 or another that JWTs know.
    #[arg(long, default_value = "EdDSA", value_parser = super::algorithm)]
    algorithm: Algorithm,
    /// Sign after this time instead, such as 1h.
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "now")]
    after: Option<Duration>,
    /// Sign at once: whoever has not heard of the key refuses its tokens until then.
    #[arg(long)]
    now: bool,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let start = match args.after {
        _ if args.now => KeyStart::Now,
        Some(after) => KeyStart::After(after),
        None => KeyStart::WhenKnown,
    };
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let rotation = auth.rotate_keys(args.algorithm, start).await?;
    let max_age = auth.settings().keys.jwks_max_age;
    auth.store().close().await?;
    if rotation.is_hasty {
        output::note(&say!(
            "This is before everybody can know the key: services that keep the public keys, for up to {} s, refuse its \
             tokens until they fetch them again.",
            max_age.as_secs()
        ));
    }
    if let (Some(kid), false) = (&rotation.kid, args.json) {
        output::line(&say!("made {}", kid))?;
    }
    plan::show(&rotation, args.json)
}

fn duration(text: &str) -> Result<Duration, String> {
    duration_from_words(text)
        .filter(|after| *after <= LONGEST)
        .ok_or_else(|| say!("write a length of time, such as 30m or 1d, of 30 days at most"))
}

const LONGEST: Duration = Duration::from_secs(30 * 86_400);
