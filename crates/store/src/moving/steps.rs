//! Which steps of the schema a database lacks. Opening it applies them.

use std::path::Path;

use super::MoveError;
use super::address::Address;
use crate::engine::{postgres, sqlite};
use crate::migrate as known;

/// A step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Steps are taken in the order of their numbers.
    pub number: u32,
    /// What it is about.
    pub name: &'static str,
}

/// What there is to do to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The number of its newest step; nothing if there is no database yet.
    pub schema_version: Option<u32>,
    /// What it lacks, in order.
    pub pending: Vec<Step>,
}

/// What a database lacks. It is not changed; one that is newer than this version is refused.
pub async fn plan(url: &str) -> Result<Plan, MoveError> {
    let (applied, steps, place) = match Address::of(url)? {
        Address::File(path) => (sqlite::open::remembered(&path)?, known::SQLITE, path),
        Address::Server(url) => {
            (postgres::moving::remembered(url).await?, known::POSTGRES, Path::new(postgres::PLACE).to_owned())
        }
    };
    let schema_version = applied.as_ref().map(|applied| applied.last().map_or(0, |last| last.number));
    let pending = known::pending(steps, &applied.unwrap_or_default(), &place)?;
    let pending = pending.iter().map(|step| Step { number: step.number, name: step.name }).collect();
    Ok(Plan { schema_version, pending })
}
