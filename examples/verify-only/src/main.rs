//! Says of each line of its input whether it is a good access token: jeton-token alone, without a server, without async.
//!
//! `cargo run -p jeton-verify-only -- EdDSA public.pem < tokens.txt`
#![expect(clippy::print_stdout, reason = "it prints what it found")]

use std::error::Error;
use std::io::BufRead;

use jeton_token::algorithm::Algorithm;
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::Clock;
use jeton_token::token::Tokens;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [algorithm, key_file] = arguments.as_slice() else {
        return Err("name the algorithm and the file of the public key, such as EdDSA public.pem".into());
    };
    // The key is bound to its algorithm: whatever a token's header says, it is verified by this one or not at all.
    let algorithm: Algorithm = algorithm.parse()?;
    let key = Key::from_public_pem(algorithm, &std::fs::read_to_string(key_file)?)?;
    let tokens = Tokens::new(key, Policy::default());
    let clock = Clock::system();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let claims = tokens
            .decode(line.trim().as_bytes(), clock.now())
            .and_then(|genuine| genuine.into_token(Some(TokenType::Access)));
        match claims {
            Ok(claims) => println!("good: {}", String::from_utf8_lossy(&claims.to_json())),
            Err(error) => println!("bad: {error}"),
        }
    }
    Ok(())
}
