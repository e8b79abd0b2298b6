//! Users: made, shown, locked, imported, deleted.

use serde_json::{Value, json};

use crate::site::Site;

#[test]
fn a_user_is_made_shown_locked_and_deleted() {
    let site = Site::cheap();
    let add = ["user", "add", "alice", "--id", "7", "--email", "a@example.com", "--first-name", "Al", "--staff"];
    site.ok(&[&add[..], &["--password-stdin"]].concat(), "correct horse\n");
    let user = site.json(&["user", "show", "alice", "--json"]);
    let expected = json!({
        "id": 7, "username": "alice", "email": "a@example.com", "first_name": "Al", "last_name": "", "is_active": true,
        "is_staff": true, "is_superuser": false, "last_login": null, "date_joined": user["date_joined"],
        "hash_algorithm": "argon2", "tokens": {"outstanding": 0, "blacklisted": 0},
    });
    assert_eq!(user, expected);

    site.ok(&["user", "lock", "alice"], "");
    assert_eq!(site.json(&["user", "show", "alice", "--json"])["is_active"], false);
    assert!(site.ok(&["user", "list"], "").contains("locked staff"));
    site.ok(&["user", "unlock", "alice"], "");
    assert_eq!(site.json(&["user", "list", "--json"])[0]["is_active"], true);

    assert_eq!(site.run(&["user", "delete", "alice"]).code, 2);
    site.ok(&["user", "delete", "alice", "--yes"], "");
    for arguments in [&["user", "show", "alice"][..], &["user", "delete", "alice", "--yes"], &["user", "lock", "alice"]]
    {
        let run = site.run(arguments);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.err.contains("there is no user alice"), "{}", run.err);
    }
}

#[test]
fn users_are_put_into_groups_and_taken_out() {
    let site = Site::cheap();
    for name in ["alice", "bob"] {
        site.add(name, "correct horse");
        assert!(site.ok(&["user", "group", "add", name, "back office"], "").contains("is in the group back office"));
    }
    assert!(site.ok(&["user", "group", "add", "bob", "back office"], "").contains("before"));
    assert_eq!(site.json(&["user", "group", "list", "alice", "--json"]), json!(["back office"]));
    site.ok(&["user", "group", "remove", "alice", "back office"], "");
    assert_eq!(site.run(&["user", "group", "remove", "alice", "back office"]).code, 1);
    assert_eq!(site.json(&["user", "group", "list", "--json"]), json!([{"group": "back office", "users": 1}]));
    assert_eq!(site.run(&["user", "group", "add", "nobody", "back office"]).code, 1);
    assert_eq!(site.run(&["user", "group", "add", "alice", " "]).code, 2);
}

#[test]
fn a_user_may_have_a_foreign_hash_or_no_password() {
    let site = Site::cheap();
    let hash = "pbkdf2_sha256$10$salt$k6WLJDFVnaOlKNLGYdYvIJaN3rU4kTEiR4ZxqVYCoVc=";
    site.ok(&["user", "add", "hana", "--password-hash-stdin"], hash);
    site.ok(&["user", "add", "nobody", "--unusable-password"], "");
    let algorithm = |name| site.json(&["user", "show", name, "--json"])["hash_algorithm"].clone();
    assert_eq!(algorithm("hana"), "pbkdf2_sha256");
    assert_eq!(algorithm("nobody"), "!");
    let both = site.run(&["user", "add", "x", "--unusable-password", "--password-stdin"]);
    assert_eq!(both.code, 2);
}

#[test]
fn names_and_passwords_that_will_not_do_are_refused() {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    for (arguments, input, part) in [
        (&["user", "add", "alice", "--password-stdin"][..], "correct horse", "already exists"),
        (&["user", "add", "a b", "--password-stdin"], "correct horse", "a username has 1 to 150"),
        (&["user", "add", "bob", "--password-stdin"], "wee-9", "at least 8 characters"),
        (&["user", "passwd", "alice", "--password-stdin"], "alice1", "too similar to the username"),
        (&["user", "passwd", "alice", "--password-stdin"], "90817263", "entirely numeric"),
        (&["createsuperuser", "--noinput", "--username", "root", "--password-stdin"], "password123", "too common"),
    ] {
        let run = site.run_with(arguments, input);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.err.contains(part), "{}", run.err);
        assert!(!run.err.contains(input), "{}", run.err);
    }
    assert_eq!(site.json(&["user", "list", "--json"]).as_array().unwrap().len(), 1);
}

