//! Log lines, on stderr, as `[log]` says.

use std::io::{self, IsTerminal};

use jeton::settings::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::words::say;

/// Sets logging up for the whole process; only once.
pub(crate) fn start(log: &Log) -> Result<(), Failure> {
    let wrong =
        || Failure::refused(say!("log.level is not understood"), say!("Write error, warn, info, debug, trace or off."));
    let filter = EnvFilter::try_new(&log.level).map_err(|_| wrong())?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A line that finds no room, on a full disk, is lost: told to stderr instead, the failure would panic, and take the
    // request along.
    let lines = lines.log_internal_errors(false);
    let started = match log.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| Failure::io(say!("logs cannot be written: {}", error), say!("Please report this.")))
}
