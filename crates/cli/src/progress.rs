//! How far a copy has come, on one line of a terminal that is written over again and again.

use std::io::{self, IsTerminal, Write};

use jeton_store::moving::{Progress, TableSum};

use crate::failure::Failure;
use crate::output;
use crate::words::say;

/// Tells nothing where nobody sits.
pub(crate) struct Line {
    is_seen: bool,
    is_begun: bool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { is_seen: io::stderr().is_terminal(), is_begun: false }
    }

    pub(crate) fn tell(&mut self, progress: Progress<'_>) {
        if !self.is_seen {
            return;
        }
        let text = match progress {
            Progress::Bytes { done, of } => say!("{} of about {} bytes", done, of),
            Progress::Rows { table, done, of } => say!("{}: {} of {} rows", table, done, of),
        };
        self.is_begun = true;
        // Nowhere is left to tell that stderr is closed.
        _ = write!(io::stderr(), "\r\u{1b}[K{text}");
    }

    /// Leaves the line to others.
    pub(crate) fn end(self) {
        if self.is_begun {
            _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// What was copied, table by table.
pub(crate) fn tables(tables: &[TableSum]) -> Result<(), Failure> {
    let rows: Vec<_> =
        tables.iter().map(|table| [table.name.clone(), table.rows.to_string(), table.checksum.clone()]).collect();
    output::table([say!("table"), say!("rows"), say!("SHA-256 of all rows")], &rows)
}

pub(crate) fn tables_json(tables: &[TableSum]) -> serde_json::Value {
    tables
        .iter()
        .map(|table| serde_json::json!({"name": table.name, "rows": table.rows, "sha256": table.checksum}))
        .collect()
}

/// What is not Jeton's, and stays where it is.
pub(crate) fn left(left: &[String]) {
    if !left.is_empty() {
        output::note(&say!("Not Jeton's, and not taken along: {}", left.join(", ")));
    }
}
