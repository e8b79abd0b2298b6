//! A service whose routes take tokens that were minted elsewhere, by a Jeton or a Django site: it has the public key,
//! and neither users nor a database.
//!
//! `cargo run -p jeton-examples --bin protect -- EdDSA public.pem`, with the public key that `jeton keys generate` prints.
//! An address to listen on may follow.
#![expect(clippy::print_stdout, reason = "it tells where it listens")]

use anyhow::{Context, bail};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jeton::extract::{Verified, Verifier};
use jeton_token::algorithm::Algorithm;
use jeton_token::key::Key;
use jeton_token::policy::Policy;
use jeton_token::token::Tokens;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What this service wants to know of a caller; every other claim is left alone.
#[derive(Deserialize)]
struct Caller {
    user_id: String,
    #[serde(default)]
    groups: Vec<String>,
}

async fn report(Verified(caller): Verified<Caller>) -> Result<Json<Value>, StatusCode> {
    if !caller.groups.iter().any(|group| group == "accounting") {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(Json(json!({"report": "all is well", "for": caller.user_id})))
}

/// All claims, for the curious.
async fn claims(Verified(claims): Verified) -> Json<Map<String, Value>> {
    Json(claims)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [algorithm, key_file, rest @ ..] = arguments.as_slice() else {
        bail!("name the algorithm and the file of the public key, such as EdDSA public.pem");
    };
    let algorithm: Algorithm = algorithm.parse().context("the algorithm is one such as EdDSA or RS256")?;
    let public = std::fs::read_to_string(key_file).with_context(|| format!("{key_file} cannot be read"))?;
    // Audience and issuer, where the site sets them, belong into the policy.
    let tokens = Tokens::new(Key::from_public_pem(algorithm, &public)?, Policy::default());

    let app =
        Router::new().route("/report", get(report)).route("/claims", get(claims)).with_state(Verifier::new(tokens));
    let address = rest.first().map_or("127.0.0.1:8001", String::as_str);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
