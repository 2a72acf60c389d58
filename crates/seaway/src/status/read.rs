use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Event, Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::jiff::Timestamp;
use kube::api::{ListParams, ObjectList};
use kube::{Api, Client};

use crate::cluster::refusal;

/// A Service, and what the cluster tells of what is around it.
pub(super) struct Around {
    pub service: Service,
    pub events: Vec<Event>,
    pub slices: Vec<EndpointSlice>,
    pub nodes: Vec<Node>,
    /// What could not be read: a permission that is missing costs a part of the page, and not all.
    pub missing: Vec<String>,
}

impl Around {
    /// None if there is no such Service.
    pub(super) async fn read(client: &Client, namespace: &str, name: &str) -> Result<Option<Self>> {
        let services = Api::<Service>::namespaced(client.clone(), namespace);
        let service =
            services.get_opt(name).await.map_err(refusal).context("can't get the Service")?;
        let Some(service) = service else { return Ok(None) };
        let slices = Api::<EndpointSlice>::namespaced(client.clone(), namespace);
        let of_service = ListParams::default()
            .labels(&format!("{}={name}", seaway_intent::annotation::SLICE_SERVICE));
        let mut missing = Vec::new();
        let slices = slices.list(&of_service).await;
        let slices = or_note(slices, "EndpointSlices", &mut missing);
        let events = Api::<Event>::namespaced(client.clone(), namespace);
        let about = ListParams::default()
            .fields(&format!("involvedObject.kind=Service,involvedObject.name={name}"));
        let mut events = or_note(events.list(&about).await, "Events", &mut missing);
        let nodes = Api::<Node>::all(client.clone()).list(&ListParams::default()).await;
        let nodes = or_note(nodes, "Nodes", &mut missing);
        // An older Service by the same name may have left some.
        events.retain(|event| event.involved_object.uid == service.metadata.uid);
        events.sort_by_key(last_seen);
        Ok(Some(Self { service, events, slices, nodes, missing }))
    }
}

/// What was listed; nothing, and a note, if it could not be.
fn or_note<K: Clone>(
    listed: kube::Result<ObjectList<K>>,
    what: &str,
    missing: &mut Vec<String>,
) -> Vec<K> {
    match listed.map_err(refusal) {
        Ok(list) => list.items,
        Err(error) => {
            missing.push(format!("can't list the {what}: {error:#}"));
            Vec::new()
        }
    }
}

/// When an Event happened last.
pub(super) fn last_seen(event: &Event) -> Option<Timestamp> {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    series.map(|time| time.0).or(last).or_else(|| event.event_time.as_ref().map(|time| time.0))
}

/// All Services of type `LoadBalancer`, by namespace and name.
pub(super) async fn services(client: &Client, namespace: Option<&str>) -> Result<Vec<Service>> {
    let api = match namespace {
        Some(namespace) => Api::<Service>::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let listed = api.list(&ListParams::default()).await.map_err(refusal);
    let mut services = listed.context("can't list the Services")?.items;
    services.retain(|service| {
        service.spec.as_ref().is_some_and(|spec| spec.type_.as_deref() == Some("LoadBalancer"))
    });
    services.sort_by(|a, b| {
        let name = |it: &Service| (it.metadata.namespace.clone(), it.metadata.name.clone());
        name(a).cmp(&name(b))
    });
    Ok(services)
}

/// The namespaces that have a Service by this name.
pub(super) async fn namespaces(client: &Client, name: &str) -> Result<Vec<String>> {
    let named = ListParams::default().fields(&format!("metadata.name={name}"));
    let found = Api::<Service>::all(client.clone()).list_metadata(&named).await;
    let found = found.map_err(refusal).context("can't list the Services")?;
    Ok(found.items.into_iter().filter_map(|it| it.metadata.namespace).collect())
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn what_may_not_be_listed_is_noted_and_costs_nothing_else() {
        let forbidden = Status::failure("events is forbidden", "Forbidden").with_code(403);
        let mut missing = Vec::new();
        let listed = Err::<ObjectList<Event>, _>(kube::Error::Api(forbidden.boxed()));
        assert_eq!(or_note(listed, "Events", &mut missing), []);
        assert_eq!(missing, ["can't list the Events: events is forbidden (403)"]);
    }
}
