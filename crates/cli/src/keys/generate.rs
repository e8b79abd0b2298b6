//! `jeton keys generate`: a new key pair, for SIGNING_KEY and for whoever verifies.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jeton_token::algorithm::Algorithm;
use jeton_token::key::{Key, NewKeyPair, generate};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::words::say;

/// Make a key pair: the private key to sign with, the public one for whoever verifies.
///
/// Without --out the private key goes to stdout: it is a secret. With it, a file is made with mode 0600; nothing that is
/// there is written over.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// EdDSA, ES256, ES384, ES512, ES256K, or RS256, RS384, RS512, PS256, PS384, PS512 (3072 bits).
    #[arg(long, default_value = "EdDSA", value_parser = parse)]
    algorithm: Algorithm,
    /// Where the private key goes; name it in simple_jwt.SIGNING_KEY_FILE.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Everything as a JSON object; the private key is in it unless --out is given.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let made =
        generate(args.algorithm).map_err(|error| Failure::refused(error.to_string(), say!("Choose another one.")))?;
    let (kid, jwk) = public_jwk(args.algorithm, &made)?;
    if let Some(path) = &args.out {
        write_private(path, made.private_pem.expose())?;
    }
    if args.json {
        return output::json(&as_json(args, &made, &kid, &jwk));
    }
    match &args.out {
        Some(path) => output::note(&say!("The private key is in {}; it signs, so keep it.", path.display())),
        None => output::line(made.private_pem.expose().trim_end())?,
    }
    output::line(made.public_pem.trim_end())?;
    output::json(&jwk)
}

fn public_jwk(algorithm: Algorithm, made: &NewKeyPair) -> Result<(String, Value), Failure> {
    let key = Key::from_pem_pair(algorithm, made.private_pem.expose(), &made.public_pem);
    let key =
        key.map_err(|error| Failure::refused(say!("the new key does not work: {}", error), say!("Try again.")))?;
    let kid = key.thumbprint().unwrap_or_default();
    let jwk = key.to_public_jwk(Some(&kid)).unwrap_or_default();
    Ok((kid, Value::Object(jwk)))
}

fn as_json(args: &Args, made: &NewKeyPair, kid: &str, jwk: &Value) -> Value {
    let mut told = json!({"algorithm": args.algorithm.as_str(), "kid": kid});
    match &args.out {
        Some(path) => told["private_key_file"] = path.display().to_string().into(),
        None => told["private_key_pem"] = made.private_pem.expose().as_str().into(),
    }
    told["public_key_pem"] = made.public_pem.as_str().into();
    told["public_jwk"] = jwk.clone();
    told
}

fn write_private(path: &Path, pem: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(pem.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        Failure::io(
            say!("{} could not be written: {}", path.display(), error),
            say!("Choose a new file in a folder that can be written to."),
        )
    })
}

fn parse(name: &str) -> Result<Algorithm, String> {
    match name.parse::<Algorithm>() {
        Ok(algorithm) if algorithm.is_symmetric() => Err(say!("{} takes a secret, not a key pair", algorithm)),
        Ok(algorithm) => Ok(algorithm),
        Err(error) => Err(error.to_string()),
    }
}
