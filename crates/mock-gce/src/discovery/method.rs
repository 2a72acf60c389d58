//! A method: where it is called, with what, and what it answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DOCUMENT, Finding, Node, Problem, Side};
use crate::state::Verb;

/// A method of the document.
pub(crate) struct Method {
    /// `compute.forwardingRules.insert`.
    pub(crate) id: String,
    pub(crate) http: String,
    /// The schema of the body, where there is one.
    pub(crate) request: Option<String>,
    /// The schema of the answer.
    pub(crate) response: String,
    path: Vec<Segment>,
    parameters: BTreeMap<String, Node>,
}

enum Segment {
    Word(String),
    Parameter(String),
}

/// What a method does, as far as the machine is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    List,
    Aggregated,
    /// A read that is a POST.
    Ask(Verb),
    /// A change, which is answered with an operation.
    Write(Verb),
    /// Of an operation: whether its answer may come late.
    Operation {
        wait: bool,
    },
}

impl Method {
    pub(crate) fn of(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let schema = |field: &str| value[field]["$ref"].as_str().map(str::to_owned);
        let segment = |word: &str| match word.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
            Some(name) => Segment::Parameter(name.to_owned()),
            None => Segment::Word(word.to_owned()),
        };
        let parameters = value["parameters"].as_object().expect("every method has parameters");
        Self {
            id: text("id"),
            http: text("httpMethod"),
            request: schema("request"),
            response: schema("response").expect("every method answers something"),
            path: text("flatPath").split('/').map(segment).collect(),
            parameters: parameters.iter().map(|(name, it)| (name.clone(), Node::of(it))).collect(),
        }
    }

    /// The parameters of a path of this method.
    pub(super) fn fit(&self, words: &[&str]) -> Option<BTreeMap<String, String>> {
        if words.len() != self.path.len() {
            return None;
        }
        let mut parameters = BTreeMap::new();
        for (segment, word) in self.path.iter().zip(words) {
            match segment {
                Segment::Word(expected) if expected == word => {}
                Segment::Parameter(name) if !word.is_empty() => {
                    parameters.insert(name.clone(), (*word).to_owned());
                }
                Segment::Word(_) | Segment::Parameter(_) => return None,
            }
        }
        Some(parameters)
    }

    pub(crate) fn kind(&self) -> Kind {
        let verb = match self.name() {
            "insert" => Verb::Insert,
            "delete" => Verb::Delete,
            "patch" => Verb::Patch,
            "update" => Verb::Update,
            other => Verb::Other(other.to_owned()),
        };
        match self.name() {
            "get" if self.is_of_operations() => Kind::Operation { wait: false },
            "wait" => Kind::Operation { wait: true },
            "get" => Kind::Get,
            "list" => Kind::List,
            "aggregatedList" => Kind::Aggregated,
            _ if self.response == "Operation" => Kind::Write(verb),
            _ => Kind::Ask(verb),
        }
    }

    /// `insert`, of `compute.forwardingRules.insert`.
    pub(crate) fn name(&self) -> &str {
        self.id.rsplit('.').next().unwrap_or_default()
    }

    pub(crate) fn is_of_operations(&self) -> bool {
        self.id.contains("Operations.")
    }

    /// What is wrong with a call, except with its body.
    pub(crate) fn look_at(
        &self,
        path: &BTreeMap<String, String>,
        query: &[(String, String)],
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, value) in path {
            if let Some(node) = self.parameters.get(name) {
                findings.extend(node.look_at_parameter(name, value));
            }
        }
        for (index, (name, value)) in query.iter().enumerate() {
            let known = self.parameters.get(name).filter(|_| !path.contains_key(name));
            let finding = |problem| Finding { path: name.clone(), value: value.clone(), problem };
            // Google's own crates send these two, which the document does not know.
            let silent = matches!(name.as_str(), "$alt" | "$apiVersion");
            let node = known.or_else(|| DOCUMENT.parameters.get(name));
            let twice = query[..index].iter().any(|(other, _)| other == name);
            match node {
                _ if silent => {}
                None => findings.push(finding(Problem::Value("Unknown parameter.".to_owned()))),
                Some(node) if twice && !node.repeated => {
                    findings.push(finding(Problem::Value("Given more than once.".to_owned())));
                }
                // An empty page token is none, and so it is with the others.
                Some(_) if value.is_empty() => {}
                Some(_) if name == "requestId" && !is_uuid(value) => {
                    findings.push(finding(Problem::Value("Must be a UUID, not zero.".to_owned())));
                }
                Some(node) => findings.extend(node.look_at_parameter(name, value)),
            }
        }
        findings
    }

    /// What is wrong with a body.
    pub(crate) fn look_at_body(&self, body: Option<&Value>) -> Vec<Finding> {
        let finding =
            |problem| Finding { path: "resource".to_owned(), value: String::new(), problem };
        let empty = body.is_none_or(|body| body.as_object().is_some_and(serde_json::Map::is_empty));
        match (&self.request, body) {
            (None, _) if empty => Vec::new(),
            (None, _) => vec![finding(Problem::Value("The method takes no body.".to_owned()))],
            (Some(_), None) => vec![finding(Problem::Required)],
            (Some(schema), Some(body)) => DOCUMENT.look(schema, body, Side::Request(&self.id)),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let digits = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    digits && lengths == [8, 4, 4, 4, 12] && text.chars().any(|c| !matches!(c, '0' | '-'))
}
