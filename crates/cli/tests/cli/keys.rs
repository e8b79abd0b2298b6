//! Keys: made, kept to oneself, and good for signing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::site::Site;

#[test]
fn a_generated_key_signs_the_site_s_tokens() {
    for algorithm in ["EdDSA", "ES256", "ES512", "RS256"] {
        let site = Site::cheap();
        let told = site.ok(&["keys", "generate", "--algorithm", algorithm, "--out", "private.pem", "--json"], "");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["public_jwk"]["alg"], algorithm);
        assert_eq!(told["public_jwk"]["kid"], told["kid"]);
        assert_eq!(told.get("private_key_pem"), None, "it is in the file");
        assert_eq!(fs::metadata(site.path("private.pem")).unwrap().permissions().mode() & 0o777, 0o600);
        let settings = fs::read_to_string(site.path("jeton.toml")).unwrap();
        let signing = format!("[simple_jwt]\nALGORITHM = \"{algorithm}\"\nSIGNING_KEY_FILE = \"private.pem\"");
        site.write("jeton.toml", &settings.replace("[simple_jwt]", &signing));
        site.ok(&["user", "add", "alice", "--unusable-password"], "");
        let token = site.ok(&["token", "mint", "alice", "--kind", "access"], "");
        let decoded: Value = serde_json::from_str(&site.ok(&["token", "decode", "-", "--json"], &token)).unwrap();
        assert_eq!(decoded["header"], json!({"alg": algorithm, "typ": "JWT"}));
        site.ok(&["token", "verify", "-"], &token);
    }
}

#[test]
fn a_key_file_is_never_written_over_and_a_secret_is_no_pair() {
    let site = Site::empty();
    site.write("private.pem", "mine");
    let run = site.run(&["keys", "generate", "--out", "private.pem"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(fs::read_to_string(site.path("private.pem")).unwrap(), "mine");
    let run = site.run(&["keys", "generate", "--algorithm", "HS256"]);
    assert_eq!(run.code, 2, "{run:?}");
}
