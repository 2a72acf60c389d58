//! A change that is under way, or was.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::refusal::Refusal;
use crate::state::{Act, Link, Scope};

/// An operation: what is to be done, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) link: Link,
    pub(crate) id: u64,
    /// `insert`, `patch`, `compute.instanceGroups.addInstances`.
    pub(crate) word: String,
    /// The schema of what is changed.
    pub(crate) schema: String,
    pub(crate) act: Act,
    /// Of an insert, the id that the thing will have.
    pub(crate) target_id: String,
    pub(crate) begun: String,
    pub(crate) due: Due,
    /// What it will fail with, because somebody wanted it so.
    pub(crate) doom: Option<Refusal>,
    /// Whether an error tells the HTTP status that belongs to it.
    pub(crate) with_status: bool,
    pub(crate) end: Option<End>,
}

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    At(Instant),
    /// After so many more looks at it.
    Looks(u32),
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) when: String,
    pub(crate) refusal: Option<Refusal>,
}

impl Operation {
    /// As it is answered.
    pub(crate) fn json(&self) -> Value {
        let mut json = json!({
            "kind": "compute#operation",
            "id": self.id.to_string(),
            "name": self.link.name,
            "operationType": self.word,
            "targetId": self.target_id,
            "targetLink": self.act.link.url(),
            "status": if self.end.is_some() { "DONE" } else { "RUNNING" },
            "progress": if self.end.is_some() { 100 } else { 0 },
            "user": "tester@example.com",
            "insertTime": self.begun,
            "startTime": self.begun,
            "selfLink": self.link.url(),
        });
        let place = |collection, name: &str| {
            Link::new(&self.link.project, Scope::Global, collection, name).url()
        };
        match &self.link.scope {
            Scope::Global => {}
            Scope::Region(region) => json["region"] = place("regions", region).into(),
            Scope::Zone(zone) => json["zone"] = place("zones", zone).into(),
        }
        if let Some(end) = &self.end {
            json["endTime"] = end.when.clone().into();
            if let Some(refusal) = &end.refusal {
                let error = json!({"code": refusal.code, "message": refusal.message});
                json["error"] = json!({"errors": [error]});
                if self.with_status {
                    json["httpErrorStatusCode"] = refusal.status.into();
                    json["httpErrorMessage"] = phrase(refusal.status).into();
                }
            }
        }
        json
    }
}

fn phrase(status: u16) -> String {
    let status = http::StatusCode::from_u16(status).ok();
    let phrase = status.and_then(|status| status.canonical_reason());
    phrase.unwrap_or("ERROR").to_uppercase()
}
