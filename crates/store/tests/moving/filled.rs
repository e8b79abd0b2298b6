//! Databases with rows in every table, made up from the schema itself, so that a table of tomorrow has some, too.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

/// The tables, and what each column is declared as.
pub(crate) fn schema(of: &Path) -> BTreeMap<String, Vec<(String, String)>> {
    let raw = Connection::open(of).unwrap();
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut names = raw.prepare(names).unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let columns = |name: &String| {
        let mut columns = raw.prepare("SELECT name, lower(type) FROM pragma_table_info(?1) ORDER BY name").unwrap();
        columns.query_map([name], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    names.iter().map(|name| (name.clone(), columns(name))).collect()
}

/// Puts this many rows into every table but those that have rows of their own. Every third lacks what it may.
pub(crate) fn fill(database: &Path, rows: i64) {
    let raw = Connection::open(database).unwrap();
    raw.pragma_update(None, "foreign_keys", false).unwrap();
    raw.execute_batch("BEGIN").unwrap();
    for (table, columns) in schema(database) {
        let count: i64 = raw.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        if count > 0 {
            continue;
        }
        let sql = "SELECT name FROM pragma_table_info(?1) WHERE NOT \"notnull\" AND pk = 0";
        let mut nullable = raw.prepare(sql).unwrap();
        let may_be_missing: Vec<String> =
            nullable.query_map([&table], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for number in 1..=rows {
            let values: Vec<_> = columns
                .iter()
                .map(|(name, kind)| match may_be_missing.contains(name) && number % 3 == 0 {
                    true => Value::Null,
                    false => value(&table, name, kind, number),
                })
                .collect();
            let names: Vec<_> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let places = vec!["?"; names.len()].join(", ");
            let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", names.join(", "));
            raw.execute(&sql, rusqlite::params_from_iter(values)).unwrap_or_else(|error| panic!("{table}: {error}"));
        }
    }
    raw.execute_batch("COMMIT").unwrap();
    let astray: Option<String> = raw.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)).ok();
    assert_eq!(astray, None, "rows refer to nothing");
}

/// One that no other row of the table has, where a column may have only such.
fn value(table: &str, column: &str, kind: &str, number: i64) -> Value {
    match kind {
        // Moments of all shapes: before 1970, with and without a fraction.
        "datetime" if number % 2 == 0 => {
            Value::Text(format!("19{:02}-11-21 13:37:{:02}.000{:03}", number % 100, number % 60, number % 999 + 1))
        }
        "datetime" => Value::Text(format!("2026-11-21 13:37:{:02}", number % 60)),
        kind if kind.starts_with("bool") => Value::Integer(number % 2),
        kind if kind.contains("int") => Value::Integer(match column {
            "id" | "user_id" | "group_id" => number,
            _ if kind == "smallint" => number % 30_000,
            _ => number * 1_000_000_007 - 17,
        }),
        // A key that another table refers to has its value from its number alone.
        "blob" => Value::Blob([&number.to_be_bytes()[..], &[0, 255, b'\'']].concat()),
        _ if column == "name" && table != "auth_group" => Value::Text(format!("이름 \u{1F511} {number}\t\\N")),
        _ => Value::Text(format!("{column} {number} ü\n\\.\u{1}")),
    }
}

/// Every row of every table, read with nothing of what is tested.
pub(crate) fn contents(database: &Path) -> BTreeMap<String, Vec<String>> {
    let raw = Connection::open(database).unwrap();
    let mut all = BTreeMap::new();
    for (table, columns) in schema(database) {
        if table == "jeton_migration" || table.starts_with("jeton_backup") {
            continue;
        }
        let names: Vec<_> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let mut select = raw.prepare(&format!("SELECT {} FROM {table}", names.join(", "))).unwrap();
        let read = |row: &rusqlite::Row<'_>| {
            let values: Vec<Value> = (0..names.len()).map(|column| row.get(column).unwrap()).collect();
            Ok(format!("{values:?}"))
        };
        let mut rows: Vec<String> = select.query_map([], read).unwrap().map(Result::unwrap).collect();
        rows.sort();
        all.insert(table, rows);
    }
    all
}

/// Every table has rows.
pub(crate) fn assert_full(contents: &BTreeMap<String, Vec<String>>) {
    for (table, found) in contents {
        assert!(!found.is_empty(), "{table} is empty");
    }
}
