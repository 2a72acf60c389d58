use k8s_openapi::api::core::v1::Event;
use kube::api::ListParams;

use super::Cluster;
use crate::until::until;

impl Cluster {
    /// The Events about a Service.
    pub async fn events(&self, service: &str) -> Vec<Event> {
        let events = self.api::<Event>().list(&ListParams::default()).await.unwrap();
        let about = |event: &Event| {
            event.involved_object.kind.as_deref() == Some("Service")
                && event.involved_object.name.as_deref() == Some(service)
        };
        events.items.into_iter().filter(about).collect()
    }

    /// Waits for a Warning about a Service whose text has all of `parts`, and returns the text.
    pub async fn warns(&self, service: &str, parts: &[&str]) -> String {
        until(&format!("a Warning about {service} with {parts:?}"), async || {
            let events = self.events(service).await.into_iter();
            let bad = events.filter(|event| event.type_.as_deref() == Some("Warning"));
            let mut texts = bad.filter_map(|event| event.message);
            texts.find(|text| parts.iter().all(|part| text.contains(part)))
        })
        .await
    }

    /// Waits for an Event about a Service with this reason.
    pub async fn tells(&self, service: &str, reason: &str) -> Event {
        until(&format!("an Event {reason} about {service}"), async || {
            let mut events = self.events(service).await.into_iter();
            events.find(|event| event.reason.as_deref() == Some(reason))
        })
        .await
    }
}
