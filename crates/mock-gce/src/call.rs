//! A call on its way: what was sent, and what it was understood as.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::discovery::{Kind, Method};
use crate::journal::Call;
use crate::pattern::Class;
use crate::refusal::Refusal;
use crate::state::{Link, Scope, Verb};

/// What was sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `GET`, `POST` …
    pub(crate) http: String,
    /// Without `/compute/v1/`, and decoded.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Nothing, JSON, or why it is no JSON.
    pub(crate) body: Result<Option<Value>, String>,
}

impl Request {
    /// As it is written down.
    pub(crate) fn call(&self, method: &str, status: u16) -> Call {
        let body = match &self.body {
            Ok(body) => body.clone().unwrap_or_default(),
            Err(why) => Value::String(why.clone()),
        };
        Call {
            method: method.to_owned(),
            path: self.path.clone(),
            query: self.query.iter().cloned().collect(),
            body,
            status,
        }
    }
}

/// A request that fits a method.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'static Method,
    pub(crate) kind: Kind,
    pub(crate) path: &'a str,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Asked<'_> {
    pub(crate) fn class(&self) -> Class {
        match self.kind {
            Kind::Write(_) => Class::Write,
            Kind::Operation { .. } => Class::Operation,
            Kind::Get | Kind::List | Kind::Aggregated | Kind::Ask(_) => Class::Read,
        }
    }

    pub(crate) fn project(&self) -> &str {
        self.params.get("project").map(String::as_str).unwrap_or_default()
    }

    /// `forwardingRules`: the last word of the path that is neither a name nor a verb.
    pub(crate) fn collection(&self) -> &str {
        let mut words = self.path.rsplit('/');
        let behind = match self.kind {
            Kind::List | Kind::Aggregated | Kind::Write(Verb::Insert) => 0,
            Kind::Get
            | Kind::Operation { wait: false }
            | Kind::Write(Verb::Delete | Verb::Patch | Verb::Update) => 1,
            Kind::Write(Verb::Other(_)) | Kind::Ask(_) | Kind::Operation { wait: true } => 2,
        };
        words.nth(behind).unwrap_or_default()
    }

    pub(crate) fn scope(&self) -> Scope {
        let is_place = self.collection() == "zones";
        match (self.params.get("region"), self.params.get("zone")) {
            (Some(region), _) => Scope::Region(region.clone()),
            (None, Some(zone)) if !is_place => Scope::Zone(zone.clone()),
            (None, _) => Scope::Global,
        }
    }

    /// The thing that the call is about; of an insert, the one that is to be made.
    pub(crate) fn link(&self) -> Result<Link, Refusal> {
        let name = match self.kind {
            Kind::Write(Verb::Insert) => match self.body["name"].as_str() {
                None | Some("") => return Err(Refusal::required("resource.name")),
                Some(name) => name,
            },
            Kind::List | Kind::Aggregated => "",
            Kind::Get
            | Kind::Operation { wait: false }
            | Kind::Write(Verb::Delete | Verb::Patch | Verb::Update) => self.word(0),
            Kind::Write(Verb::Other(_)) | Kind::Ask(_) | Kind::Operation { wait: true } => {
                self.word(1)
            }
        };
        Ok(Link::new(self.project(), self.scope(), self.collection(), name))
    }

    fn word(&self, behind: usize) -> &str {
        self.path.rsplit('/').nth(behind).unwrap_or_default()
    }

    /// What somebody must be allowed to: `compute.firewalls.create`.
    pub(crate) fn permission(&self) -> String {
        let id = &self.method.id;
        let (collection, verb) = id.rsplit_once('.').unwrap_or((id, ""));
        let verb = match verb {
            "insert" => "create",
            "list" | "aggregatedList" => "list",
            "get" | "wait" | "getHealth" | "listInstances" | "listNetworkEndpoints" => "get",
            "delete" => "delete",
            _ => "update",
        };
        format!("{collection}.{verb}")
    }
}
