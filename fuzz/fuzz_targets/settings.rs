//! Settings from file, environment and flags: loading never panics, and nothing it says shows a secret.
#![no_main]

use jeton::settings::{Settings, SettingsFile, Sources};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "tell-tale-0123456789-0123456789-0123456789";

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    if names_a_file(text) || text.contains("tell-tale") {
        return;
    }
    let shown = match Settings::load(&sources(*choice, text)) {
        Ok(loaded) => {
            let warnings: String = loaded.warnings.iter().map(ToString::to_string).collect();
            format!("{loaded:?} {warnings}")
        }
        Err(problems) => {
            assert!(!problems.errors.is_empty());
            let warnings: String = problems.warnings.iter().map(ToString::to_string).collect();
            format!("{problems:?} {problems} {warnings}")
        }
    };
    assert!(!shown.contains("tell-tale"), "{shown}");
});

fn sources(choice: u8, text: &str) -> Sources {
    let mut sources = Sources::default();
    let file = match choice % 7 {
        0 => format!("secret_key = \"{SECRET}\"\n{text}"),
        1 => format!("secret_key = [\"{SECRET}\"]\n{text}"),
        2 => format!("secret_key = \"{SECRET}\"\nsimple_jwt.SIGNING_KEY = {{ x = \"{SECRET}\" }}\n{text}"),
        3 => {
            sources.environment = pairs(text, "JETON_");
            sources.environment.push(("JETON_SECRET_KEY".to_owned(), SECRET.to_owned()));
            String::new()
        }
        4 => {
            sources.flags = pairs(text, "");
            sources.flags.push(("secret_key".to_owned(), SECRET.to_owned()));
            String::new()
        }
        5 => {
            sources.environment.push(("JETON_SIMPLE_JWT__SIGNING_KEY".to_owned(), SECRET.to_owned()));
            text.to_owned()
        }
        _ => format!("secret_key = \"{SECRET}\n{text}"),
    };
    sources.file = Some(SettingsFile { path: "/etc/jeton/jeton.toml".into(), text: file });
    sources
}

fn pairs(text: &str, prefix: &str) -> Vec<(String, String)> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (format!("{prefix}{name}"), value.to_owned())).collect()
}

/// Settings that name files read them; the files of this machine are no input.
fn names_a_file(text: &str) -> bool {
    text.to_ascii_lowercase().contains("_file") || ["\\u", "\\U", "\\x"].iter().any(|escape| text.contains(escape))
}
