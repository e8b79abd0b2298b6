//! Whether the catalogue is whole: everything that can be said has its Korean, and nothing else has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use jeton::settings::{Compatibility, default_file};

use super::{FILE, entries, placeholder};
use crate::args::Cli;

#[test]
fn everything_that_is_said_has_its_korean_and_nothing_else_has() {
    let said = said();
    let known: BTreeSet<String> = entries(FILE).into_iter().map(|(english, _)| english).collect();
    let missing: Vec<_> = said.difference(&known).map(|text| format!("msgid {text:?}\nmsgstr \"\"\n")).collect();
    assert!(missing.is_empty(), "add these to crates/cli/src/words/ko.po:\n{}", missing.join("\n"));
    let stale: Vec<_> = known.difference(&said).collect();
    assert!(stale.is_empty(), "nobody says these any more; remove them from crates/cli/src/words/ko.po: {stale:#?}");
}

#[test]
fn every_entry_is_there_once_translated_and_with_the_same_values() {
    let entries = entries(FILE);
    let unique: BTreeSet<_> = entries.iter().map(|(english, _)| english).collect();
    assert_eq!(unique.len(), entries.len(), "an entry is there twice");
    let values = |mut text: &str| {
        let mut count = 0;
        while let Some((_, name, after)) = placeholder(text) {
            count += usize::from(!name.contains('/'));
            text = after;
        }
        count
    };
    for (english, korean) in &entries {
        assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "no Korean for {english:?}");
        assert_eq!(values(english), values(korean), "{english:?}: {korean:?}");
        assert_eq!(english.ends_with('\n'), korean.ends_with('\n'), "{english:?}");
    }
}

#[test]
fn commands_say_nothing_in_english_alone() {
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let code = code(&file);
        let starts = SPOKEN.iter().flat_map(|opening| code.match_indices(opening).map(|(at, _)| at + opening.len()));
        for start in starts {
            let mut call = call(&code[start..]).to_owned();
            while let Some(at) = call.find("say!(") {
                let said = super::completeness::call(&call[at + "say!(".len()..]).len();
                call.replace_range(at..at + "say!(".len() + said, "");
            }
            let spoken: Vec<_> = literals(&call, usize::MAX).into_iter().filter(|text| is_spoken(text)).collect();
            assert!(spoken.is_empty(), "say these with say!: {spoken:?}");
        }
    }
}

/// Two words in a row.
fn is_spoken(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .any(|three| matches!(three, [a, b' ', b] if a.is_ascii_lowercase() && b.is_ascii_lowercase()))
}

