//! Scenarios and their steps, read from the recorded files.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::Expected;
use crate::pattern::Pattern;

/// A recorded conversation.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// `GROUP/NAME`.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) profile: String,
    pub(crate) steps: Vec<Step>,
}

/// One step of a scenario.
#[derive(Debug)]
pub(crate) enum Step {
    Request(Box<Exchange>),
    /// Makes a token and keeps it under a name.
    Forge {
        recipe: Box<Recipe>,
        name: String,
    },
    /// An operation behind the server's back.
    Manage {
        operation: Value,
        expected: Pattern,
    },
    Sleep(Duration),
}

/// A request and what must come back.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) captures: Vec<(String, Source)>,
    pub(crate) expected: Expected,
    /// Where the reference misbehaves: the answers that are right instead.
    pub(crate) accepted: Option<Vec<Expected>>,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) jar: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    None,
    Json(Value),
    Form(Vec<(String, Value)>),
    Multipart(Vec<(String, Value)>),
    Text(String),
    Bytes(Vec<u8>),
}

/// Where a variable takes its value from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Keys from the top of a JSON body.
    Body(Vec<String>),
    Cookie(String),
    Header(String),
    /// The first group of an expression found in the body.
    Html(regex_lite::Regex),
    /// Another variable, where the safe stance gives nothing to capture.
    Variable(String),
}

/// How to make a token.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    /// A captured token to start from.
    pub(crate) base: Option<String>,
    #[serde(default)]
    pub(crate) set: Map<String, Value>,
    #[serde(default)]
    pub(crate) drop: Vec<String>,
    /// In place of all claims.
    pub(crate) body: Option<Value>,
    pub(crate) alg: Option<String>,
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) headers: Map<String, Value>,
    /// By hand, where a JWT library would refuse.
    #[serde(default)]
    pub(crate) manual: bool,
    pub(crate) tamper: Option<Tamper>,
    /// Damage the base itself.
    #[serde(default)]
    pub(crate) untouched: bool,
    /// The other token of `swap_payload`.
    pub(crate) other: Option<String>,
}

/// Ways to damage a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tamper {
    Signature,
    Payload,
    Truncate,
    #[serde(rename = "nosig")]
    NoSignature,
    #[serde(rename = "twoparts")]
    TwoParts,
    #[serde(rename = "fourparts")]
    FourParts,
    SwapPayload,
    Padding,
    LastChar,
}

impl Scenario {
    /// All scenarios of a group's file.
    pub(crate) fn parse_group(text: &str) -> Result<Vec<Self>> {
        let group: GroupFile = serde_json::from_str(text)?;
        group
            .scenarios
            .into_iter()
            .map(|scenario| {
                let id = scenario.id.clone();
                ensure!(id.starts_with(&format!("{}/", group.group)), "{id} is not of the group {}", group.group);
                scenario.parse().with_context(|| id)
            })
            .collect()
    }

    /// The part of the id before the slash.
    pub(crate) fn group(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    pub(crate) fn sleeps(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Sleep(_)))
    }
}

impl Step {
    /// What a failure of this step, the `number`th, is announced with.
    pub(crate) fn label(&self, number: usize) -> String {
        match self {
            Self::Request(exchange) => format!("step {number} {} {}", exchange.request.method, exchange.request.path),
            Self::Forge { .. } | Self::Manage { .. } | Self::Sleep(_) => format!("step {number}"),
        }
    }
}

/// Reads the `capture` of a step.
pub(crate) fn parse_captures(captures: &Map<String, Value>) -> Result<Vec<(String, Source)>> {
    captures
        .iter()
        .map(|(name, source)| {
            let source = source.as_str().context("a capture names its source as text")?;
            Ok((name.clone(), Source::parse(source).with_context(|| format!("capture {name}"))?))
        })
        .collect()
}

