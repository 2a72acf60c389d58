//! All that the fake knows, and how it takes a call.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::call::{Asked, Request};
use crate::discovery::{DOCUMENT, Finding, Kind, Problem, Side};
use crate::fault::{Faults, Harm};
use crate::journal::Journal;
use crate::operation::Operation;
use crate::operations::Operations;
use crate::pages::PAGE;
use crate::pattern::Pattern;
use crate::refusal::Refusal;
use crate::state::{Link, Scope, State, Verb};
use crate::throttle::Rate;

mod change;
mod read;
mod seed;

pub(crate) use self::read::shown;
pub(crate) use self::seed::Subnetwork;

/// Everything, behind one lock: calls are taken one after the other.
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) rates: Vec<Rate>,
    pub(crate) forbidden: Vec<(String, Pattern)>,
    pub(crate) operations: Operations,
    /// Where our own answers did not fit their schemas.
    pub(crate) violations: Vec<String>,
    pub(crate) settings: Settings,
    pub(crate) zones: Vec<String>,
}

/// What can be set about time and pages.
pub(crate) struct Settings {
    pub(crate) operation_time: Duration,
    /// Operations end after so many looks at them instead.
    pub(crate) operation_looks: Option<u32>,
    /// How long a call of `wait` is kept waiting.
    pub(crate) wait: Duration,
    pub(crate) page: usize,
}

/// What becomes of a call.
pub(crate) enum Outcome {
    Answer(u16, Value),
    /// The connection is closed.
    Nothing,
    /// The operation is answered then, as it will be.
    Later(Instant, Link),
}

/// A good answer, now or later.
pub(crate) enum Good {
    Now(Value),
    Later(Instant, Link),
}

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Caller,
    /// The test's own: neither counted nor harmed, and done at once.
    Test,
}

impl World {
    pub(crate) fn new() -> Self {
        let zones = ["europe-west1-b", "europe-west1-c", "europe-west1-d"];
        Self {
            state: State::default(),
            journal: Journal::default(),
            faults: Faults::default(),
            rates: Vec::new(),
            forbidden: Vec::new(),
            operations: Operations::default(),
            violations: Vec::new(),
            settings: Settings {
                operation_time: Duration::from_millis(5),
                operation_looks: None,
                wait: Duration::from_mins(2),
                page: PAGE,
            },
            zones: zones.map(str::to_owned).into(),
        }
    }

    /// Takes a call.
    pub(crate) fn serve(&mut self, request: &Request, by: By) -> Outcome {
        let now = Instant::now();
        self.settle(now);
        let routed = DOCUMENT.route(&request.http, &request.path);
        let id = routed.as_ref().map(|(method, _)| method.id.clone()).unwrap_or_default();
        let mut harms = Vec::new();
        let result = match routed {
            None => Err(nowhere(request)),
            Some((method, params)) => {
                let asked = Asked {
                    kind: method.kind(),
                    method,
                    path: &request.path,
                    params,
                    query: request.query.iter().cloned().collect(),
                    body: request.body.clone().ok().flatten().unwrap_or_default(),
                };
                self.admit(&asked, request, by, now).and_then(|()| {
                    if by == By::Caller {
                        harms = self.faults.strike(&id, asked.class());
                    }
                    self.perform(&asked, &harms, by, now)
                })
            }
        };
        if by == By::Caller {
            let status = match &result {
                _ if harms.contains(&Harm::Close) => 0,
                Ok(_) => 200,
                Err(refusal) => refusal.status,
            };
            self.journal.push(request.call(&id, status));
        }
        if harms.iter().any(|harm| matches!(harm, Harm::Close | Harm::LoseAnswer)) {
            return Outcome::Nothing;
        }
        match result {
            Ok(Good::Now(value)) => {
                self.prove(&id, &value);
                Outcome::Answer(200, value)
            }
            Ok(Good::Later(when, operation)) => Outcome::Later(when, operation),
            Err(refusal) => Outcome::Answer(refusal.status, refusal.body()),
        }
    }

