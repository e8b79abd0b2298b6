//! The help of the command in Korean: clap's own words and ours.

use clap::{Arg, Command};

use super::{fill, korean};

/// The same command line, explained in Korean.
pub(crate) fn in_korean(mut command: Command) -> Command {
    command.build();
    explained(command)
}

fn explained(mut command: Command) -> Command {
    let usage = usage(&mut command);
    let about = command.get_about().map(|text| ours(&text.to_string()));
    let long_about = command.get_long_about().map(|text| ours(&text.to_string()));
    let after = command.get_after_help().map(|text| ours(&text.to_string()));
    command = command
        .override_usage(usage)
        .help_template(TEMPLATE)
        .subcommand_help_heading("명령")
        .subcommand_value_name("명령")
        .mut_args(argument)
        .mut_subcommands(explained);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(long_about) = long_about {
        command = command.long_about(long_about);
    }
    match after {
        Some(after) => command.after_help(after),
        None => command,
    }
}

/// What clap prints behind `Usage:`, as a Korean reads it.
pub(super) fn usage(command: &mut Command) -> String {
    translated_usage(&command.render_usage().to_string())
}

pub(super) fn translated_usage(usage: &str) -> String {
    let usage = usage.strip_prefix("Usage: ").or_else(|| usage.strip_prefix("사용법: ")).unwrap_or(usage);
    usage.replace("[OPTIONS]", "[옵션]").replace("<COMMAND>", "<명령>")
}

fn argument(argument: Arg) -> Arg {
    let heading = if argument.is_positional() { "인자" } else { "옵션" };
    let notes = notes(&argument);
    let with_notes = |text: String| if notes.is_empty() { text } else { format!("{text} {notes}") };
    let help = argument.get_help().map(|text| with_notes(ours(&text.to_string())));
    let long = argument.get_long_help().map(|text| ours(&text.to_string())).or_else(|| {
        let meanings = meanings(&argument);
        (!meanings.is_empty()).then(|| format!("{}\n\n{meanings}", help.clone().unwrap_or_default()))
    });
    let argument = argument.help_heading(heading).hide_default_value(true).hide_env(true).hide_possible_values(true);
    let argument = match help {
        Some(help) => argument.help(help),
        None => argument,
    };
    match long {
        Some(long) => argument.long_help(long),
        None => argument,
    }
}

/// What clap puts into brackets behind the help of an argument.
fn notes(argument: &Arg) -> String {
    let mut notes = Vec::new();
    if let Some(variable) = argument.get_env() {
        notes.push(fill("[환경 변수: {}]", &[&variable.to_string_lossy()]));
    }
    let takes_values = argument.get_action().takes_values();
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes_values && !defaults.is_empty() && !argument.is_hide_default_value_set() {
        notes.push(fill("[기본값: {}]", &[&defaults.join(", ")]));
    }
    let words: Vec<_> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if takes_values && !words.is_empty() && !argument.is_hide_possible_values_set() {
        notes.push(fill("[가능한 값: {}]", &[&words.join(", ")]));
    }
    notes.join(" ")
}

/// Each word that an argument takes, with its meaning; nothing if they have none.
fn meanings(argument: &Arg) -> String {
    let values = argument.get_possible_values();
    let lines = values.iter().filter_map(|value| {
        let meaning = ours(&value.get_help()?.to_string());
        Some(format!("- {}: {meaning}", value.get_name()))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn ours(english: &str) -> String {
    korean(english).unwrap_or(english).to_owned()
}

const TEMPLATE: &str = "{before-help}{about-with-newline}\n사용법: {usage}\n\n{all-args}{after-help}";