#[test]
fn without_a_terminal_nothing_is_asked_and_the_flags_are_named() {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    for (arguments, flag) in [
        (&["createsuperuser"][..], "--password-stdin"),
        (&["user", "add", "bob"], "--password-stdin"),
        (&["user", "passwd", "alice"], "--password-stdin"),
        (&["user", "delete", "alice"], "--yes"),
    ] {
        let run = site.run(arguments);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains(flag), "{}", run.err);
    }
}

#[test]
fn an_administrator_can_be_made_by_a_script() {
    let site = Site::cheap();
    let arguments = ["createsuperuser", "--noinput", "--username", "root", "--email", "r@x.org", "--password-stdin"];
    site.ok(&arguments, "correct horse");
    let user = site.json(&["user", "show", "root", "--json"]);
    assert_eq!((&user["is_staff"], &user["is_superuser"]), (&json!(true), &json!(true)));
    assert_eq!(site.run_with(&arguments, "correct horse").code, 1);
}

#[test]
fn an_import_makes_everybody() {
    let site = Site::cheap();
    let users: Vec<Value> = (1..=40)
        .map(|id| json!({"id": 100 + id, "username": format!("u{id}"), "password": "pw", "email": null}))
        .chain([
            json!({"username": "hana", "password_hash": "pbkdf2_sha256$1$s$x", "is_active": false, "is_staff": true}),
        ])
        .collect();
    let text = Value::from(users).to_string();
    assert_eq!(site.ok(&["user", "import", "-", "--dry-run"], &text).trim(), "41 users could be imported");
    assert_eq!(site.json(&["user", "list", "--json"]), json!([]));
    assert_eq!(site.ok(&["user", "import", "-"], &text).trim(), "41 users imported");
    let list = site.json(&["user", "list", "--json"]);
    let list = list.as_array().unwrap();
    assert_eq!((list.len(), &list[0]["username"], &list[39]["username"]), (41, &json!("u1"), &json!("u40")));
    assert_eq!((&list[40]["is_active"], &list[40]["is_staff"]), (&json!(false), &json!(true)));
    assert_eq!(site.ok(&["user", "list", "--limit", "2", "--after", "101"], "").lines().count(), 2);
}

#[test]
fn an_import_with_problems_makes_nobody_and_names_them_all() {
    let site = Site::cheap();
    site.add("alice", "correct horse");
    site.write(
        "users.json",
        r#"[{"username": "new", "password": "hunter2"}, {"username": "a b"}, {"username": "alice"}, {"username": "x", "id": "1"},
           {"username": "y", "pasword": "hunter2"}, {"username": "new"}, {"id": 3}, 5, {"username": "z", "id": 1},
           {"username": "v", "password": "hunter2", "password_hash": "hunter2"}, {"username": "w", "password": ["hunter2"]}]"#,
    );
    let run = site.run(&["user", "import", "users.json"]);
    assert_eq!(run.code, 1);
    for part in [
        "a b: a username has",
        "alice: there is such a user already",
        "entry 4: id has the wrong type",
        "entry 5: unknown field `pasword`",
        "new: the username is there twice",
        "entry 7: missing field `username`",
        "entry 8: not an object",
        "z: there is a user with the id 1 already",
        "entry 10: both password and password_hash",
        "entry 11: password has the wrong type",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    assert!(!run.err.contains("hunter2"), "{}", run.err);
    assert_eq!(site.json(&["user", "list", "--json"]).as_array().unwrap().len(), 1);
    for text in ["", "{}", "[{\"username\": \"x\", hunter2]"] {
        site.write("users.json", text);
        let run = site.run(&["user", "import", "users.json"]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
    assert_eq!(site.run(&["user", "import", "nowhere.json"]).code, 3);
}
