//! The settings file as TOML, with the line of every key.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::given::Given;
use super::{Problem, Source};

/// A settings file that could be read as TOML; else an empty one.
#[derive(Default)]
pub(super) struct File {
    table: Table,
    lines: BTreeMap<String, usize>,
}

impl File {
    /// Reports everything that is not TOML, by line and never with the text of the line.
    pub(super) fn parse(text: &str, errors: &mut Vec<Problem>) -> Self {
        let (document, mistakes) = DeTable::parse_recoverable(text);
        let mut lines = BTreeMap::new();
        note_lines(text, "", document.get_ref(), &mut lines);
        let table = if mistakes.is_empty() { text.parse() } else { Ok(Table::new()) };
        let mistakes = mistakes.into_iter().chain(table.as_ref().err().cloned());
        errors.extend(mistakes.map(|mistake| Problem {
            path: String::new(),
            source: Source::File(mistake.span().map_or(1, |span: Range<usize>| line_of(text, span.start))),
            what: mistake.message().to_owned(),
            remedy:
                "Text stands in quotes, true and false in lower case, lists in [ ]; see https://toml.io.".to_owned(),
        }));
        Self { table: table.unwrap_or_default(), lines }
    }

    /// The value at a dotted path.
    pub(super) fn find(&self, path: &str) -> Option<Given> {
        let mut table = &self.table;
        let mut rest = path;
        loop {
            if let Some(value) = table.get(rest) {
                let source = Source::File(self.lines.get(path).copied().unwrap_or(1));
                return Some(Given { value: value.clone(), text: None, source });
            }
            let (name, below) = rest.split_once('.')?;
            table = table.get(name)?.as_table()?;
            rest = below;
        }
    }

    pub(super) fn is_table(&self, name: &str) -> bool {
        self.table.get(name).is_some_and(Value::is_table)
    }

    /// Every setting in it, and every section that holds none, with its line.
    pub(super) fn paths(&self) -> Vec<(String, usize)> {
        let mut paths = Vec::new();
        for (name, value) in &self.table {
            match value {
                Value::Table(table) if table.is_empty() => paths.push(name.clone()),
                Value::Table(table) => paths.extend(table.keys().map(|key| format!("{name}.{key}"))),
                _ => paths.push(name.clone()),
            }
        }
        let with_line = |path: String| {
            let line = self.lines.get(&path).copied().unwrap_or(1);
            (path, line)
        };
        paths.into_iter().map(with_line).collect()
    }
}

fn note_lines(text: &str, prefix: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        if let DeValue::Table(table) = value.get_ref() {
            note_lines(text, &path, table, lines);
        }
        lines.insert(path, line_of(text, key.span().start));
    }
}

fn line_of(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_knows_its_line() {
        let mut errors = Vec::new();
        let file = File::parse("a = 1\n\n[b]\nc = 2\n[b.d]\n\"e.f\" = 3\n", &mut errors);
        assert_eq!(errors, []);
        assert_eq!(file.find("a").unwrap().source, Source::File(1));
        assert_eq!(file.find("b.c").unwrap().source, Source::File(4));
        assert_eq!(file.find("b.d.e.f").unwrap().source, Source::File(6));
        assert!(file.find("b.x").is_none());
    }

    #[test]
    fn all_mistakes_are_told_by_line_and_without_the_text() {
        let mut errors = Vec::new();
        File::parse("secret_key = hunter2 again\n[server]\nlisten = True\nlisten = \"x\n", &mut errors);
        assert!(errors.len() >= 3, "{errors:#?}");
        assert_eq!(errors[0].source, Source::File(1));
        assert!(errors.iter().all(|error| !error.to_string().contains("hunter2")));
    }
}
