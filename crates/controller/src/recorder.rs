use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use seaway_core::{Clock, Warning};
use seaway_intent::object::Meta;
use serde_json::json;
use tokio::sync::mpsc;

use crate::part::Part;
use crate::status::rfc3339;
use crate::write::{Error, Writer, label, uid};

/// How many Events may wait to be written. Beyond that they are dropped, and logged: telling must
/// never hold up doing.
const BACKLOG: usize = 4096;

/// How many Events are remembered, so that one that happens again is counted and not written anew.
const REMEMBERED: usize = 4096;

/// Something to tell the owner of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Note {
    /// `EnsuredLoadBalancer`
    Ensured(String),
    /// `UpdatedLoadBalancer`
    Updated,
    /// `DeletedLoadBalancer`
    Deleted,
    /// `SyncLoadBalancerFailed`
    Failed(String),
    /// `UnAvailableLoadBalancer`
    NoNodes,
    /// `RestoredStatus`
    Restored(String),
    /// `RepairedLoadBalancer`
    Repaired(String),
    /// `RetainedLoadBalancer`
    Retained,
    /// `PausedLoadBalancer`; true: the Service is being deleted
    Paused(bool),
    /// `UnknownAnnotation`
    Unread(String),
    /// Whatever the provider says
    Warned(Warning),
}

impl Note {
    /// Whether it is bad news, the reason that people grep for, and the text. The reasons are those
    /// of the upstream service controller.
    fn text(&self) -> (bool, Cow<'static, str>, String) {
        let (bad, reason, text) = match self {
            Self::Ensured(at) => {
                (false, "EnsuredLoadBalancer", format!("Ensured load balancer: {at}"))
            }
            Self::Updated => {
                (false, "UpdatedLoadBalancer", "Updated load balancer with new spec".to_owned())
            }
            Self::Deleted => (false, "DeletedLoadBalancer", "Deleted load balancer".to_owned()),
            Self::Failed(why) => {
                (true, "SyncLoadBalancerFailed", format!("Error syncing load balancer: {why}"))
            }
            Self::Restored(at) => (
                true,
                "RestoredStatus",
                format!("The status was changed by somebody else; it says again: {at}"),
            ),
            Self::Repaired(steps) => (
                true,
                "RepairedLoadBalancer",
                format!("The load balancer was changed by somebody else; made again: {steps}"),
            ),
            Self::Retained => (
                false,
                "RetainedLoadBalancer",
                "The load balancer stays, as seaway.dev/retain asks: it is yours now".to_owned(),
            ),
            Self::Paused(false) => (
                false,
                "PausedLoadBalancer",
                "Nothing is changed as long as seaway.dev/pause is \"true\"".to_owned(),
            ),
            Self::Paused(true) => (
                true,
                "PausedLoadBalancer",
                "The deletion waits as long as seaway.dev/pause is \"true\"".to_owned(),
            ),
            Self::Unread(keys) => (
                true,
                "UnknownAnnotation",
                format!("Nobody reads {keys}; docs/annotations.md lists what there is"),
            ),
            Self::NoNodes => (
                true,
                "UnAvailableLoadBalancer",
                "There are no available nodes for LoadBalancer".to_owned(),
            ),
            Self::Warned(Warning { reason, message }) => {
                return (true, reason.clone(), message.clone());
            }
        };
        (bad, Cow::Borrowed(reason), text)
    }
}

/// Takes Events, and writes them in the background.
#[derive(Clone)]
pub(crate) struct Recorder {
    notes: mpsc::Sender<(Meta, Note)>,
    voice: Voice,
}

/// Who tells, and what.
#[derive(Clone)]
struct Voice {
    /// Put before bad news, which may be that of one box only.
    name: Option<String>,
    /// Good news is another one's to tell.
    bad_only: bool,
}

impl Recorder {
    /// A recorder, and the task that writes until every recorder is dropped.
    pub(crate) fn new(
        writer: Arc<Writer>,
        clock: Arc<dyn Clock>,
        part: &Part,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (notes, inbox) = mpsc::channel(BACKLOG);
        let name = part.box_name().map(str::to_owned);
        let voice = Voice { name, bad_only: part.follows() };
        (Self { notes, voice: voice.clone() }, write_all(writer, clock, voice, inbox))
    }

