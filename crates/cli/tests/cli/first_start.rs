//! The first start of a site, and what keeps it from starting.

use std::fs;
use std::net::TcpListener;

use crate::site::{Site, finish, mode};

#[test]
fn a_first_start_makes_the_four_things_and_a_second_one_reuses_them() {
    let site = Site::empty();
    let mut server = site.serve(&[]);
    for name in ["jeton-data", "jeton-data/secret_key", "jeton-data/jeton.db", "jeton.toml"] {
        assert!(server.greeting.contains(&format!("/{name}\n")), "{name}: {}", server.greeting);
        assert!(site.path(name).exists(), "{name}");
    }
    assert_eq!(mode(&site.path("jeton-data")), 0o700);
    assert_eq!(mode(&site.path("jeton-data/secret_key")), 0o600);
    assert_eq!(mode(&site.path("jeton-data/jeton.db")), 0o600);
    assert!(server.read_until("createsuperuser").contains("/setup/"));
    server.signal("-TERM");
    assert!(server.wait().0.success());

    let files = || ["jeton.toml", "jeton-data/secret_key"].map(|name| fs::read(site.path(name)).unwrap());
    let before = files();
    let server = site.serve(&[]);
    assert!(!server.greeting.contains("made "), "{}", server.greeting);
    assert_eq!(files(), before);
    assert!(before[1].len() > 32);
}

#[test]
fn init_makes_a_site_once_and_print_makes_nothing() {
    let site = Site::empty();
    let printed = site.ok(&["init", "--print", "--compatibility", "exact"], "");
    assert!(printed.contains("\ncompatibility = \"exact\"\n"));
    assert_eq!(fs::read_dir(site.path("")).unwrap().count(), 0);

    site.ok(&["init"], "");
    assert!(fs::read_to_string(site.path("jeton.toml")).unwrap().contains("\ncompatibility = \"safe\"\n"));
    assert_eq!(site.run(&["check"]).code, 0);
    let again = site.run(&["init"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("there is a settings file already"), "{}", again.err);
}

#[test]
fn a_lost_settings_file_comes_back_with_the_old_secret_and_the_old_users() {
    let site = Site::empty();
    site.ok(&["init"], "");
    site.add("alice", "correct horse");
    let secret = fs::read(site.path("jeton-data/secret_key")).unwrap();
    fs::remove_file(site.path("jeton.toml")).unwrap();
    site.ok(&["init"], "");
    assert_eq!(fs::read(site.path("jeton-data/secret_key")).unwrap(), secret);
    assert!(site.ok(&["user", "list"], "").contains("alice"));
}

#[test]
fn commands_that_read_make_nothing() {
    let site = Site::empty();
    for arguments in [&["user", "list"][..], &["info"], &["flushexpiredtokens"], &["token", "show", "x"]] {
        let run = site.run(arguments);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.err.contains("there is no settings file") && run.err.contains("jeton init"), "{}", run.err);
    }
    assert_eq!(fs::read_dir(site.path("")).unwrap().count(), 0);

    let site = Site::cheap();
    let run = site.run(&["user", "list"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("there is no database"), "{}", run.err);
    assert!(!site.path("jeton.db").exists());
}

#[test]
fn a_folder_that_cannot_be_written_to_is_told() {
    let site = Site::empty();
    site.write("file", "");
    for config in ["file/jeton.toml", "nowhere/jeton.toml"] {
        let run = site.run(&["--config", config, "serve"]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.err.contains("cannot be made") && run.err.contains("--config"), "{}", run.err);
    }
}

#[test]
fn a_port_in_use_is_told_with_the_setting_and_the_flag() {
    let site = Site::cheap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let by_flag = site.run(&["serve", "--listen", &address]);
    assert_eq!(by_flag.code, 3);
    assert!(by_flag.err.contains(&format!("the port is in use: {address}")), "{}", by_flag.err);
    assert!(by_flag.err.contains("--listen"), "{}", by_flag.err);
    let by_setting = finish(site.command(&["serve"]).env("JETON_SERVER__LISTEN", &address), "");
    assert!(by_setting.err.contains("server.listen"), "{}", by_setting.err);
}

#[test]
fn what_is_not_a_database_of_ours_is_left_alone() {
    let site = Site::cheap();
    for text in ["", "no database at all, but long enough to look into"] {
        site.write("jeton.db", text);
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"], &["info"]] {
            let run = site.run(arguments);
            assert_eq!(run.code, 3, "{run:?}");
            assert!(run.err.contains("jeton.db"), "{}", run.err);
            assert_eq!(run.err.lines().filter(|line| !line.contains(" WARN ")).count(), 2, "{}", run.err);
        }
        assert_eq!(fs::read_to_string(site.path("jeton.db")).unwrap(), text);
    }
}

#[test]
fn settings_without_a_secret_say_what_to_do() {
    let site = Site::empty();
    site.write("jeton.toml", "compatibility = \"safe\"\n");
    let run = site.run(&["serve"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("there is no secret to sign with") && run.err.contains("secret_key_file"), "{}", run.err);
}
