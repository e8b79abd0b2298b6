//! `backup`, `restore`, `migrate` and `move`, as operators run them.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::site::{Site, mode};

const FORM: &str = "username=alice&password=correct+horse";

fn site() -> Site {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    site
}

/// A field of an answer in JSON.
fn field(answer: &str, name: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap();
    body[name].as_str().unwrap().to_owned()
}

fn rows(report: &Value, table: &str) -> u64 {
    let found = report["tables"].as_array().unwrap().iter().find(|row| row["name"] == table);
    found.unwrap_or_else(|| panic!("no {table}: {report}"))["rows"].as_u64().unwrap()
}

#[test]
fn a_backup_of_a_running_server_is_restored_with_its_sessions_or_without() {
    let site = site();
    let server = site.serve(&[]);
    let first = field(&server.post("/api/token/", FORM), "refresh");
    let refresh = |token: &str| format!("refresh={token}");
    let second = field(&server.post("/api/token/refresh/", &refresh(&first)), "refresh");
    let made = site.json(&["backup", "kept.db", "--json"]);
    assert_eq!((rows(&made, "auth_user"), rows(&made, "jeton_family")), (1, 1));
    assert_eq!(mode(&site.path("kept.db")), 0o600);
    let again = site.run(&["backup", "kept.db"]);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.err.contains("add --force to write over it"), "{again:?}");
    // After the backup: another login, and the end of the first.
    let later = field(&server.post("/api/token/", FORM), "refresh");
    assert!(server.post("/api/token/blacklist/", &refresh(&second)).starts_with("HTTP/1.1 200"));

    let refused = site.run(&["restore", "kept.db", "--force"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains("is in use by another process") && refused.err.contains("Stop the server"),
        "{refused:?}"
    );
    server.signal("-TERM");
    server.wait();
    let refused = site.run(&["restore", "kept.db", "--sessions", "keep"]);
    assert!(refused.code == 1 && refused.err.contains("--force"), "{refused:?}");
    let planned = site.json(&["restore", "kept.db", "--sessions", "keep", "--dry-run", "--json"]);
    assert_eq!((&planned["since"]["ended_families"], &planned["since"]["new_families"]), (&1.into(), &1.into()));
    assert_eq!(planned["kept_as"], Value::Null);

    let kept = site.run(&["restore", "kept.db", "--sessions", "keep", "--force"]);
    assert_eq!(kept.code, 0, "{kept:?}");
    assert!(kept.err.contains("logins have ended since the backup and live again: 1"), "{kept:?}");
    assert!(kept.out.contains("jeton_family\t1\t"), "{kept:?}");
    let server = site.serve(&[]);
    let third = field(&server.post("/api/token/refresh/", &refresh(&second)), "refresh");
    assert!(server.post("/api/token/refresh/", &refresh(&later)).starts_with("HTTP/1.1 401"), "not in the backup");
    server.signal("-TERM");
    server.wait();

    let ended = site.json(&["restore", "kept.db", "--force", "--json"]);
    assert_eq!(ended["ended"]["families"], 1);
    let server = site.serve(&[]);
    for token in [&first, &second, &third, &later] {
        assert!(server.post("/api/token/refresh/", &refresh(token)).starts_with("HTTP/1.1 401"));
    }
    field(&server.post("/api/token/", FORM), "refresh");
}

#[test]
fn a_backup_that_was_changed_is_refused() {
    let site = site();
    site.ok(&["backup", "kept.db"], "");
    let mut bytes = fs::read(site.path("kept.db")).unwrap();
    let at = bytes.windows(5).position(|window| window == b"alice").unwrap();
    bytes[at] = b'm';
    fs::write(site.path("kept.db"), bytes).unwrap();
    let refused = site.run(&["restore", "kept.db", "--force"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("is not a backup that can be used"), "{refused:?}");
    assert!(site.ok(&["user", "list"], "").contains("alice"));
}

#[test]
fn where_operators_migrate_nothing_else_does() {
    let site = Site::cheap();
    let plan = site.json(&["migrate", "--plan", "--json"]);
    assert_eq!(plan["schema_version"], Value::Null);
    assert!(!site.path("jeton.db").exists());
    for arguments in [
        &["--set", "database.migrate=false", "serve", "--listen", "127.0.0.1:0"][..],
        &["--set", "database.migrate=false", "user", "list"],
    ] {
        let refused = site.run(arguments);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("Run `jeton migrate` to make it"), "{refused:?}");
    }
    assert!(!site.path("jeton.db").exists());
    let migrated = site.json(&["--set", "database.migrate=false", "migrate", "--json"]);
    assert_eq!(migrated["applied"], plan["pending"]);
    assert_eq!(migrated["watches_users"], false);
    site.ok(&["--set", "database.migrate=false", "user", "list"], "");
    let again = site.run(&["migrate", "--watch-users"]);
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{again:?}");
    assert!(again.err.contains("up to date") && again.err.contains("is noted"), "{again:?}");
    assert_eq!(site.json(&["migrate", "--json"])["watches_users"], true);
    assert_eq!(site.json(&["migrate", "--no-watch-users", "--json"])["watches_users"], false);
}

