//! Where the safe stance answers otherwise than recorded: `safe-differences.json`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::Expected;
use crate::pattern::Pattern;
use crate::scenario::{Scenario, Source, Step, parse_captures};

/// Settings by path, such as `ledger.reuse_detection`, with the value they are given.
pub(crate) type Turned = Map<String, Value>;

/// One step that the safe stance answers in its own way.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) scenario: String,
    /// Counted from 1.
    pub(crate) step: usize,
    pub(crate) safe: Safe,
    /// The settings that make the step pass as recorded, with their exact values.
    pub(crate) setting: Turned,
}

/// What comes in place of the recorded answer.
#[derive(Debug)]
pub(crate) enum Safe {
    /// Of a request. What it leaves out is as recorded.
    Answer { expected: Expected, captures: Option<Vec<(String, Source)>> },
    /// Of a management operation.
    Managed(Pattern),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DifferenceFile {
    scenario: String,
    step: usize,
    safe: Value,
    /// In place of the step's captures; the step after it that needs one is listed as well.
    capture: Option<Map<String, Value>>,
    reason: String,
    setting: Turned,
}

impl Difference {
    /// Reads the list; each entry must name a step of these scenarios that it can stand for.
    pub(crate) fn read(path: &Path, scenarios: &[Scenario]) -> Result<Vec<Self>> {
        let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let entries: Vec<DifferenceFile> = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        let list: Vec<Self> = entries
            .into_iter()
            .map(|entry| {
                let place = format!("{}: {} step {}", path.display(), entry.scenario, entry.step);
                Self::parse(entry, scenarios).context(place)
            })
            .collect::<Result<_>>()?;
        for (at, entry) in list.iter().enumerate() {
            let again = list[..at].iter().any(|other| other.scenario == entry.scenario && other.step == entry.step);
            ensure!(!again, "{}: {} step {} is listed twice", path.display(), entry.scenario, entry.step);
        }
        Ok(list)
    }

    fn parse(entry: DifferenceFile, scenarios: &[Scenario]) -> Result<Self> {
        let scenario = scenarios.iter().find(|scenario| scenario.id == entry.scenario).context("no such scenario")?;
        let step = entry.step.checked_sub(1).and_then(|at| scenario.steps.get(at)).context("no such step")?;
        ensure!(!entry.reason.is_empty(), "a difference has a reason");
        ensure!(!entry.setting.is_empty(), "a difference names the setting that takes it back");
        let safe = match step {
            Step::Request(exchange) => Safe::Answer {
                expected: exchange.expected.overlaid_with(&Expected::parse(&entry.safe)?),
                captures: entry.capture.as_ref().map(parse_captures).transpose()?,
            },
            Step::Manage { .. } => Safe::Managed(Pattern::parse(&entry.safe)?),
            Step::Forge { .. } | Step::Sleep(_) => bail!("only requests and management have answers that can differ"),
        };
        Ok(Self { scenario: entry.scenario, step: entry.step, safe, setting: entry.setting })
    }

    /// Whether these settings take the difference back.
    pub(crate) fn is_undone_by(&self, turned: &Turned) -> bool {
        self.setting.iter().all(|(path, value)| turned.get(path) == Some(value))
    }
}

/// The differences of one scenario that hold, by step number.
pub(crate) fn of_scenario<'a>(
    list: &'a [Difference],
    scenario: &str,
    turned: &Turned,
) -> BTreeMap<usize, &'a Difference> {
    let own = list.iter().filter(|entry| entry.scenario == scenario && !entry.is_undone_by(turned));
    own.map(|entry| (entry.step, entry)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(entries: &Value) -> Result<Vec<Difference>> {
        let scenarios = Scenario::parse_group(
            r#"{"group": "g", "scenarios": [{"id": "g/s", "title": "t", "profile": "p", "steps": [
                {"request": {"method": "GET", "path": "/"}, "expect": {"status": 401, "headers": {"A": "1", "B": "2"}, "body": 1}},
                {"sleep": 1}, {"manage": {"op": "counts"}, "expect": 1}]}]}"#,
        )?;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("list.json");
        std::fs::write(&path, entries.to_string())?;
        Difference::read(&path, &scenarios)
    }

    fn entry(scenario: &str, step: usize) -> Value {
        json!({"scenario": scenario, "step": step, "safe": {"status": 200, "headers": {"B": null}}, "reason": "r",
            "setting": {"ledger.x": false}})
    }

    #[test]
    fn an_entry_changes_what_it_says_and_leaves_the_rest_as_recorded() {
        let list = read(&json!([entry("g/s", 1)])).unwrap();
        let Safe::Answer { expected, captures: None } = &list[0].safe else { panic!() };
        assert_eq!(expected.statuses, [200]);
        let names: Vec<&str> = expected.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
        assert!(expected.body.is_some());
    }

    #[test]
    fn an_entry_for_nothing_is_an_error() {
        for entries in
            [json!([entry("g/t", 1)]), json!([entry("g/s", 0)]), json!([entry("g/s", 2)]), json!([entry("g/s", 4)])]
        {
            assert!(read(&entries).is_err(), "{entries}");
        }
        assert!(read(&json!([entry("g/s", 1), entry("g/s", 1)])).is_err());
    }

    #[test]
    fn an_entry_is_undone_when_all_its_settings_are() {
        let mut both = entry("g/s", 1);
        both["setting"]["ledger.y"] = json!("exact");
        let list = read(&json!([both])).unwrap();
        let turned = |value: Value| value.as_object().unwrap().clone();
        assert!(!list[0].is_undone_by(&turned(json!({"ledger.x": false}))));
        assert!(!list[0].is_undone_by(&turned(json!({"ledger.x": true, "ledger.y": "exact"}))));
        assert!(list[0].is_undone_by(&turned(json!({"ledger.x": false, "ledger.y": "exact", "z": 1}))));
        assert_eq!(of_scenario(&list, "g/s", &Turned::new()).len(), 1);
        assert_eq!(of_scenario(&list, "g/s", &list[0].setting).len(), 0);
    }
}
