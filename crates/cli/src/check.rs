//! `jeton check`: everything that is wrong or odd about the settings, at once.

use std::process::ExitCode;
use std::sync::Arc;

use jeton::auth::{Auth, BuildError};
use jeton::entropy::Entropy;
use jeton::settings::{Compatibility, Loaded, Origin, Problem, Problems, Settings, Source, Sources};
use jeton_store::{OpenMode, Store};
use jeton_token::time::Clock;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::problem;
use crate::secret_files;
use crate::site::SiteArgs;
use crate::words::say;

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
    let (errors, mut warnings, origins, in_safe) = match Settings::load(&sources) {
        Ok(Loaded { settings, warnings, origins, .. }) => {
            let in_safe = refused_by_safe(&settings, &sources);
            (unfit(settings)?, warnings, origins, in_safe)
        }
        Err(Problems { errors, warnings }) => (errors, warnings, Vec::new(), Vec::new()),
    };
    if let Some(folder) = config.parent() {
        warnings.extend(secret_files::warnings(folder, &origins));
    }
    if args.json {
        let mut report = json!({
            "config": has_file.then(|| config.display().to_string()),
            "errors": errors.iter().map(as_json).collect::<Vec<_>>(),
            "warnings": warnings.iter().map(as_json).collect::<Vec<_>>(),
            "in_safe": in_safe.iter().map(as_json).collect::<Vec<_>>(),
        });
        if args.show_origins {
            report["settings"] = origins.iter().map(setting).collect();
        }
        output::json(&report)?;
        return Ok(code(&errors));
    }
    if !has_file {
        output::line(&say!("There is no settings file {}.", config.display()))?;
    }
    errors.iter().try_for_each(|error| output::line(&say!("error: {}", problem::tell(error))))?;
    warnings.iter().try_for_each(|warning| output::line(&say!("warning: {}", problem::tell(warning))))?;
    in_safe.iter().try_for_each(|problem| output::line(&say!("in safe: {}", problem::tell(problem))))?;
    if args.show_origins {
        let rows: Vec<_> =
            origins.iter().map(|o| [o.path.clone(), o.value.clone(), problem::origin(&o.source)]).collect();
        output::table([say!("setting"), say!("value"), say!("from")], &rows)?;
    }
    output::line(&match (errors.len(), warnings.len()) {
        (0, 0) => say!("The settings are good."),
        (0, 1) => say!("The settings can be used; 1 warning to look at."),
        (0, odd) => say!("The settings can be used; {} warnings to look at.", odd),
        (1, _) => say!("1 problem to put right."),
        (wrong, _) => say!("{} problems to put right.", wrong),
    })?;
    if !in_safe.is_empty() {
        output::line(&say!("The safe stance would refuse them: {} to put right before you choose it.", in_safe.len()))?;
    }
    Ok(code(&errors))
}

/// What would have to change before a site in the exact stance could choose the safe one.
fn refused_by_safe(settings: &Settings, sources: &Sources) -> Vec<Problem> {
    if settings.compatibility == Compatibility::Safe {
        return Vec::new();
    }
    let mut sources = sources.clone();
    sources.flags.push(("compatibility".to_owned(), "safe".to_owned()));
    Settings::load(&sources).err().map(|problems| problems.errors).unwrap_or_default()
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
        Err(error @ BuildError::UserIdField) => vec![told("simple_jwt.USER_ID_FIELD", &error)],
        Err(error @ BuildError::Redis) => vec![told("redis.url", &error)],
        Err(error @ BuildError::Threads(_)) => return Err(error.into()),
    })
}

fn as_json(problem: &Problem) -> Value {
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

fn code(errors: &[Problem]) -> ExitCode {
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