    /// Tells the owner of a Service.
    pub(crate) fn tell(&self, service: &Meta, note: Note) {
        let (bad, reason, message) = self.voice.text(&note);
        let service_name = label(service);
        if !bad && self.voice.bad_only {
            tracing::debug!(service = service_name, %reason, "{message}");
            return;
        }
        if bad {
            tracing::warn!(service = service_name, %reason, "{message}");
        } else {
            tracing::info!(service = service_name, %reason, "{message}");
        }
        let about = Meta {
            namespace: service.namespace.clone(),
            name: service.name.clone(),
            uid: service.uid.clone(),
            ..Meta::default()
        };
        if self.notes.try_send((about, note)).is_err() {
            tracing::warn!(service = service_name, %reason, "event dropped: too many wait");
        }
    }
}

impl Voice {
    /// Whether it is bad news, its reason, and its text.
    fn text(&self, note: &Note) -> (bool, Cow<'static, str>, String) {
        let (bad, reason, mut message) = note.text();
        if let Some(name) = self.name.as_ref().filter(|_| bad) {
            message = format!("box {name}: {message}");
        }
        (bad, reason, message)
    }

    /// What makes the names of Events other than those of another box.
    fn mark(&self) -> String {
        self.name.as_ref().map(|name| format!("{name}.")).unwrap_or_default()
    }
}

async fn write_all(
    writer: Arc<Writer>,
    clock: Arc<dyn Clock>,
    voice: Voice,
    mut inbox: mpsc::Receiver<(Meta, Note)>,
) {
    let mut told: BTreeMap<(String, Note), (String, u32)> = BTreeMap::new();
    while let Some((service, note)) = inbox.recv().await {
        if told.len() > REMEMBERED {
            told.clear();
        }
        let now = clock.now();
        let known = (service.uid.clone(), note);
        let answer = if let Some((name, count)) = told.get_mut(&known) {
            *count += 1;
            let patch = json!({ "count": *count, "lastTimestamp": rfc3339(now) });
            writer.repeat_event(&service.namespace, name, &patch).await
        } else {
            let (mark, at) = (voice.mark(), now.as_millis());
            let name = format!("{}.{mark}{at:x}{:04x}", service.name, told.len());
            let (bad, reason, message) = voice.text(&known.1);
            let event = json!({
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": { "name": name, "namespace": service.namespace },
                "involvedObject": {
                    "apiVersion": "v1", "kind": "Service", "namespace": service.namespace,
                    "name": service.name, "uid": uid(&service),
                },
                "type": if bad { "Warning" } else { "Normal" },
                "reason": reason,
                "message": message,
                "count": 1,
                "firstTimestamp": rfc3339(now),
                "lastTimestamp": rfc3339(now),
                "source": { "component": "seaway" },
                "reportingComponent": "seaway.dev/controller",
            });
            let answer = writer.create_event(&service.namespace, &event).await;
            if answer.is_ok() {
                told.insert(known.clone(), (name, 1));
            }
            answer
        };
        match answer {
            Ok(_) => {}
            // The Event expired; the next one is written anew.
            Err(Error::Gone) => {
                told.remove(&known);
            }
            Err(error @ (Error::NotLeader(_) | Error::Failed(_))) => {
                tracing::warn!(service = label(&service), %error, "event not written");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(note: &Note, bad: bool, reason: &str, message: &str) {
        assert_eq!(note.text(), (bad, reason.into(), message.to_owned()));
    }

    #[test]
    fn reasons_and_texts_are_those_that_people_know_from_upstream() {
        let at = Note::Ensured("192.0.2.1".to_owned());
        check(&at, false, "EnsuredLoadBalancer", "Ensured load balancer: 192.0.2.1");
        check(&Note::Deleted, false, "DeletedLoadBalancer", "Deleted load balancer");
        let failed = Note::Failed("it is full".to_owned());
        let text = "Error syncing load balancer: it is full";
        check(&failed, true, "SyncLoadBalancerFailed", text);
        let text = "There are no available nodes for LoadBalancer";
        check(&Note::NoNodes, true, "UnAvailableLoadBalancer", text);
        let (bad, reason, text) = Note::Updated.text();
        assert!(!bad && reason == "UpdatedLoadBalancer");
        assert!(text.starts_with("Updated load balancer with new "), "{text}");
    }
}