impl Source {
    fn parse(text: &str) -> Result<Self> {
        let (kind, argument) = text.split_once(':').context("a source is KIND:ARGUMENT")?;
        Ok(match kind {
            "body" => Self::Body(argument.trim_start_matches(['$', '.']).split('.').map(str::to_owned).collect()),
            "cookie" => Self::Cookie(argument.to_owned()),
            "header" => Self::Header(argument.to_owned()),
            "html" => Self::Html(regex_lite::Regex::new(argument)?),
            "variable" => Self::Variable(argument.to_owned()),
            other => bail!("there is no source {other:?}"),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    group: String,
    scenarios: Vec<ScenarioFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioFile {
    id: String,
    title: String,
    profile: String,
    steps: Vec<StepFile>,
}

/// A step as it is written: one of `request`, `forge`, `manage`, `sleep`, and what belongs to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    request: Option<RequestFile>,
    #[serde(default)]
    capture: Map<String, Value>,
    expect: Option<Value>,
    defect: Option<DefectFile>,
    forge: Option<Recipe>,
    #[serde(rename = "as")]
    name: Option<String>,
    manage: Option<Value>,
    sleep: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefectFile {
    #[serde(rename = "reason")]
    _reason: Value,
    accept: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    method: String,
    path: String,
    #[serde(default)]
    headers: Map<String, Value>,
    json: Option<Value>,
    form: Option<Map<String, Value>>,
    multipart: Option<Map<String, Value>>,
    raw: Option<String>,
    raw_b64: Option<String>,
    cookies: Option<String>,
}

impl ScenarioFile {
    fn parse(self) -> Result<Scenario> {
        let steps = self.steps.into_iter().enumerate();
        let steps = steps.map(|(at, step)| step.parse().with_context(|| format!("step {}", at + 1)));
        Ok(Scenario { steps: steps.collect::<Result<_>>()?, id: self.id, title: self.title, profile: self.profile })
    }
}

impl StepFile {
    fn parse(self) -> Result<Step> {
        Ok(match self {
            Self {
                request: Some(request),
                capture,
                expect: Some(expect),
                defect,
                forge: None,
                manage: None,
                sleep: None,
                name: None,
            } => {
                let accepted = defect.map(|defect| defect.accept.iter().map(Expected::parse).collect()).transpose()?;
                Step::Request(Box::new(Exchange {
                    request: request.parse()?,
                    captures: parse_captures(&capture)?,
                    expected: Expected::parse(&expect)?,
                    accepted,
                }))
            }
            Self {
                forge: Some(recipe),
                name: Some(name),
                request: None,
                expect: None,
                defect: None,
                manage: None,
                sleep: None,
                ..
            } => Step::Forge { recipe: Box::new(recipe), name },
            Self {
                manage: Some(operation),
                expect,
                request: None,
                forge: None,
                defect: None,
                sleep: None,
                name: None,
                ..
            } => {
                let expected = expect.as_ref().map_or(Ok(Pattern::Any(crate::pattern::Kind::Any)), Pattern::parse)?;
                Step::Manage { operation, expected }
            }
            Self {
                sleep: Some(seconds),
                request: None,
                forge: None,
                manage: None,
                expect: None,
                defect: None,
                name: None,
                ..
            } => Step::Sleep(Duration::try_from_secs_f64(seconds)?),
            Self { .. } => bail!("is none of request, forge, manage and sleep, or more than one"),
        })
    }
}

impl RequestFile {
    fn parse(self) -> Result<Request> {
        let headers = self.headers.into_iter().map(|(name, value)| match value {
            Value::String(value) => Ok((name, value)),
            other => Err(anyhow!("header {name} is {other} and not text")),
        });
        let mut bodies = [
            self.json.map(Body::Json),
            self.form.map(|form| Body::Form(form.into_iter().collect())),
            self.multipart.map(|form| Body::Multipart(form.into_iter().collect())),
            self.raw.map(Body::Text),
            self.raw_b64
                .map(|text| base64::engine::general_purpose::STANDARD.decode(text).map(Body::Bytes))
                .transpose()?,
        ]
        .into_iter()
        .flatten();
        let body = bodies.next().unwrap_or(Body::None);
        ensure!(bodies.next().is_none(), "a request has one body");
        Ok(Request {
            method: self.method,
            path: self.path,
            headers: headers.collect::<Result<_>>()?,
            body,
            jar: self.cookies,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(steps: &str) -> Result<Vec<Scenario>> {
        Scenario::parse_group(&format!(
            r#"{{"group": "g", "scenarios": [{{"id": "g/s", "title": "t", "profile": "p", "steps": [{steps}]}}]}}"#
        ))
    }

    #[test]
    fn the_four_kinds_of_steps_are_told_apart() {
        let scenarios = group(
            r#"{"request": {"method": "GET", "path": "/"}, "expect": {"status": 200}},
               {"forge": {"tamper": "nosig"}, "as": "t"}, {"manage": {"op": "flush_expired"}}, {"sleep": 0.5}"#,
        )
        .unwrap();
        let [Step::Request(_), Step::Forge { .. }, Step::Manage { .. }, Step::Sleep(_)] = &scenarios[0].steps[..]
        else {
            panic!("{scenarios:?}")
        };
        assert!(scenarios[0].sleeps());
    }

    #[test]
    fn what_the_format_does_not_know_is_refused_with_its_place() {
        for steps in [
            r#"{"wait": 1}"#,
            r#"{"sleep": 1, "manage": {}}"#,
            r#"{"request": {"method": "GET", "path": "/"}}"#,
            r#"{"request": {"method": "GET", "path": "/", "json": 1, "raw": ""}, "expect": {"status": 200}}"#,
            r#"{"request": {"method": "GET", "path": "/"}, "expect": {"status": 200}, "capture": {"a": "xml:b"}}"#,
            r#"{"forge": {"tamper": "gently"}, "as": "t"}"#,
            "{}",
        ] {
            assert!(group(steps).is_err(), "{steps}");
        }
        let error = group("{}").unwrap_err();
        assert!(format!("{error:#}").starts_with("g/s: step 1: "), "{error:#}");
    }
}
