//! Plays a selection: one server for each profile, two at a time.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use anyhow::Result;

use crate::catalogue::{Catalogue, Selection};
use crate::differences::{Difference, Turned};
use crate::player::{Played, Stage};
use crate::profile::{Compatibility, Profile};
use crate::report::{Report, Verdict};
use crate::scenario::Scenario;
use crate::site::Site;

/// How to play.
pub(crate) struct Runner<'a> {
    pub(crate) binary: PathBuf,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) compatibility: Compatibility,
}

/// What one server is started for.
struct Job<'a> {
    profile: &'a Profile,
    scenarios: Vec<&'a Scenario>,
    /// Settings of the safe stance that have their exact value here, to show that they are what makes the difference.
    turned: Turned,
}

impl<'a> Runner<'a> {
    /// Plays the selection to its end and reports on it.
    pub(crate) fn run(&self, selection: &Selection<'a>, report: &Report) {
        for (scenario, _) in &selection.skipped {
            report.skip(scenario.group());
        }
        let mut jobs = self.jobs(&selection.played);
        jobs.sort_by_key(|job| job.scenarios.len());
        let jobs = Mutex::new(jobs);
        let next = || jobs.lock().ok()?.pop();
        thread::scope(|scope| {
            for _ in 0..SERVERS_AT_A_TIME {
                scope.spawn(|| std::iter::from_fn(next).for_each(|job| report.add(self.play(&job))));
            }
        });
    }

    fn differences(&self) -> &'a [Difference] {
        match self.compatibility {
            Compatibility::Exact => &[],
            Compatibility::Safe => &self.catalogue.differences,
        }
    }

    /// One job for each profile; in safe, one more for each setting that takes differences of the profile back.
    fn jobs(&self, scenarios: &[&'a Scenario]) -> Vec<Job<'a>> {
        let mut jobs: Vec<Job<'a>> = Vec::new();
        let mut add = |scenario: &'a Scenario, turned: &Turned| {
            let profile = self.catalogue.profile(scenario);
            let same = |job: &&mut Job<'_>| job.profile.name == profile.name && job.turned == *turned;
            match jobs.iter_mut().find(same) {
                Some(job) if job.scenarios.iter().any(|other| other.id == scenario.id) => {}
                Some(job) => job.scenarios.push(scenario),
                None => jobs.push(Job { profile, scenarios: vec![scenario], turned: turned.clone() }),
            }
        };
        for scenario in scenarios {
            add(scenario, &Turned::new());
            for difference in self.differences().iter().filter(|difference| difference.scenario == scenario.id) {
                add(scenario, &difference.setting);
            }
        }
        jobs
    }

    fn play(&self, job: &Job<'_>) -> Vec<Verdict> {
        let verdict = |group: &str, id: &str, title: &str, differences| Verdict {
            group: group.to_owned(),
            id: id.to_owned(),
            under: job.under(),
            title: title.to_owned(),
            differences,
        };
        let (played, server) = match self.play_on_server(job) {
            Ok(results) => results,
            Err(error) => {
                let mut failed =
                    vec![verdict("server", "server/start", "the server starts", vec![format!("{error:#}")])];
                failed.extend(job.scenarios.iter().map(|scenario| {
                    verdict(scenario.group(), &scenario.id, &scenario.title, vec!["was not played".to_owned()])
                }));
                return failed;
            }
        };
        let scenarios = job.scenarios.iter().zip(played);
        let mut verdicts: Vec<Verdict> = scenarios
            .map(|(scenario, played)| verdict(scenario.group(), &scenario.id, &scenario.title, played.differences))
            .collect();
        verdicts.extend(server.into_iter().map(|check| verdict("server", check.id, check.title, check.differences)));
        verdicts
    }

    fn play_on_server(&self, job: &Job<'_>) -> Result<(Vec<Played>, Vec<Check>)> {
        let folder = tempfile::Builder::new().prefix("jeton-conformance-").tempdir()?;
        let port = jeton_test_ports::free_port()?;
        let path = folder.path().to_path_buf();
        let site = Site::create(self.binary.clone(), path, job.profile, port, self.compatibility, &job.turned)?;
        let mut server = site.serve()?;
        site.wait_until_listening(&mut server, port)?;
        let stage = Stage {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            profile: job.profile,
            manage: &|operation| site.manage(operation),
            differences: self.differences(),
            turned: &job.turned,
        };
        let played = stage.play_all(&job.scenarios);
        let stopped = server.stop();
        let log = site.log_text();
        let secrets = played.iter().flat_map(|played| &played.secrets).map(String::as_str);
        let checks = vec![
            Check {
                id: "server/stop",
                title: "SIGTERM ends the server without an error",
                differences: stopped.err().map(|error| format!("{error:#}")).into_iter().collect(),
            },
            Check {
                id: "server/log",
                title: "no log line holds a password, a key or a token, or speaks of a panic",
                differences: log_differences(&log, job.profile, secrets),
            },
        ];
        Ok((played, checks))
    }
}

