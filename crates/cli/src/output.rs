//! Output: tables for people on a terminal, plain columns for scripts, JSON where it is asked for.

use std::io::{self, IsTerminal, Write};

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use jeton_token::time::Timestamp;
use serde::Serialize;

use crate::failure::Failure;

/// Writes a line to stdout.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// Writes a value to stdout as JSON, indented.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    line(&text)
}

/// Writes rows under their headings: a table on a terminal; else one line a row, with tabs between and no headings.
pub(crate) fn table<const N: usize>(headings: [String; N], rows: &[[String; N]]) -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for row in rows {
            writeln!(out, "{}", row.each_ref().map(|cell| printable(cell)).join("\t"))?;
        }
        return Ok(out.flush()?);
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(headings);
    for row in rows {
        table.add_row(row.each_ref().map(|cell| printable(cell)));
    }
    line(&table.to_string())
}

/// Writes names and values, aligned.
pub(crate) fn pairs(pairs: &[(String, String)]) -> Result<(), Failure> {
    let width = pairs.iter().map(|(name, _)| columns(name)).max().unwrap_or_default();
    pairs.iter().try_for_each(|(name, value)| {
        let gap = " ".repeat(width - columns(name));
        line(format!("{name}{gap}  {}", printable(value)).trim_end())
    })
}

/// How wide a text of ours is on a terminal: a Korean syllable takes two columns.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(|c| if ('가'..='힣').contains(&c) { 2 } else { 1 }).sum()
}

/// A word beside the output, to stderr.
pub(crate) fn note(text: &str) {
    // Nowhere is left to tell that stderr is closed.
    _ = writeln!(io::stderr(), "{text}");
}

/// Text that came from elsewhere, without the characters that command a terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => safe.extend(letter.escape_default()),
            false => safe.push(letter),
        }
    }
    safe
}

/// A moment as DRF writes it, in UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_commands_the_terminal() {
        assert_eq!(printable("민정\u{1b}[2J\tx"), "민정\\u{1b}[2J\\tx");
    }
}
