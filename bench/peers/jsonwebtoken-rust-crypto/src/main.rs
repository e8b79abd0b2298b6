//! `jsonwebtoken` with its RustCrypto backend, as a peer of the bench; bench/src/peer.rs has the protocol.

use std::error::Error;
use std::hint::black_box;
use std::io::BufRead;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Setup {
    secret: String,
    tokens: Vec<String>,
    payloads: Vec<String>,
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
    let claims: Vec<Declared> =
        setup.payloads.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?;
    let decoding = DecodingKey::from_secret(setup.secret.as_bytes());
    let encoding = EncodingKey::from_secret(setup.secret.as_bytes());
    let (validation, header) = (Validation::new(Algorithm::HS256), Header::new(Algorithm::HS256));
    let name = "jsonwebtoken 11.1, rust_crypto";
    println!("{}", serde_json::to_string(&[["HS256 verify", name], ["HS256 mint", name]])?);
    for line in lines {
        let line = line?;
        let (case, times) = line.split_once(' ').ok_or("two numbers")?;
        let times: usize = times.parse()?;
        let start = now();
        for turn in 0..times {
            if case == "0" {
                let token = black_box(&setup.tokens[turn % setup.tokens.len()]);
                assert!(black_box(decode::<Declared>(token, &decoding, &validation)).is_ok());
            } else {
                assert!(black_box(encode(&header, black_box(&claims[turn % claims.len()]), &encoding)).is_ok());
            }
        }
        println!("{}", now() - start);
    }
    Ok(())
}

/// Nanoseconds that this thread has run so far.
fn now() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
