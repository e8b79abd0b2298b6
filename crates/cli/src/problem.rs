//! A problem of the settings, told in the language of the locale.

use jeton::settings::{Problem, Source};

use crate::words::{say, told};

/// The setting and who gave it, what is wrong, and on a second line what to do.
pub(crate) fn tell(problem: &Problem) -> String {
    let place = match (&problem.path, &problem.source) {
        (path, Source::Default) => path.clone(),
        (path, source) if path.is_empty() => origin(source),
        (path, source) => format!("{path} ({})", origin(source)),
    };
    format!("{place}: {}\n    {}", told(&problem.what), told(&problem.remedy))
}

/// Who gave a value.
pub(crate) fn origin(source: &Source) -> String {
    match source {
        Source::Default => say!("default"),
        Source::File(line) => say!("line {}", line),
        Source::Environment(name) => name.clone(),
        Source::Flag => say!("flag"),
    }
}
