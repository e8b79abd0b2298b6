//! Secrets among the settings: given directly, or in a file of their own.

use jeton_token::secret::Secret;

use super::Source;
use super::given::{Given, Wrong};
use super::reader::Section;

impl Section<'_> {
    /// A secret: under its name, or in the file that `NAME_FILE` names. The empty text is no secret.
    pub(super) fn secret(
        &mut self,
        key: &str,
        about: &'static str,
        file_key: &str,
        about_file: &'static str,
    ) -> Option<Secret<String>> {
        let direct = self.given(key).filter(|given| given.as_text() != Some(""));
        let in_file = self.given(file_key).filter(|given| given.as_text() != Some(""));
        let (direct, in_file) = match (direct, in_file) {
            (Some(direct), Some(in_file)) if rank(&direct.source) == rank(&in_file.source) => {
                self.refuse(
                    key,
                    Wrong::new(format!("both {key} and {file_key} are set"), "Keep one of them and remove the other."),
                );
                (None, None)
            }
            (Some(direct), Some(in_file)) if rank(&direct.source) > rank(&in_file.source) => (Some(direct), None),
            (Some(_), in_file @ Some(_)) => (None, in_file),
            either => either,
        };
        self.show_secret(key, about, direct.as_ref());
        self.show_secret(file_key, about_file, in_file.as_ref());
        if let Some(given) = direct {
            return self.secret_text(key, &given);
        }
        self.secret_in_file(file_key, &in_file?)
    }

    fn secret_text(&mut self, key: &str, given: &Given) -> Option<Secret<String>> {
        let text = given.text.as_deref().or(given.value.as_str());
        if text.is_none() {
            self.refuse(key, Wrong::new("is not text", "Write the secret in quotes."));
        }
        text.map(Secret::from)
    }

    fn secret_in_file(&mut self, key: &str, given: &Given) -> Option<Secret<String>> {
        let Some(name) = given.as_text() else {
            self.refuse(key, Wrong::new("is not text", "Write the path of a file, in quotes."));
            return None;
        };
        let path = self.folder().join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => {
                let what = format!("{} is empty", path.display());
                self.refuse(key, Wrong::new(what, "Put the secret into it, or name another file."));
                None
            }
            Ok(text) => Some(Secret::from(text.strip_suffix('\n').map_or(text.as_str(), without_return))),
            Err(error) => {
                let what = format!("{} cannot be read: {error}", path.display());
                self.refuse(key, Wrong::new(what, "Make the file readable for this user, or name another one."));
                None
            }
        }
    }

    fn show_secret(&mut self, key: &str, about: &'static str, given: Option<&Given>) {
        let source = given.map_or(Source::Default, |given| given.source.clone());
        let value = match given {
            None => "\"\"".to_owned(),
            Some(given) if key.to_ascii_lowercase().ends_with("_file") => given.value.to_string(),
            Some(_) => "(secret)".to_owned(),
        };
        self.show_entry(key, value, source, about);
    }
}

/// How strong a source is.
fn rank(source: &Source) -> u8 {
    match source {
        Source::Default => 0,
        Source::File(_) => 1,
        Source::Environment(_) => 2,
        Source::Flag => 3,
    }
}

fn without_return(line: &str) -> &str {
    line.strip_suffix('\r').unwrap_or(line)
}
