//! `jeton keys plan`: what a rotation would do, and when.

use jeton::auth::{KeyRotation, KeyStart, KeyStep};
use jeton_store::OpenMode;
use jeton_token::algorithm::Algorithm;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Show what a rotation of keys would do and when; nothing is changed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The algorithm of the new key: EdDSA, ES256, RS256, HS256 or another that JWTs know.
    #[arg(long, default_value = "EdDSA", value_parser = super::algorithm)]
    algorithm: Algorithm,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let planned = auth.plan_rotation(args.algorithm, KeyStart::WhenKnown).await?;
    auth.store().close().await?;
    show(&planned, args.json)
}

/// The steps of a rotation, made or planned.
pub(super) fn show(rotation: &KeyRotation, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(&facts(rotation));
    }
    let steps: Vec<_> = rotation.steps.iter().map(|(at, step)| (output::moment(*at), told(*step, rotation))).collect();
    output::pairs(&steps)
}

fn told(step: KeyStep, rotation: &KeyRotation) -> String {
    let (algorithm, before) = (rotation.algorithm, &rotation.before);
    match step {
        KeyStep::Published if algorithm.is_symmetric() => {
            say!("every node takes tokens of the new {} key; it is a secret, and not published", algorithm)
        }
        KeyStep::Published => say!("the new {} key is published, and every node takes its tokens", algorithm),
        KeyStep::Signs => say!("the new key signs; {} ({}) signs no more", before, rotation.before_algorithm),
        KeyStep::AccessExpired => {
            say!("no access token of {} is left: services that only verify may forget it", before)
        }
        KeyStep::Retired => say!("no token of {} is left: it is refused from now on", before),
    }
}

fn facts(rotation: &KeyRotation) -> Value {
    let step = |step| match step {
        KeyStep::Published => "published",
        KeyStep::Signs => "signs",
        KeyStep::AccessExpired => "access_tokens_expired",
        KeyStep::Retired => "retired",
    };
    let steps: Vec<_> =
        rotation.steps.iter().map(|(at, what)| json!({"at": output::moment(*at), "step": step(*what)})).collect();
    json!({
        "key": rotation.kid,
        "algorithm": rotation.algorithm.as_str(),
        "before": rotation.before,
        "before_algorithm": rotation.before_algorithm,
        "steps": steps,
    })
}
