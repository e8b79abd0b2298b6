//! All that is recorded: scenarios, profiles, stages, and what is not served yet.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::differences::Difference;
use crate::profile::Profile;
use crate::scenario::Scenario;

/// The folder of recorded data, read and checked as a whole.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// How the safe stance differs.
    pub(crate) differences: Vec<Difference>,
    not_yet: NotYet,
    stages: BTreeMap<String, StageFile>,
}

/// Groups and scenarios that the server does not serve yet, with the reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotYet {
    groups: BTreeMap<String, String>,
    scenarios: BTreeMap<String, String>,
}

/// What one stage of the project serves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageFile {
    groups: Vec<String>,
    but: Vec<String>,
}

/// Which scenarios are wanted; what is empty wants everything.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) groups: Vec<String>,
    /// Patterns with `*` and `?` for ids.
    pub(crate) ids: Vec<String>,
    pub(crate) profiles: Vec<String>,
    pub(crate) stage: Option<u32>,
    /// Those that are not served yet, too.
    pub(crate) not_yet: bool,
}

/// The wanted scenarios, and those left out because they are not served yet, with the reason.
#[derive(Debug, Default)]
pub(crate) struct Selection<'a> {
    pub(crate) played: Vec<&'a Scenario>,
    pub(crate) skipped: Vec<(&'a Scenario, &'a str)>,
}

impl Catalogue {
    /// Reads `scenarios/`, `profiles/` and the lists beside them.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut scenarios = Vec::new();
        for path in json_files(&folder.join("scenarios"))? {
            let text = fs::read_to_string(&path)?;
            scenarios.extend(Scenario::parse_group(&text).with_context(|| path.display().to_string())?);
        }
        let mut profiles = BTreeMap::new();
        for path in json_files(&folder.join("profiles"))? {
            let profile = Profile::read(&path)?;
            profiles.insert(profile.name.clone(), profile);
        }
        let catalogue = Self {
            differences: Difference::read(&folder.join("safe-differences.json"), &scenarios)?,
            not_yet: read(&folder.join("not-yet.json"))?,
            stages: read(&folder.join("stages.json"))?,
            scenarios,
            profiles,
        };
        catalogue.check()?;
        Ok(catalogue)
    }

    /// Every name in the lists is the name of something.
    fn check(&self) -> Result<()> {
        for scenario in &self.scenarios {
            ensure!(self.profiles.contains_key(&scenario.profile), "{}: no profile {}", scenario.id, scenario.profile);
        }
        let stages = || self.stages.values();
        for group in self.not_yet.groups.keys().chain(stages().flat_map(|stage| &stage.groups)) {
            let known = self.scenarios.iter().any(|scenario| scenario.group() == group);
            ensure!(known, "there is no group {group:?}");
        }
        for id in self.not_yet.scenarios.keys().chain(stages().flat_map(|stage| &stage.but)) {
            let known = self.scenarios.iter().any(|scenario| scenario.id == *id);
            ensure!(known, "there is no scenario {id:?}");
        }
        Ok(())
    }

    /// The profile of a scenario.
    pub(crate) fn profile(&self, scenario: &Scenario) -> &Profile {
        &self.profiles[&scenario.profile]
    }

    /// Picks scenarios, in the order they are recorded.
    pub(crate) fn select(&self, wanted: &Wanted) -> Result<Selection<'_>> {
        for group in &wanted.groups {
            let known = self.scenarios.iter().any(|scenario| scenario.group() == group);
            ensure!(known, "there is no group {group:?}");
        }
        let stage = match wanted.stage {
            None => None,
            Some(number) => {
                let stage = self.stages.get(&number.to_string());
                Some(stage.with_context(|| format!("stages.json does not know stage {number}"))?)
            }
        };
        let mut selection = Selection::default();
        for scenario in &self.scenarios {
            let group = scenario.group();
            let is_wanted = is_one_of(&wanted.groups, |wanted| wanted == group)
                && is_one_of(&wanted.ids, |pattern| fits(pattern, &scenario.id))
                && is_one_of(&wanted.profiles, |profile| profile == scenario.profile)
                && stage.is_none_or(|stage| {
                    stage.groups.iter().any(|own| own == group) && !stage.but.contains(&scenario.id)
                });
            match self.not_served(scenario) {
                _ if !is_wanted => {}
                Some(reason) if !wanted.not_yet => selection.skipped.push((scenario, reason)),
                Some(_) | None => selection.played.push(scenario),
            }
        }
        Ok(selection)
    }

    /// Why a scenario cannot pass yet.
    fn not_served(&self, scenario: &Scenario) -> Option<&str> {
        let reason = self.not_yet.scenarios.get(&scenario.id).or_else(|| self.not_yet.groups.get(scenario.group()));
        reason.map(String::as_str)
    }
}