#[test]
fn a_move_says_what_to_set_and_leaves_the_old_database() {
    let site = site();
    let before = fs::read(site.path("jeton.db")).unwrap();
    let planned = site.run(&["move", "--to", "sqlite://new.db", "--dry-run"]);
    assert!(planned.code == 0 && !site.path("new.db").exists(), "{planned:?}");
    let moved = site.run(&["move", "--to", "sqlite://new.db"]);
    assert_eq!(moved.code, 0, "{moved:?}");
    assert!(moved.err.contains("Now set database.url to it") && moved.err.contains("jeton.toml"), "{moved:?}");
    assert_eq!(fs::read(site.path("jeton.db")).unwrap(), before);
    let again = site.run(&["move", "--to", "sqlite://new.db"]);
    assert!(again.code == 1 && again.err.contains("there is already a file"), "{again:?}");
    assert!(site.ok(&["--set", "database.url=sqlite://new.db", "user", "list"], "").contains("alice"));
    for (to, code) in [
        ("mysql://a:s3cret@x/y", 2),
        ("", 2),
        ("sqlite://:memory:", 1),
        ("sqlite://jeton.db", 1),
        ("postgres://a:s3cret@127.0.0.1:1/x", 3),
    ] {
        let refused = site.run_with(&["move", "--to", "-"], &format!("{to}\n"));
        assert_eq!(refused.code, code, "{to}: {refused:?}");
        assert!(!refused.err.contains("s3cret") && refused.err.lines().count() == 2, "{refused:?}");
    }
}

/// Users who cannot sign in, many of them.
fn import(site: &Site, count: u32) {
    let users: Vec<_> = (0..count).map(|number| serde_json::json!({"username": format!("user{number}")})).collect();
    site.write("users.json", &Value::from(users).to_string());
    site.ok(&["user", "import", "users.json"], "");
}