    /// Refuses what comes too often, is forbidden, or does not fit its method.
    fn admit(
        &mut self,
        asked: &Asked<'_>,
        request: &Request,
        by: By,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (id, class) = (&asked.method.id, asked.class());
        if by == By::Caller {
            for rate in &mut self.rates {
                rate.take(id, class, now)?;
            }
            let mut rules = self.forbidden.iter();
            let project = asked.project();
            if rules.any(|(theirs, pattern)| theirs == project && pattern.fits(id, class)) {
                let what =
                    asked.link().map_or_else(|_| asked.path.to_owned(), |link| link.to_string());
                return Err(Refusal::forbidden(&asked.permission(), &what));
            }
        }
        let body = request.body.as_ref().map_err(|why| {
            let message = format!("Invalid JSON payload received. {why}");
            Refusal::new(400, "parseError", "PARSE_ERROR", message)
        })?;
        let mut findings = asked.method.look_at(&asked.params, &request.query);
        findings.extend(asked.method.look_at_body(body.as_ref()));
        findings.retain(|finding| !self.is_said_back(asked, finding));
        if let Some(finding) = findings.first() {
            return Err(finding.refusal());
        }
        self.open_project(asked.project());
        self.is_somewhere(&asked.scope())
    }

    /// A caller that reads a thing, changes it and sends it back sends what only Google writes, too.
    fn is_said_back(&self, asked: &Asked<'_>, finding: &Finding) -> bool {
        let changes = matches!(asked.kind, Kind::Write(Verb::Update | Verb::Patch));
        if !changes || finding.problem != Problem::OutputOnly {
            return false;
        }
        let thing = asked.link().ok().and_then(|link| self.state.get(&link));
        let Some(thing) = thing else { return true };
        let pointer = finding.path.replace(']', "").replace(['.', '['], "/");
        let pointer = pointer.strip_prefix("resource").unwrap_or_default();
        let there = Value::Object(thing.clone());
        there.pointer(pointer).is_some_and(|value| asked.body.pointer(pointer) == Some(value))
    }

    fn is_somewhere(&self, scope: &Scope) -> Result<(), Refusal> {
        let mut zones = self.zones.iter();
        let (place, name, known) = match scope {
            Scope::Global => return Ok(()),
            Scope::Region(name) => {
                let in_it = |zone: &String| zone.rsplit_once('-').is_some_and(|(r, _)| r == name);
                ("region", name, zones.any(in_it))
            }
            Scope::Zone(name) => ("zone", name, zones.any(|zone| zone == name)),
        };
        if known {
            return Ok(());
        }
        Err(Refusal::invalid(place, name, &format!("Unknown {place}.")))
    }

    fn perform(
        &mut self,
        asked: &Asked<'_>,
        harms: &[Harm],
        by: By,
        now: Instant,
    ) -> Result<Good, Refusal> {
        for harm in harms {
            match harm {
                Harm::Refuse(refusal) => return Err(refusal.clone()),
                Harm::Close => return Ok(Good::Now(Value::Null)),
                Harm::BumpFingerprint => self.bump(&asked.link()?),
                Harm::FailOperation(_)
                | Harm::FailOperationWithoutStatus(_)
                | Harm::LoseAnswer
                | Harm::SlowOperation(_) => {}
            }
        }
        match &asked.kind {
            Kind::Get => self.thing(asked),
            Kind::List => self.list(asked),
            Kind::Aggregated => self.aggregated(asked),
            Kind::Ask(verb) => self.ask(asked, verb),
            Kind::Operation { wait } => self.operation(asked, *wait, by, now),
            Kind::Write(verb) => self.write(asked, verb, harms, by, now),
        }
    }

    /// Compares an answer of ours with its schema.
    pub(crate) fn prove(&mut self, method: &str, value: &Value) {
        let schema = DOCUMENT.response(method).unwrap_or("Operation");
        for finding in DOCUMENT.look(schema, value, Side::Answer) {
            self.violations.push(format!("{method}: {}: {finding}", finding.path));
        }
    }

    /// An operation as it is now, for a caller that has waited.
    pub(crate) fn waited(&mut self, operation: &Link) -> Value {
        self.settle(Instant::now());
        let json = self.operations.get(operation).map(Operation::json);
        let json = json.unwrap_or_default();
        self.prove("", &json);
        json
    }

    /// How many calls there were of each method.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        self.journal.counts()
    }
}

fn nowhere(request: &Request) -> Refusal {
    let message = format!("There is no method {} {}.", request.http, request.path);
    Refusal::new(404, "notFound", "NOT_FOUND", message)
}
