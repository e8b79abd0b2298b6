//! Reading settings: looks values up from the strongest source to the weakest, and remembers all that is wrong.

use std::collections::BTreeSet;
use std::path::PathBuf;

use toml::Value;

use super::file::File;
use super::given::{Given, Setting, Wrong};
use super::suggestion::closest;
use super::{Origin, Problem, Source, Sources};

/// The sources of one load, and what has been found out about them.
pub(super) struct Reader {
    file: File,
    /// From flags and environment, strongest first.
    overrides: Vec<Override>,
    /// Relative paths in settings count from here.
    folder: PathBuf,
    sections: BTreeSet<&'static str>,
    known: BTreeSet<String>,
    /// Tables whose keys are the operator's own.
    tables: BTreeSet<String>,
    pub(super) errors: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) origins: Vec<Origin>,
}

/// A value from outside the file, by a path whose case does not count.
struct Override {
    path: String,
    given: Given,
}

/// One `[section]` being read; the nameless one holds the keys above all sections.
pub(super) struct Section<'r> {
    reader: &'r mut Reader,
    name: &'static str,
}

impl Reader {
    pub(super) fn new(sources: &Sources) -> Self {
        let mut errors = Vec::new();
        let (file, folder) = match &sources.file {
            Some(file) => (File::parse(&file.text, &mut errors), file.path.parent().map(PathBuf::from)),
            None => (File::default(), None),
        };
        let flags = sources
            .flags
            .iter()
            .rev()
            .map(|(path, text)| Override { path: path.clone(), given: Given::from_text(text, Source::Flag) });
        let environment = sources.environment.iter().filter_map(|(name, text)| {
            let (prefix, path) = name.split_at_checked(PREFIX.len())?;
            prefix.eq_ignore_ascii_case(PREFIX).then(|| Override {
                path: path.replace("__", "."),
                given: Given::from_text(text, Source::Environment(name.clone())),
            })
        });
        Self {
            file,
            overrides: flags.chain(environment).collect(),
            folder: folder.unwrap_or_default(),
            sections: BTreeSet::new(),
            known: BTreeSet::new(),
            tables: BTreeSet::new(),
            errors,
            warnings: Vec::new(),
            origins: Vec::new(),
        }
    }

    pub(super) fn section(&mut self, name: &'static str) -> Section<'_> {
        self.sections.insert(name);
        Section { reader: self, name }
    }

    /// A problem of several settings together, told at `path`.
    pub(super) fn refuse(&mut self, path: &str, wrong: Wrong) {
        let problem = self.problem(path, wrong);
        self.errors.push(problem);
    }

    /// Something odd that has a meaning all the same.
    pub(super) fn warn(&mut self, path: &str, wrong: Wrong) {
        let problem = self.problem(path, wrong);
        self.warnings.push(problem);
    }

    fn problem(&self, path: &str, wrong: Wrong) -> Problem {
        let source = self.find(path).map_or(Source::Default, |given| given.source);
        Problem { path: path.to_owned(), source, what: wrong.what, remedy: wrong.remedy }
    }

    fn find(&self, path: &str) -> Option<Given> {
        let outside = self.overrides.iter().find(|over| over.path.eq_ignore_ascii_case(path));
        outside.map(|over| over.given.clone()).or_else(|| self.file.find(path))
    }

    /// Whatever was given and nobody asked for is a mistake.
    pub(super) fn report_unknown(&mut self) {
        let mut unknown = Vec::new();
        for (path, line) in self.file.paths() {
            let is_an_empty_section = self.sections.contains(path.as_str()) && self.file.is_table(&path);
            if !is_an_empty_section && !self.is_known(&path) {
                unknown.push((path, Source::File(line)));
            }
        }
        for over in &self.overrides {
            if !self.is_known(&over.path) {
                unknown.push((over.path.clone(), over.given.source.clone()));
            }
        }
        for (path, source) in unknown {
            let chance_find = matches!(source, Source::Environment(_)) && !path.contains('.');
            if chance_find && is_a_container_link(&path) {
                continue;
            }
            let what = "there is no such setting".to_owned();
            let problem = Problem { remedy: self.remedy_for_unknown(&path), path, source, what };
            if chance_find { self.warnings.push(problem) } else { self.errors.push(problem) }
        }
    }

    fn is_known(&self, path: &str) -> bool {
        self.known.iter().any(|known| known == path)
            || self.tables.iter().any(|table| {
                let inside = path.split_at_checked(table.len());
                inside.is_some_and(|(start, rest)| start.eq_ignore_ascii_case(table) && rest.starts_with('.'))
            })
            || self.overrides.iter().any(|over| over.path == path)
                && self.known.iter().any(|known| known.eq_ignore_ascii_case(path))
    }

    fn remedy_for_unknown(&self, path: &str) -> String {
        if self.sections.contains(path) {
            return format!("Write it as a section: [{path}], and its settings below.");
        }
        match closest(path, self.known.iter().map(String::as_str)) {
            Some(known) => format!("Did you mean {known}?"),
            None if path.split('.').next().is_some_and(|name| self.sections.contains(name)) => {
                "Remove it; `jeton init --print` shows every setting there is.".to_owned()
            }
            None => {
                let names: Vec<&str> = self.sections.iter().copied().filter(|name| !name.is_empty()).collect();
                format!("The sections are {}.", names.join(", "))
            }
        }
    }
}

impl Section<'_> {
    /// A setting, or its default; what is wrong with it is remembered and the default stands in.
    pub(super) fn read<T: Setting>(&mut self, key: &str, about: &'static str, default: T) -> T {
        self.read_if(key, about, default, |_| Ok(()))
    }

