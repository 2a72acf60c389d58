//! The mark that says whose a thing is: JSON in its description, set by the call that makes it.

use seaway_core::{ClusterId, ServiceRef, ServiceUid};
use serde::{Deserialize, Serialize};

/// What stands in the description of everything that is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The cluster: the proof that a thing is ours.
    #[serde(rename = "seaway.dev/cluster")]
    pub cluster: String,
    /// The Service, as namespace/name; none if all Services share it.
    #[serde(rename = "seaway.dev/service", default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The uid of the Service.
    #[serde(rename = "seaway.dev/service-uid", default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Of forwarding rules: the number of the address among those that the Service has had. While one
    /// takes the place of another, the higher one is the new one.
    #[serde(rename = "seaway.dev/turn", default, skip_serializing_if = "is_default")]
    pub turn: u32,
    /// Of forwarding rules: the place of the family among those of the Service, the preferred one
    /// first. It never changes.
    #[serde(rename = "seaway.dev/family", default, skip_serializing_if = "is_default")]
    pub family: usize,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Mark {
    /// The mark of something that serves `service` alone.
    pub(crate) fn of(cluster: &ClusterId, service: &ServiceRef) -> Self {
        Self {
            cluster: cluster.to_string(),
            service: Some(service.to_string()),
            uid: Some(service.uid.to_string()),
            ..Self::default()
        }
    }

    /// The mark of what all Services of a cluster share.
    pub(crate) fn shared(cluster: &ClusterId) -> Self {
        Self { cluster: cluster.to_string(), ..Self::default() }
    }

    /// The text for a description.
    pub(crate) fn text(&self) -> String {
        // Strings and a number: it can't fail, and without a mark a thing would be nobody's.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The mark in this description; none if it is not of `cluster`.
    pub(crate) fn read(cluster: &ClusterId, description: &str) -> Option<Self> {
        let mark: Self = serde_json::from_str(description).ok()?;
        (mark.cluster == cluster.as_str()).then_some(mark)
    }

    /// The uid of the Service.
    pub(crate) fn owner(&self) -> Option<ServiceUid> {
        self.uid.as_deref().map(ServiceUid::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_by_its_own_cluster_only() {
        let lab = ClusterId::from("lab");
        let service = ServiceRef {
            namespace: "default".to_owned(),
            name: "web".to_owned(),
            uid: ServiceUid::from("u"),
        };
        for mark in [Mark::of(&lab, &service), Mark::shared(&lab)] {
            assert_eq!(Mark::read(&lab, &mark.text()), Some(mark.clone()));
            assert_eq!(Mark::read(&ClusterId::from("other"), &mark.text()), None);
        }
        assert_eq!(
            Mark::shared(&lab).text(),
            r#"{"seaway.dev/cluster":"lab"}"#,
            "a network admin may have to write it by hand"
        );
    }

    #[test]
    fn what_others_describe_is_not_ours() {
        let lab = ClusterId::from("lab");
        let gke = r#"{"networking.gke.io/service-name":"default/web"}"#;
        for text in ["", "web", gke, "[]", r#"{"seaway.dev/cluster":7}"#] {
            assert_eq!(Mark::read(&lab, text), None, "{text}");
        }
    }
}