fn is_one_of(list: &[String], fits: impl Fn(&str) -> bool) -> bool {
    list.is_empty() || list.iter().any(|item| fits(item))
}

/// Whether a text fits a pattern in which `*` stands for any text and `?` for any character.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| fits(&pattern[1..], &text[at..]))
        }
        Some(wanted) => text.chars().next().is_some_and(|first| {
            (wanted == '?' || wanted == first) && fits(&pattern[wanted.len_utf8()..], &text[first.len_utf8()..])
        }),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

fn json_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    ensure!(!files.is_empty(), "{} holds nothing", folder.display());
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Catalogue {
        Catalogue::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn everything_recorded_can_be_read() {
        let catalogue = recorded();
        assert_eq!((catalogue.scenarios.len(), catalogue.profiles.len()), (636, 48));
        assert!(!catalogue.differences.is_empty());
    }

    #[test]
    fn every_group_is_either_served_or_listed_as_not_yet() {
        let catalogue = recorded();
        for scenario in &catalogue.scenarios {
            let served = catalogue.stages.values().any(|stage| {
                stage.groups.iter().any(|group| group == scenario.group()) && !stage.but.contains(&scenario.id)
            });
            assert_ne!(served, catalogue.not_served(scenario).is_some(), "{}", scenario.id);
        }
    }

    #[test]
    fn a_selection_is_what_all_its_parts_agree_on() {
        let catalogue = recorded();
        let ids = |wanted: &Wanted| -> Vec<String> {
            let selection = catalogue.select(wanted).unwrap();
            selection.played.iter().map(|scenario| scenario.id.clone()).collect()
        };
        let rotation = Wanted { ids: vec!["rotation/reuse*".into()], ..Wanted::default() };
        assert!(ids(&rotation).contains(&"rotation/reuse-keeps-family".to_owned()));
        assert!(ids(&Wanted { profiles: vec!["noapp".into()], ..rotation }).is_empty());
        let page = Wanted { ids: vec!["admin/index-anonymous".into()], ..Wanted::default() };
        assert!(ids(&page).is_empty());
        assert_eq!(catalogue.select(&page).unwrap().skipped.len(), 1);
        assert_eq!(ids(&Wanted { not_yet: true, ..page }), ["admin/index-anonymous"]);
        assert!(catalogue.select(&Wanted { groups: vec!["nonsense".into()], ..Wanted::default() }).is_err());
        assert!(catalogue.select(&Wanted { stage: Some(99), ..Wanted::default() }).is_err());
        let stage = catalogue.select(&Wanted { stage: Some(1), ..Wanted::default() }).unwrap();
        assert!(stage.skipped.is_empty() && stage.played.len() > 300);
    }

    #[test]
    fn patterns_stand_for_whole_ids() {
        for (pattern, text, wanted) in [
            ("refresh/*", "refresh/basic", true),
            ("refresh/*", "forged-refresh/basic", false),
            ("*/all*", "logout/all-form", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
    }
}