/// Whenever it is killed: the old one or the new one, whole.
#[test]
fn a_restoration_that_is_killed_leaves_a_whole_database() {
    let site = Site::cheap();
    import(&site, 20_000);
    site.ok(&["backup", "kept.db"], "");
    let begin = Instant::now();
    site.ok(&["restore", "kept.db", "--force", "--sessions", "keep"], "");
    let whole = begin.elapsed();
    site.add("since", "correct horse");
    let (mut old, mut new) = (0, 0);
    for part in 0..24 {
        let mut child = site
            .command(&["restore", "kept.db", "--force", "--sessions", "keep"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * part / 16);
        child.kill().unwrap();
        child.wait().unwrap();
        let count = site.json(&["info", "--json"])["database"]["facts"]["users"].as_u64().unwrap();
        match count {
            20_001 => old += 1,
            20_000 => {
                new += 1;
                site.add("since", "correct horse");
            }
            other => panic!("{other} users: neither the old nor the new database"),
        }
    }
    assert!(old > 0, "each of them was over before it was killed");
    site.ok(&["restore", "kept.db", "--force", "--sessions", "keep"], "");
    assert!(!site.path("jeton.db.unfinished").exists());
    println!("{old} times the old one, {new} times the new one");
}

/// An empty schema on the server that `JETON_TEST_POSTGRES` names.
struct Schema {
    server: String,
    name: String,
}

impl Schema {
    /// Nothing where there is no server.
    fn make(purpose: &str) -> Option<Self> {
        let server = std::env::var("JETON_TEST_POSTGRES").ok()?;
        let schema = Self { server, name: format!("{purpose}_{}", std::process::id()) };
        schema.sql(&format!("CREATE SCHEMA {}", schema.name));
        Some(schema)
    }

    fn sql(&self, sql: &str) -> String {
        let output = Command::new("psql").args([&self.server, "-Atqc", sql]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn url(&self) -> String {
        format!("{}?options=-c%20search_path%3D{}", self.server, self.name)
    }

    /// The setting that leads to it.
    fn setting(&self) -> String {
        format!("database.url={}", self.url())
    }

    fn is_empty(&self) -> bool {
        let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema";
        self.sql(&format!("{tables} = '{}'", self.name)) == "0"
    }

    fn users(&self) -> String {
        self.sql(&format!("SELECT COUNT(*) FROM {}.auth_user", self.name))
    }

    fn clear(&self) {
        self.sql(&format!("DROP SCHEMA {0} CASCADE; CREATE SCHEMA {0}", self.name));
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        // It goes with its server in any case.
        let _ = Command::new("psql").args([&self.server, "-Atqc", &drop]).output();
    }
}

/// Begins a command and kills it after that time.
fn kill_after(site: &Site, arguments: &[&str], time: Duration) {
    let mut child = site.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    // A server takes a moment to notice.
    std::thread::sleep(Duration::from_millis(300));
}

#[test]
fn a_move_to_postgresql_that_is_killed_leaves_nothing_there() {
    let Some(schema) = Schema::make("move_killed") else { return };
    let site = Site::cheap();
    import(&site, 20_000);
    let to = schema.url();
    let arguments = ["move", "--to", &to, "--even-if-in-use"];
    let begin = Instant::now();
    site.ok(&arguments, "");
    let whole = begin.elapsed();
    schema.clear();
    let (mut nothing, mut all) = (0, 0);
    for part in 0..16 {
        kill_after(&site, &arguments, whole * part / 10);
        if schema.is_empty() {
            nothing += 1;
        } else {
            all += 1;
            assert_eq!(schema.users(), "20000");
            schema.clear();
        }
    }
    assert!(nothing > 0, "each of them was over before it was killed");
    site.ok(&arguments, "");
    assert_eq!(schema.users(), "20000");
    println!("{nothing} times nothing, {all} times all of it");
}

#[test]
fn a_move_from_postgresql_that_is_killed_leaves_no_file() {
    let Some(schema) = Schema::make("back_killed") else { return };
    let site = Site::cheap();
    import(&site, 20_000);
    site.ok(&["move", "--to", &schema.url(), "--even-if-in-use"], "");
    let (from, new) = (schema.setting(), site.path("new.db"));
    let arguments = ["--set", &from, "move", "--to", "sqlite://new.db", "--even-if-in-use"];
    let users = || {
        site.json(&["--set", "database.url=sqlite://new.db", "info", "--json"])["database"]["facts"]["users"].clone()
    };
    let begin = Instant::now();
    site.ok(&arguments, "");
    let whole = begin.elapsed();
    assert_eq!(users(), 20_000);
    fs::remove_file(&new).unwrap();
    let (mut nothing, mut all) = (0, 0);
    for part in 0..16 {
        kill_after(&site, &arguments, whole * part / 10);
        if new.exists() {
            all += 1;
            assert_eq!(users(), 20_000);
            fs::remove_file(&new).unwrap();
        } else {
            nothing += 1;
        }
        assert_eq!(schema.users(), "20000");
    }
    assert!(nothing > 0, "each of them was over before it was killed");
    site.ok(&arguments, "");
    assert_eq!(users(), 20_000);
    println!("{nothing} times nothing, {all} times all of it");
}

#[test]
fn a_restoration_into_postgresql_that_is_killed_leaves_a_whole_database() {
    let Some(schema) = Schema::make("restore_killed") else { return };
    let site = Site::cheap();
    import(&site, 20_000);
    site.ok(&["backup", "kept.db"], "");
    let to = schema.setting();
    let arguments = ["--set", &to, "restore", "kept.db", "--force", "--sessions", "keep", "--even-if-in-use"];
    let begin = Instant::now();
    site.ok(&arguments, "");
    let whole = begin.elapsed();
    let add = || site.ok(&["--set", &to, "user", "add", "since", "--password-stdin"], "correct horse");
    add();
    let (mut old, mut new) = (0, 0);
    for part in 0..16 {
        kill_after(&site, &arguments, whole * part / 10);
        match schema.users().as_str() {
            "20001" => old += 1,
            "20000" => {
                new += 1;
                add();
            }
            other => panic!("{other} users: neither the old nor the new database"),
        }
    }
    assert!(old > 0, "each of them was over before it was killed");
    site.ok(&arguments, "");
    assert_eq!(schema.users(), "20000");
    println!("{old} times the old one, {new} times the new one");
}