    /// The same, for a value that must also pass a check.
    pub(super) fn read_if<T: Setting>(
        &mut self,
        key: &str,
        about: &'static str,
        default: T,
        check: impl FnOnce(&T) -> Result<(), Wrong>,
    ) -> T {
        let path = self.path(key);
        let (value, source) = match self.given(key) {
            None => (default, Source::Default),
            Some(given) => {
                let checked = T::parse(&given).and_then(|value| match check(&value) {
                    Ok(()) => Ok(value),
                    Err(wrong) => Err(vec![wrong]),
                });
                match checked {
                    Ok(value) => (value, given.source),
                    Err(wrong) => {
                        wrong.into_iter().for_each(|wrong| self.refuse(key, wrong));
                        (default, Source::Default)
                    }
                }
            }
        };
        self.reader.origins.push(Origin { path, value: value.show(), source, about });
        value
    }

    /// The value as it was given, of a setting that is read by other means.
    pub(super) fn given(&mut self, key: &str) -> Option<Given> {
        let path = self.path(key);
        let given = self.reader.find(&path);
        self.reader.known.insert(path);
        given
    }

    /// A table of the operator's own keys, in the order they are written; stronger sources replace single entries.
    pub(super) fn table(&mut self, key: &str) -> Vec<(String, Given)> {
        let path = self.path(key);
        let mut entries = match self.given(key) {
            None => Vec::new(),
            Some(Given { value: Value::Table(table), source, .. }) => {
                let entry = |(name, value): (String, Value)| {
                    let inside = self.reader.file.find(&format!("{path}.{name}")).map(|given| given.source);
                    let source = inside.unwrap_or_else(|| source.clone());
                    (name, Given { value, text: None, source })
                };
                table.into_iter().map(entry).collect()
            }
            Some(_) => {
                self.refuse(key, Wrong::new("is not a table", format!("Write a section: [{path}].")));
                Vec::new()
            }
        };
        for over in self.reader.overrides.iter().rev() {
            let Some((start, name)) = over.path.split_at_checked(path.len()) else { continue };
            let Some(name) = name.strip_prefix('.').filter(|name| !name.contains('.')) else { continue };
            if !start.eq_ignore_ascii_case(&path) {
                continue;
            }
            match entries.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, given)) => *given = over.given.clone(),
                None => entries.push((own_spelling(name), over.given.clone())),
            }
        }
        self.reader.tables.insert(path);
        entries
    }

    /// Records an entry of such a table.
    pub(super) fn show_entry(&mut self, key: &str, value: String, source: Source, about: &'static str) {
        let path = self.path(key);
        self.reader.origins.push(Origin { path, value, source, about });
    }

    pub(super) fn refuse(&mut self, key: &str, wrong: Wrong) {
        let path = self.path(key);
        self.reader.refuse(&path, wrong);
    }

    pub(super) fn warn(&mut self, key: &str, wrong: Wrong) {
        let path = self.path(key);
        self.reader.warn(&path, wrong);
    }

    /// Relative paths count from here.
    pub(super) fn folder(&self) -> PathBuf {
        self.reader.folder.clone()
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

/// Environment variables are shouted by custom; names of claims are not.
fn own_spelling(name: &str) -> String {
    if name.chars().any(char::is_lowercase) { name.to_owned() } else { name.to_lowercase() }
}

/// Container platforms set `JETON_PORT_8000_TCP_ADDR` and the like for a service that is called jeton.
fn is_a_container_link(path: &str) -> bool {
    let name = path.to_ascii_uppercase();
    name == "PORT"
        || name == "NAME"
        || name.starts_with("PORT_")
        || name.starts_with("SERVICE_")
        || name.starts_with("ENV_")
}

const PREFIX: &str = "JETON_";
