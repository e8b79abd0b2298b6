//! `check`, `info`, and where settings come from.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::site::{SECRET, Site, finish};

#[test]
fn all_problems_are_told_at_once_with_path_and_remedy() {
    let site = Site::cheap();
    site.write(
        "jeton.toml",
        "secret_key = \"short\"\n[server]\nlisten = \"nowhere\"\n[simple_jwt]\nLEEWEY = 5\nALGORITHM = \"RS256\"\n",
    );
    let run = site.run(&["check"]);
    assert_eq!(run.code, 1);
    for part in ["server.listen (line 3)", "simple_jwt.LEEWEY (line 5)", "Did you mean simple_jwt.LEEWAY?", "RS256"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let report = finish(&mut site.command(&["check", "--json"]), "");
    assert_eq!(report.code, 1);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    let errors = report["errors"].as_array().unwrap();
    assert!(errors.len() >= 3, "{errors:?}");
    for error in errors {
        assert!(["setting", "from", "problem", "remedy"].iter().all(|key| error[key].is_string()), "{error}");
    }
    let other = site.run(&["user", "list"]);
    assert_eq!(other.code, 1);
    assert!(other.err.contains("server.listen (line 3)") && other.err.contains("LEEWEY"), "{}", other.err);
}

#[test]
fn good_settings_are_good_and_origins_name_file_environment_and_flag() {
    let site = Site::cheap();
    let run = site.run(&["check"]);
    assert_eq!((run.code, run.out.trim()), (0, "The settings are good."));
    let mut command = site.command(&["check", "--show-origins", "--set", "log.level=debug"]);
    let shown = finish(command.env("JETON_SIMPLE_JWT__LEEWAY", "7"), "").out;
    for row in [
        "secret_key\t(secret)\tline 1",
        "log.level\t\"debug\"\tflag",
        "simple_jwt.LEEWAY\t\"7s\"\tJETON_SIMPLE_JWT__LEEWAY",
        "simple_jwt.ISSUER\t\"\"\tdefault",
    ] {
        assert!(shown.contains(row), "{row}: {shown}");
    }
}

#[test]
fn the_settings_file_can_be_named_by_flag_and_by_environment() {
    let site = Site::empty();
    site.write("other.toml", &format!("secret_key = \"{SECRET}\"\n"));
    assert_eq!(site.run(&["check"]).code, 1);
    assert_eq!(site.run(&["check", "--config", "other.toml"]).code, 0);
    let run = finish(site.command(&["check"]).env("JETON_CONFIG", "other.toml"), "");
    assert_eq!((run.code, run.out.trim()), (0, "The settings are good."));
    let run = finish(site.command(&["check"]).env("JETON_SECRET_KEY", SECRET), "");
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn a_secret_that_others_can_read_is_a_warning() {
    let site = Site::empty();
    site.ok(&["init"], "");
    let secret = site.path("jeton-data/secret_key");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    let run = site.run(&["check"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("warning: secret_key_file") && run.out.contains("chmod 600"), "{}", run.out);
    let server = site.serve(&[]);
    drop(server);
    assert!(site.log().contains("can be read by other users"), "{}", site.log());
}

#[test]
fn info_tells_versions_paths_and_counts() {
    let site = Site::cheap();
    let info = site.json(&["info", "--json"]);
    assert_eq!(info["database"]["facts"], Value::Null);
    site.add("alice", "correct horse");
    let info = site.json(&["info", "--json"]);
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["compatibility"], "safe");
    assert_eq!(info["database"]["facts"]["users"], 1);
    assert!(info["config"].as_str().unwrap().ends_with("/jeton.toml"));
    assert!(site.ok(&["info"], "").contains("users        1"));
}

#[test]
fn exit_codes_and_usage_are_documented() {
    let site = Site::empty();
    let help = site.ok(&["--help"], "");
    assert!(help.contains("Exit codes:") && help.contains("JETON_CONFIG"), "{help}");
    for arguments in [&["frobnicate"][..], &[], &["user", "add"], &["check", "--set", "nothing"]] {
        assert_eq!(site.run(arguments).code, 2, "{arguments:?}");
    }
}
