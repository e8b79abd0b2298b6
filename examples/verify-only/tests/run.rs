//! The example is started and given tokens.

use std::io::Write;
use std::process::{Command, Stdio};

use jeton_token::algorithm::Algorithm;
use jeton_token::claims::Claims;
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::Clock;
use jeton_token::token::Tokens;

#[test]
fn each_line_is_judged() {
    let public = std::env::temp_dir().join(format!("jeton-verify-only-{}.pem", std::process::id()));
    std::fs::write(&public, PUBLIC).unwrap();
    let tokens = Tokens::new(Key::from_private_pem(Algorithm::EdDsa, PRIVATE).unwrap(), Policy::default());
    let claims: Claims = [("user_id", "7")].into_iter().collect();
    let mint = |kind| tokens.sign(&tokens.mint(kind, Some("an-id"), &claims, Clock::system().now()));
    let input = format!("{}\n{}\nnonsense\n", mint(TokenType::Access), mint(TokenType::Refresh));

    let mut command = Command::new(env!("CARGO_BIN_EXE_jeton-verify-only"));
    let command = command.args(["EdDSA", public.to_str().unwrap()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    std::fs::remove_file(public).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    assert!(lines[0].starts_with("good: {") && lines[0].contains("\"user_id\":\"7\""), "{output}");
    assert_eq!(lines[1..], ["bad: Token has wrong type", "bad: Token is invalid"]);
}

const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----";
