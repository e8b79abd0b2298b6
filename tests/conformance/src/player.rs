//! Plays scenarios against a server that runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use crate::cookies::Jar;
use crate::differences::{self, Difference, Safe, Turned};
use crate::forge::forge;
use crate::json_text;
use crate::matching::{Differences, compare};
use crate::profile::Profile;
use crate::scenario::{Body, Exchange, Request, Scenario, Source, Step};
use crate::variables::Scope;
use crate::wire::{Answer, Client, Headers, Message};

/// A running server and all that is known about it.
pub(crate) struct Stage<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) profile: &'a Profile,
    /// Carries out a management operation.
    pub(crate) manage: &'a (dyn Fn(&Value) -> Result<Value> + Sync),
    /// How the safe stance differs; empty when answers must be as recorded.
    pub(crate) differences: &'a [Difference],
    /// Settings that were turned to their exact value.
    pub(crate) turned: &'a Turned,
}

/// How a scenario went.
#[derive(Debug)]
pub(crate) struct Played {
    /// The differences of the first step that had any.
    pub(crate) differences: Differences,
    /// Every token and cookie that passed through.
    pub(crate) secrets: Vec<String>,
}

impl Stage<'_> {
    /// Plays scenarios in order; those that sleep run beside the others.
    pub(crate) fn play_all(&self, scenarios: &[&Scenario]) -> Vec<Played> {
        let (slow, quick): (Vec<_>, Vec<_>) = (0..scenarios.len()).partition(|&at| scenarios[at].sleeps());
        let sleepers = MOST_SLEEPERS.min(slow.len());
        let waiting = Mutex::new(slow.into_iter());
        let next = || waiting.lock().ok()?.next();
        let mut results: BTreeMap<usize, Played> = BTreeMap::new();
        thread::scope(|scope| {
            let sleepers: Vec<_> = (0..sleepers)
                .map(|_| {
                    scope
                        .spawn(|| std::iter::from_fn(next).map(|at| (at, self.play(scenarios[at]))).collect::<Vec<_>>())
                })
                .collect();
            results.extend(quick.into_iter().map(|at| (at, self.play(scenarios[at]))));
            for sleeper in sleepers {
                results.extend(sleeper.join().unwrap_or_default());
            }
        });
        let missing = || Played { differences: vec!["was not played to its end".to_owned()], secrets: Vec::new() };
        (0..scenarios.len()).map(|at| results.remove(&at).unwrap_or_else(missing)).collect()
    }

    /// Plays one scenario up to the first step that fails.
    pub(crate) fn play(&self, scenario: &Scenario) -> Played {
        let differences = differences::of_scenario(self.differences, &scenario.id, self.turned);
        let mut actor = Actor {
            stage: self,
            client: Client::new(self.address),
            scope: Scope::new(self.profile, format!("http://{}", self.address)),
        };
        let mut found = Vec::new();
        for (number, step) in (1..).zip(&scenario.steps) {
            let differs = actor.step(step, differences.get(&number).map(|entry| &entry.safe));
            found = differs.unwrap_or_else(|error| vec![format!("{error:#}")]);
            if !found.is_empty() {
                let label = step.label(number);
                found.iter_mut().for_each(|difference| difference.insert_str(0, &format!("{label}: ")));
                break;
            }
        }
        Played { differences: found, secrets: actor.scope.texts().map(str::to_owned).collect() }
    }
}

/// Who plays one scenario.
struct Actor<'a> {
    stage: &'a Stage<'a>,
    client: Client,
    scope: Scope<'a>,
}

