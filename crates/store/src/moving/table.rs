//! What a table looks like, in the words that both engines share: read off the schema, so that no table is forgotten.

use crate::engine::{Kind, Value};
use crate::moving::MoveError;

/// A table to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// In the order of SQLite's layout, which is the order of rows in this crate's hands.
    pub(crate) columns: Vec<Column>,
    /// The tables whose rows its own refer to.
    pub(crate) parents: Vec<String>,
    /// Whether it numbers its rows, and never gives a number twice.
    pub(crate) is_numbered: bool,
    /// How many rows a new database has in it.
    pub(crate) seeds: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The steps that a database has had: its own, even in a database that was moved.
pub(crate) const STEPS: &str = "jeton_migration";

impl Table {
    pub(crate) fn select(&self) -> String {
        format!("SELECT {} FROM \"{}\"", self.column_list(), self.name)
    }

    /// With as many values as columns.
    pub(crate) fn insert(&self) -> String {
        let places: Vec<_> = (1..=self.columns.len()).map(|number| format!("?{number}")).collect();
        format!("INSERT INTO \"{}\" ({}) VALUES ({})", self.name, self.column_list(), places.join(", "))
    }

    pub(crate) fn column_list(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        names.join(", ")
    }

    /// A value as its column means it, whichever engine it came from.
    pub(crate) fn settle(&self, column: usize, value: Value) -> Result<Value, MoveError> {
        let Column { name, kind } = &self.columns[column];
        let settled = match (kind, value) {
            (_, Value::Null(_)) => Some(Value::Null(*kind)),
            (Kind::Bool, Value::Integer(0)) => Some(Value::Bool(false)),
            (Kind::Bool, Value::Integer(1)) => Some(Value::Bool(true)),
            (Kind::Time, Value::Text(text)) => crate::django_time::parse(&text).map(Value::Time),
            (kind, value) if value.kind() == *kind => Some(value),
            _ => None,
        };
        settled.ok_or_else(|| MoveError::Content { table: self.name.clone(), column: name.clone() })
    }
}

/// What a column of SQLite's is declared as. Nothing for a type that no migration should use.
pub(crate) fn kind_of(declared: &str) -> Option<Kind> {
    let declared = declared.to_ascii_lowercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| declared.starts_with(start));
    match () {
        () if begins(&["bool"]) => Some(Kind::Bool),
        () if begins(&["int", "bigint", "smallint"]) => Some(Kind::Integer),
        () if begins(&["datetime"]) => Some(Kind::Time),
        () if begins(&["text", "varchar"]) => Some(Kind::Text),
        () if begins(&["blob"]) => Some(Kind::Bytes),
        () => None,
    }
}

/// Each after those that it refers to.
pub(crate) fn in_order(mut tables: Vec<Table>) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |table: &Table| {
            table.parents.iter().any(|parent| *parent != table.name && tables.iter().any(|other| other.name == *parent))
        };
        // Tables that refer to each other in a circle go in the order of their names.
        let next = tables.iter().position(|table| !waits(table)).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first() {
        let table = |name: &str, parents: &[&str]| Table {
            name: name.to_owned(),
            columns: Vec::new(),
            parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
            is_numbered: false,
            seeds: 0,
        };
        let ordered =
            in_order(vec![table("a", &["b", "a"]), table("b", &["c"]), table("c", &[]), table("d", &["gone"])]);
        assert_eq!(ordered.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["c", "b", "a", "d"]);
    }

    #[test]
    fn declared_types_are_known() {
        for (declared, kind) in [
            ("bool", Some(Kind::Bool)),
            ("BOOLEAN", Some(Kind::Bool)),
            ("varchar(150)", Some(Kind::Text)),
            ("datetime", Some(Kind::Time)),
            ("BIGINT", Some(Kind::Integer)),
            ("REAL", None),
        ] {
            assert_eq!(kind_of(declared), kind, "{declared}");
        }
    }
}
