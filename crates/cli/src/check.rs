//! `jeton check`: everything that is wrong or odd about the settings, at once.

use std::process::ExitCode;
use std::sync::Arc;

use jeton::auth::{Auth, BuildError};
use jeton::entropy::Entropy;
use jeton::settings::{Loaded, Origin, Problem, Problems, Settings, Source};
use jeton_store::{OpenMode, Store};
use jeton_token::time::Clock;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::secret_files;
use crate::site::SiteArgs;

/// Check the settings and tell all problems at once. Exit code 1 if they cannot be used.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As a JSON object.
    #[arg(long)]
    json: bool,
    /// Also show every setting with its value and who gave it.
    #[arg(long)]
    show_origins: bool,
}

pub(crate) fn run(site: &SiteArgs, args: &Args) -> Result<ExitCode, Failure> {
    let config = site.config()?;
    let sources = site.sources()?;
    let has_file = sources.file.is_some();
    let (errors, mut warnings, origins) = match Settings::load(&sources) {
        Ok(Loaded { settings, warnings, origins, .. }) => (unfit(settings)?, warnings, origins),
        Err(Problems { errors, warnings }) => (errors, warnings, Vec::new()),
    };
    if let Some(folder) = config.parent() {
        warnings.extend(secret_files::warnings(folder, &origins));
    }
    if args.json {
        let mut report = json!({
            "config": has_file.then(|| config.display().to_string()),
            "errors": errors.iter().map(problem).collect::<Vec<_>>(),
            "warnings": warnings.iter().map(problem).collect::<Vec<_>>(),
        });
        if args.show_origins {
            report["settings"] = origins.iter().map(setting).collect();
        }
        output::json(&report)?;
        return Ok(code(&errors));
    }
    if !has_file {
        output::line(&format!("There is no settings file {}.", config.display()))?;
    }
    for (word, problems) in [("error", &errors), ("warning", &warnings)] {
        problems.iter().try_for_each(|problem| output::line(&format!("{word}: {problem}")))?;
    }
    if args.show_origins {
        let rows: Vec<_> = origins.iter().map(|o| [o.path.clone(), o.value.clone(), o.source.to_string()]).collect();
        output::table(["setting", "value", "from"], &rows)?;
    }
    output::line(&match (errors.len(), warnings.len()) {
        (0, 0) => "The settings are good.".to_owned(),
        (0, odd) => format!("The settings can be used; {} to look at.", counted(odd, "warning")),
        (wrong, _) => format!("{} to put right.", counted(wrong, "problem")),
    })?;
    Ok(code(&errors))
}

/// What only shows when the parts are put together: keys and costs.
fn unfit(settings: Settings) -> Result<Vec<Problem>, Failure> {
    let clock = Clock::system();
    let store = Store::open("sqlite::memory:", OpenMode::Create, clock.now())?;
    let told = |path: &str, error: &dyn std::fmt::Display| Problem {
        path: path.to_owned(),
        source: Source::Default,
        what: error.to_string(),
        remedy: "Change that setting.".to_owned(),
    };
    Ok(match Auth::new(Arc::new(settings), store, clock, Entropy::system()) {
        Ok(_) => Vec::new(),
        Err(BuildError::Key(error)) => vec![told("simple_jwt.SIGNING_KEY", &error)],
        Err(BuildError::HandMade(error)) => vec![told("secret_key", &error)],
        Err(error @ (BuildError::Cost(_) | BuildError::Zero(_))) => vec![told("passwords", &error)],
        Err(error @ BuildError::Threads(_)) => return Err(error.into()),
    })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "setting": problem.path,
        "from": problem.source.to_string(),
        "problem": problem.what,
        "remedy": problem.remedy,
    })
}

/// A setting with its value, redacted if it is a secret, and who gave it.
pub(crate) fn setting(origin: &Origin) -> Value {
    json!({"setting": origin.path, "value": origin.value, "from": origin.source.to_string()})
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn code(errors: &[Problem]) -> ExitCode {
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
