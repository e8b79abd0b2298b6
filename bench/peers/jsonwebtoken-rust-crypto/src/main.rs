//! `jsonwebtoken` with its RustCrypto backend, as a peer of the bench; bench/src/peer.rs has the protocol.

use std::error::Error;
use std::hint::black_box;
use std::io::BufRead;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Setup {
    secret: String,
    tokens: Vec<String>,
    payloads: Vec<String>,
    pairs: Vec<Pair>,
}

/// A key pair, its halves in DER (base64), and a token of it.
#[derive(Deserialize)]
struct Pair {
    algorithm: Algorithm,
    encoding: String,
    decoding: String,
    token: String,
    payload: Declared,
}

/// One algorithm with everything that it takes.
struct User {
    algorithm: Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
    tokens: Vec<String>,
    claims: Vec<Declared>,
}

#[derive(Deserialize, Serialize)]
struct Declared {
    token_type: String,
    exp: i64,
    iat: i64,
    jti: String,
    user_id: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = std::io::stdin().lock().lines();
    let setup: Setup = serde_json::from_str(&lines.next().ok_or("no first line")??)?;
    let users = users(setup)?;
    let name = "jsonwebtoken 11.1, rust_crypto";
    let cases: Vec<[String; 2]> = users
        .iter()
        .flat_map(|user| ["verify", "mint"].map(|verb| [format!("{:?} {verb}", user.algorithm), name.to_owned()]))
        .collect();
    println!("{}", serde_json::to_string(&cases)?);
    for line in lines {
        let line = line?;
        let (case, times) = line.split_once(' ').ok_or("two numbers")?;
        let (case, times): (usize, usize) = (case.parse()?, times.parse()?);
        let user = users.get(case / 2).ok_or("no such case")?;
        let (validation, header) = (Validation::new(user.algorithm), Header::new(user.algorithm));
        let start = now();
        for turn in 0..times {
            if case % 2 == 0 {
                let token = black_box(&user.tokens[turn % user.tokens.len()]);
                assert!(black_box(decode::<Declared>(token, &user.decoding, &validation)).is_ok());
            } else {
                let claims = black_box(&user.claims[turn % user.claims.len()]);
                assert!(black_box(encode(&header, claims, &user.encoding)).is_ok());
            }
        }
        println!("{}", now() - start);
    }
    Ok(())
}

fn users(setup: Setup) -> Result<Vec<User>, Box<dyn Error>> {
    let mut users = vec![User {
        algorithm: Algorithm::HS256,
        encoding: EncodingKey::from_secret(setup.secret.as_bytes()),
        decoding: DecodingKey::from_secret(setup.secret.as_bytes()),
        tokens: setup.tokens,
        claims: setup.payloads.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?,
    }];
    for Pair { algorithm, encoding, decoding, token, payload } in setup.pairs {
        let (private, public) = (STANDARD.decode(encoding)?, STANDARD.decode(decoding)?);
        let (encoding, decoding) = match algorithm {
            Algorithm::RS256 => (EncodingKey::from_rsa_der(&private), DecodingKey::from_rsa_der(&public)),
            Algorithm::ES256 => (EncodingKey::from_ec_der(&private), DecodingKey::from_ec_der(&public)),
            _ => (EncodingKey::from_ed_der(&private), DecodingKey::from_ed_der(&public)),
        };
        users.push(User { algorithm, encoding, decoding, tokens: vec![token], claims: vec![payload] });
    }
    Ok(users)
}

/// Nanoseconds that this thread has run so far.
fn now() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
