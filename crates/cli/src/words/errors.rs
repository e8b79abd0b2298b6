//! What is wrong with a command line, in Korean. In English clap says it.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{fill, help, speaks_korean};

/// Tells what clap has to tell: help and version on stdout, mistakes on stderr.
pub(crate) fn tell(error: &clap::Error, command: &mut Command) -> ExitCode {
    let said = if speaks_korean() && error.use_stderr() { in_korean(error, command) } else { None };
    // Nowhere is left to tell that the output is closed.
    _ = match said {
        Some(text) => write!(io::stderr(), "{text}"),
        None => error.print(),
    };
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
}

/// Nothing where clap's own words must do: help, and mistakes that this command line has no occasion for.
fn in_korean(error: &clap::Error, command: &mut Command) -> Option<String> {
    let part = |kind| error.get(kind).map(ContextValue::to_string).filter(|text| !text.is_empty());
    let (argument, value) = (part(ContextKind::InvalidArg), part(ContextKind::InvalidValue));
    let problem = match (error.kind(), argument, value) {
        (ErrorKind::InvalidValue, Some(argument), None) => fill("{}에 값이 필요합니다", &[&argument]),
        (ErrorKind::InvalidValue, Some(argument), Some(value)) => {
            fill("{}에 쓸 수 없는 값입니다: {}", &[&argument, &value])
        }
        (ErrorKind::ValueValidation, Some(argument), Some(value)) => {
            let reason = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
            fill("{}에 쓸 수 없는 값입니다: {}{}", &[&argument, &value, &reason])
        }
        (ErrorKind::UnknownArgument, Some(argument), _) => fill("모르는 인자입니다: {}", &[&argument]),
        (ErrorKind::InvalidSubcommand, ..) => {
            fill("모르는 명령입니다: {}", &[&part(ContextKind::InvalidSubcommand).unwrap_or_default()])
        }
        (ErrorKind::MissingSubcommand, ..) => "명령이 필요합니다".to_owned(),
        (ErrorKind::MissingRequiredArgument, Some(arguments), _) => fill("빠진 인자가 있습니다: {}", &[&arguments]),
        (ErrorKind::ArgumentConflict, Some(argument), _) => match part(ContextKind::PriorArg) {
            Some(other) if other == argument => fill("{}{은/는} 한 번만 쓸 수 있습니다", &[&argument]),
            Some(other) => fill("{}{은/는} {}{과/와} 함께 쓸 수 없습니다", &[&argument, &other]),
            None => fill("{}{은/는} 다른 인자와 함께 쓸 수 없습니다", &[&argument]),
        },
        (ErrorKind::TooManyValues, Some(argument), Some(value)) => {
            fill("{}에 값이 너무 많습니다: {}", &[&argument, &value])
        }
        (ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues, Some(argument), _) => {
            fill("{}에 쓴 값의 개수가 맞지 않습니다", &[&argument])
        }
        _ => return None,
    };
    let mut lines = vec![fill("오류: {}", &[&problem])];
    for (kind, hint) in HINTS {
        lines.extend(part(kind).map(|words| fill(hint, &[&words])));
    }
    let usage = match part(ContextKind::Usage) {
        Some(usage) => help::translated_usage(&usage),
        None => help::usage(command),
    };
    lines.push(fill("\n사용법: {}\n\n자세한 도움말은 '--help'로 볼 수 있습니다.\n", &[&usage]));
    Some(lines.join("\n"))
}

const HINTS: [(ContextKind, &str); 5] = [
    (ContextKind::ValidValue, "  가능한 값: {}"),
    (ContextKind::SuggestedArg, "  혹시 이것을 찾으셨나요? {}"),
    (ContextKind::SuggestedSubcommand, "  혹시 이것을 찾으셨나요? {}"),
    (ContextKind::SuggestedValue, "  혹시 이것을 찾으셨나요? {}"),
    (ContextKind::ExpectedNumValues, "  필요한 개수: {}"),
];
