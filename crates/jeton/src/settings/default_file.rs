//! The commented file that `jeton init` writes, made of what the reader itself knows.

use super::given::Setting;
use super::reader::Reader;
use super::{Compatibility, Origin, Settings, Sources};

/// The settings file for a new site: every setting with its meaning, default and environment variable, rotation and
/// blacklisting on, the secret in a file of its own.
pub fn default_file(compatibility: Compatibility) -> String {
    let flags = vec![("compatibility".to_owned(), compatibility.show().trim_matches('"').to_owned())];
    let mut reader = Reader::new(&Sources { flags, ..Sources::default() });
    Settings::read(&mut reader);

    let mut file = INTRODUCTION.to_owned();
    let mut section = "";
    for origin in &reader.origins {
        let (its_section, key) = origin.path.rsplit_once('.').unwrap_or(("", &origin.path));
        if its_section != section {
            file += tables_of(section);
            file += &format!("\n[{its_section}]\n");
            section = its_section;
        }
        file += &entry(origin, key);
    }
    file
}

fn entry(origin: &Origin, key: &str) -> String {
    let written = CHOSEN.iter().find(|(path, _)| *path == origin.path);
    let (mark, value) = match written {
        Some((_, value)) => ("", *value),
        None if origin.path == "compatibility" => ("", origin.value.as_str()),
        None => ("#", origin.value.as_str()),
    };
    let default =
        if written.is_some() && value != origin.value { format!(" Default: {}.", origin.value) } else { String::new() };
    let (meaning, name) = (format!("# {}{default}", origin.about), origin.environment_name());
    let gap = if meaning.chars().count() + name.len() < LINE { " " } else { "\n# " };
    format!("\n{meaning}{gap}[{name}]\n{mark}{key} = {value}\n")
}

fn tables_of(section: &str) -> &'static str {
    if section == "simple_jwt" { DECLARED_VALUES } else { "" }
}

/// Where a line has become too long to read.
const LINE: usize = 110;

/// What a new site starts with, default or not.
const CHOSEN: [(&str, &str); 5] = [
    ("secret_key_file", "\"jeton-data/secret_key\""),
    ("server.listen", "\"127.0.0.1:8000\""),
    ("database.url", "\"sqlite://jeton-data/jeton.db\""),
    ("simple_jwt.ROTATE_REFRESH_TOKENS", "true"),
    ("simple_jwt.BLACKLIST_AFTER_ROTATION", "true"),
];

const INTRODUCTION: &str = "\
# The settings of Jeton. `jeton check` tells everything that is wrong with them, `jeton info` what is in effect.
#
# A line such as #name = value shows a default; remove the # to change it. The environment variable in brackets does
# the same and wins over this file; a flag of the command wins over both.
#
# A length of time is a number with a unit, \"90s\", \"5m\", \"2h30m\", \"1d\", \"2w\", or a plain number of seconds.
# A size is a number of bytes, or \"64KiB\", \"1MiB\". An empty text, \"\", stands for Python's None.
";

const DECLARED_VALUES: &str = r#"
# Claims put into every token of a login: a column of the user (user.id, user.username, user.email, user.first_name,
# user.last_name, user.is_active, user.is_staff, user.is_superuser, user.last_login, user.date_joined), user.full_name,
# user.groups (a list of names), or any other value as it stands. [JETON_SIMPLE_JWT__CLAIMS__NAME]
#[simple_jwt.claims]
#username = "user.username"

# Fields added to the answer of a login, of a refresh, and of verify, in the same way.
#[simple_jwt.response]
#username = "user.username"
#[simple_jwt.response.refresh]
#[simple_jwt.response.verify]
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Loaded, SettingsFile, Source};

    fn load(folder: &std::path::Path, text: String) -> Loaded {
        std::fs::create_dir_all(folder.join("jeton-data")).unwrap();
        std::fs::write(folder.join("jeton-data/secret_key"), "x".repeat(50)).unwrap();
        let file = SettingsFile { path: folder.join("jeton.toml"), text };
        Settings::load(&Sources { file: Some(file), ..Sources::default() }).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    #[test]
    fn the_default_file_loads_without_a_warning() {
        for compatibility in [Compatibility::Safe, Compatibility::Exact] {
            let folder = tempfile::tempdir().unwrap();
            let loaded = load(folder.path(), default_file(compatibility));
            assert_eq!(loaded.warnings, []);
            let settings = loaded.settings;
            assert_eq!(settings.compatibility, compatibility);
            assert!(settings.simple_jwt.rotate_refresh_tokens && settings.simple_jwt.blacklist_after_rotation);
            assert_eq!(settings.database.url, format!("sqlite://{}/jeton-data/jeton.db", folder.path().display()));
        }
    }

    #[test]
    fn every_commented_line_is_a_setting_with_its_default() {
        for compatibility in [Compatibility::Safe, Compatibility::Exact] {
            let folder = tempfile::tempdir().unwrap();
            let commented = default_file(compatibility);
            let uncommented: Vec<&str> = commented
                .lines()
                .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
                .collect();
            let (before, after) = (load(folder.path(), commented.clone()), load(folder.path(), uncommented.join("\n")));
            let declared = |origin: &&Origin| origin.path.matches('.').count() < 2;
            for (default, written) in before.origins.iter().zip(after.origins.iter().filter(declared)) {
                assert_eq!((&default.path, &default.value), (&written.path, &written.value));
                assert!(written.value == "\"\"" || matches!(written.source, Source::File(_)), "{}", written.path);
            }
            assert_eq!(after.settings.simple_jwt.claims.len(), 1);
            assert_eq!(after.settings.simple_jwt.response.obtain.len(), 1);
        }
    }

    #[test]
    fn every_setting_stands_in_it_once_with_its_environment_variable() {
        let folder = tempfile::tempdir().unwrap();
        let text = default_file(Compatibility::Safe);
        for origin in load(folder.path(), text.clone()).origins {
            let name = format!("[{}]\n", origin.environment_name());
            assert_eq!(text.matches(&name).count(), 1, "{name}");
        }
    }
}