/// Every sentence: of the help, of the commands, of the settings, of the errors that commands show.
fn said() -> BTreeSet<String> {
    let mut command = Cli::command();
    command.build();
    let mut said = BTreeSet::new();
    of_help(&command, &mut said);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in sources(&here.join("src")) {
        let said_here = calls(&file, &["say!("], 1).into_iter().chain(problems(&file));
        said.extend(said_here);
    }
    // What the settings file explains is not said by commands.
    let explained = default_file(Compatibility::Safe);
    for file in sources(&here.join("../jeton/src/settings")) {
        let remedies =
            literals(&code(&file), usize::MAX).into_iter().filter(|text| is_sentence(text) && !text.starts_with("A "));
        said.extend(remedies.filter(|text| !explained.contains(text)).map(|text| shape(&text)));
        said.extend(problems(&file));
    }
    for path in ERRORS {
        let text = fs::read_to_string(here.join("..").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let shapes = calls(&text, &["#[error(", "f.write_str(", "write!(f, "], 1).into_iter().map(|text| shape(&text));
        let shapes = shapes.filter(|shape| shape.contains(' '));
        if path.starts_with("store") {
            said.extend(shapes.flat_map(|shape| {
                let (what, next) = crate::failure::what_and_next(&shape);
                [what.to_owned(), next]
            }));
        } else {
            said.extend(shapes);
        }
    }
    said.retain(|text| text.chars().any(char::is_alphabetic));
    said
}

fn of_help(command: &Command, said: &mut BTreeSet<String>) {
    let texts = [command.get_about(), command.get_long_about(), command.get_after_help()];
    said.extend(texts.into_iter().flatten().map(ToString::to_string));
    command.get_arguments().for_each(|argument| of_argument(argument, said));
    command.get_subcommands().for_each(|command| of_help(command, said));
}

fn of_argument(argument: &Arg, said: &mut BTreeSet<String>) {
    said.extend([argument.get_help(), argument.get_long_help()].into_iter().flatten().map(ToString::to_string));
    let values = argument.get_possible_values();
    said.extend(values.iter().filter_map(|value| value.get_help()).map(ToString::to_string));
}

/// The shapes of what is wrong and what to do, as settings tell it.
fn problems(source: &str) -> Vec<String> {
    let whole = calls(source, &["Wrong::new(", "what: ", "remedy: ", "let what = ", "let remedy = "], 2);
    let nouns = calls(source, &[".wrong("], 2);
    let nouns = nouns.into_iter().filter(|noun| !noun.starts_with('{'));
    let nouns = nouns.map(|noun| if is_sentence(&noun) { noun } else { format!("{{}} is not {noun}") });
    whole.into_iter().chain(nouns).map(|text| shape(&text)).filter(|shape| shape.contains(' ')).collect()
}

/// Remedies are sentences; what a value is not is a noun.
fn is_sentence(text: &str) -> bool {
    text.ends_with(['.', '?']) && text.contains(' ') && text.starts_with(char::is_alphabetic)
}

/// The same text with nameless placeholders.
fn shape(text: &str) -> String {
    let (mut shape, mut rest) = (String::new(), text);
    while let Some((before, _, after)) = placeholder(rest) {
        shape.push_str(before);
        shape.push_str("{}");
        rest = after;
    }
    shape + rest
}

/// The first so many string literals of each of these calls.
fn calls(source: &str, openings: &[&str], most: usize) -> Vec<String> {
    let code = code(source);
    let starts = openings.iter().flat_map(|opening| code.match_indices(opening).map(|(at, found)| at + found.len()));
    starts.flat_map(|start| literals(call(&code[start..]), most)).collect()
}

/// A source without its comments and tests.
fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    lines.join("\n").replace("'\"'", "' '")
}

/// What stands before the end of the call or of the statement.
fn call(code: &str) -> &str {
    let (mut depth, mut is_text, mut escaped) = (0_i32, false, false);
    for (at, c) in code.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return &code[..at],
            ')' | ']' | '}' => depth -= 1,
            ';' => return &code[..at],
            _ => {}
        }
    }
    code
}

/// The first so many string literals.
fn literals(code: &str, most: usize) -> Vec<String> {
    let (mut found, mut chars) = (Vec::new(), code.chars().peekable());
    while found.len() < most && chars.by_ref().any(|c| c == '"') {
        let mut text = String::new();
        while let Some(c) = chars.next().filter(|c| *c != '"') {
            match (c, chars.peek()) {
                ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                ('\\', Some('n')) => (_, _) = (chars.next(), text.push('\n')),
                ('\\', Some(_)) => text.extend(chars.next()),
                _ => text.push(c),
            }
        }
        found.push(text);
    }
    found
}

fn sources(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("completeness.rs") {
            files.push(fs::read_to_string(&path).unwrap());
        }
    }
    files
}

/// What prints for people.
const SPOKEN: [&str; 6] =
    ["Failure::refused(", "Failure::usage(", "Failure::io(", "output::line(", "output::note(", "output::table("];

/// Where the errors are defined that commands pass on.
const ERRORS: [&str; 13] = [
    "store/src/error.rs",
    "store/src/moving/error.rs",
    "jeton/src/auth/build.rs",
    "jeton/src/auth/users.rs",
    "jeton/src/auth/error.rs",
    "jeton/src/auth/keys/error.rs",
    "jeton/src/auth/setup.rs",
    "jeton/src/jwks/fetch.rs",
    "jeton/src/passwords/cost.rs",
    "jeton/src/passwords/mod.rs",
    "jeton/src/passwords/validators/mod.rs",
    "token/src/key/error.rs",
    "token/src/error.rs",
];