impl Actor<'_> {
    fn step(&mut self, step: &Step, safe: Option<&Safe>) -> Result<Differences> {
        match (step, safe) {
            (Step::Request(exchange), Some(Safe::Answer { expected, captures })) => {
                let answer = self.send(&exchange.request)?;
                let found = expected.compare(&answer, &self.scope)?;
                if !found.is_empty() {
                    return Ok(found);
                }
                if self.as_recorded(exchange, &answer)?.is_empty() {
                    return Ok(vec!["is answered as recorded: strike it from the list of differences".to_owned()]);
                }
                self.capture(captures.as_ref().unwrap_or(&exchange.captures), &answer)?;
                Ok(Vec::new())
            }
            (Step::Request(exchange), _) => {
                let answer = self.send(&exchange.request)?;
                self.as_recorded(exchange, &answer)
            }
            (Step::Forge { recipe, name }, _) => {
                let token = forge(recipe, &self.scope)?;
                self.scope.set(name, Value::String(token));
                Ok(Vec::new())
            }
            (Step::Manage { operation, expected }, safe) => {
                let answer = (self.stage.manage)(&self.scope.fill(operation)?)?;
                let found = compare(expected, &answer, &self.scope, "manage")?;
                match safe {
                    Some(Safe::Managed(_)) if found.is_empty() => {
                        Ok(vec!["is answered as recorded: strike it from the list of differences".to_owned()])
                    }
                    Some(Safe::Managed(pattern)) => compare(pattern, &answer, &self.scope, "manage"),
                    Some(Safe::Answer { .. }) | None => Ok(found),
                }
            }
            (Step::Sleep(duration), _) => {
                thread::sleep(*duration);
                Ok(Vec::new())
            }
        }
    }

    /// Compares with the recorded answer, or with those that may come in its place, and captures when one fits.
    fn as_recorded(&mut self, exchange: &Exchange, answer: &Answer) -> Result<Differences> {
        let options = exchange.accepted.as_deref().unwrap_or(std::slice::from_ref(&exchange.expected));
        let mut nearest: Option<Differences> = None;
        for option in options {
            let found = option.compare(answer, &self.scope)?;
            if nearest.as_ref().is_none_or(|nearest| found.len() < nearest.len()) {
                nearest = Some(found);
            }
        }
        let nearest = nearest.context("a step expects an answer")?;
        if !nearest.is_empty() {
            return Ok(nearest);
        }
        Ok(self.capture(&exchange.captures, answer).err().map(|error| format!("{error:#}")).into_iter().collect())
    }

    fn send(&mut self, request: &Request) -> Result<Answer> {
        let message = self.message(request)?;
        let answer = self.client.send(&message)?;
        if let Some(name) = &request.jar {
            self.scope.jar(name).take(&answer.cookies());
        }
        Ok(answer)
    }

    fn message(&mut self, request: &Request) -> Result<Message> {
        let mut headers = Headers::default();
        headers.set("User-Agent", "jeton-conformance");
        headers.set("Accept", "*/*");
        headers.set("Accept-Encoding", "identity");
        headers.set("Connection", "keep-alive");
        let body = match &request.body {
            Body::None => None,
            Body::Json(value) => {
                headers.set("Content-Type", "application/json");
                Some(json_text::spaced(&self.scope.fill(value)?).into_bytes())
            }
            Body::Form(fields) => {
                headers.set("Content-Type", "application/x-www-form-urlencoded");
                Some(self.form(fields)?.into_bytes())
            }
            Body::Multipart(fields) => {
                headers.set("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
                Some(self.multipart(fields)?.into_bytes())
            }
            Body::Text(text) => Some(self.scope.fill_to_text(text)?.into_bytes()),
            Body::Bytes(bytes) => Some(bytes.clone()),
        };
        if let Some(name) = &request.jar
            && let Some(cookies) = Jar::header(self.scope.jar(name))
        {
            headers.set("Cookie", cookies);
        }
        for (name, value) in &request.headers {
            headers.set(name, self.scope.fill_to_text(value)?);
        }
        Ok(Message { method: request.method.clone(), path: request.path.clone(), headers, body })
    }

    /// A list is a field given several times; null is a field left out.
    fn form(&self, fields: &[(String, Value)]) -> Result<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            let value = self.scope.fill(value)?;
            let values = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
            for value in values.iter().filter(|value| !value.is_null()) {
                form.append_pair(name, &plain(value));
            }
        }
        Ok(form.finish())
    }

    fn multipart(&self, fields: &[(String, Value)]) -> Result<String> {
        let mut text = String::new();
        for (name, value) in fields {
            let value = plain(&self.scope.fill(value)?);
            text += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        Ok(text + &format!("--{BOUNDARY}--\r\n"))
    }

    fn capture(&mut self, captures: &[(String, Source)], answer: &Answer) -> Result<()> {
        for (name, source) in captures {
            let value = self
                .captured(source, answer)
                .ok_or_else(|| anyhow!("cannot capture {name} from {source:?} (status {})", answer.status))?;
            self.scope.set(name, value);
        }
        Ok(())
    }

    fn captured(&self, source: &Source, answer: &Answer) -> Option<Value> {
        match source {
            Source::Body(keys) => {
                let body: Value = serde_json::from_str(&answer.text()).ok()?;
                keys.iter().try_fold(&body, |value, key| value.get(key)).cloned()
            }
            Source::Cookie(name) => answer
                .cookies()
                .into_iter()
                .find(|cookie| cookie.name == *name)
                .map(|cookie| Value::String(cookie.value)),
            Source::Header(name) => answer.header(name).map(Value::String),
            Source::Html(expression) => {
                let text = answer.text();
                Some(Value::from(expression.captures(&text)?.get(1)?.as_str()))
            }
            Source::Variable(name) => self.scope.find(name).cloned(),
        }
    }
}

/// A form field: text as it is, anything else as JSON writes it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const BOUNDARY: &str = "jeton-conformance-3f1c9a5e7b2d4680";
const MOST_SLEEPERS: usize = 16;

#[cfg(test)]
mod tests;