impl Job<'_> {
    fn under(&self) -> String {
        let turned: Vec<String> = self.turned.iter().map(|(path, value)| format!("{path} = {value}")).collect();
        if turned.is_empty() {
            return self.profile.name.clone();
        }
        format!("{} with {}", self.profile.name, turned.join(", "))
    }
}

/// Something that holds for the server as a whole.
struct Check {
    id: &'static str,
    title: &'static str,
    differences: Vec<String>,
}

/// The lines of a log that must not be there. A secret is not repeated here.
fn log_differences<'a>(log: &str, profile: &Profile, secrets: impl Iterator<Item = &'a str>) -> Vec<String> {
    let passwords = profile.users.iter().filter_map(|user| user["password"].as_str());
    let keys = [profile.secret_key.as_str(), profile.signing_key()];
    let tokens = secrets.map(|token| token.rsplit('.').next().unwrap_or(token));
    let mut secrets: Vec<&str> = keys.into_iter().chain(passwords).chain(tokens).collect();
    secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
    secrets.sort_unstable();
    secrets.dedup();
    let mut found = Vec::new();
    for line in log.lines() {
        let shown = line.chars().take(40).collect::<String>();
        if line.contains("panicked at") {
            found.push(format!("a panic: {line}"));
        }
        if secrets.iter().any(|secret| line.contains(secret)) {
            found.push(format!("a secret in the line that begins {shown:?}"));
        }
    }
    found
}

const SERVERS_AT_A_TIME: usize = 2;

/// A shorter text may stand in a log by chance.
const SHORTEST_SECRET: usize = 8;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalogue::Wanted;

    #[test]
    fn in_safe_every_setting_that_makes_a_difference_gets_a_server_of_its_own() {
        let catalogue = Catalogue::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let selection = catalogue.select(&Wanted { stage: Some(1), ..Wanted::default() }).unwrap();
        let jobs_in = |compatibility| {
            Runner { binary: PathBuf::new(), catalogue: &catalogue, compatibility }.jobs(&selection.played).len()
        };
        let (exact, safe) = (jobs_in(Compatibility::Exact), jobs_in(Compatibility::Safe));
        assert!(exact > 10 && safe > exact, "{exact} {safe}");
    }

    #[test]
    fn a_secret_in_a_log_is_found_and_not_repeated() {
        let profile = Profile::for_tests();
        let log = format!("fine\nkey {}\npassword=Pa55-word!\ntoken a.b.ssssssssss\n", profile.secret_key);
        let found = log_differences(&log, &profile, ["x.y.ssssssssss", "short"].into_iter());
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(log_differences("fine\nshort\n", &profile, ["short"].into_iter()).is_empty());
        assert_eq!(log_differences("thread 'x' panicked at y", &profile, std::iter::empty()).len(), 1);
    }
}
