//! What is wrong with settings, said so that it can be put right.

use std::error::Error;
use std::fmt;

use super::Source;

/// One thing that is wrong, or only odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `simple_jwt.LEEWAY`; empty where the file itself cannot be read as TOML.
    pub path: String,
    /// Who gave the value.
    pub source: Source,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Why settings cannot be used: everything at once. Secrets are never quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// What must be put right; never empty.
    pub errors: Vec<Problem>,
    /// What is odd beside it.
    pub warnings: Vec<Problem>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, &self.source) {
            (path, Source::Default) => write!(f, "{path}: ")?,
            (path, source) if path.is_empty() => write!(f, "{source}: ")?,
            (path, source) => write!(f, "{path} ({source}): ")?,
        }
        write!(f, "{}\n    {}", self.what, self.remedy)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Error for Problems {}
