use std::collections::{BTreeMap, BTreeSet};

use google_cloud_compute_v1::model;
use google_cloud_compute_v1::model::firewall::Allowed;
use google_cloud_gax::paginator::ItemPaginator as _;
use ipnet::IpNet;

use super::links::Place;
use super::operation::At;
use super::pages::{all, beginning};
use super::words::{self, ours};
use super::{Gce, refusal};
use crate::api::{Answer, Fault, Firewall, Open};

/// The priority of rules that name none.
const PRIORITY: i32 = 1000;

impl Gce {
    pub(super) async fn list_firewalls(&self, prefix: &str) -> Answer<Vec<Firewall>> {
        let list = self.firewalls.list().set_project(&self.place.network_project);
        all!(list.set_filter(beginning(prefix)), |it| told(&self.place, &it))
    }

    pub(super) async fn read_firewall(&self, name: &str) -> Answer<Option<Option<Firewall>>> {
        let read = refusal::found(self.get_firewall(name).await)?;
        Ok(read.map(|it| told(&self.place, &it)))
    }

    pub(super) async fn insert_firewall(&self, it: &Firewall) -> Answer<()> {
        let body = self.firewall(model::Firewall::new(), it)?;
        self.write(At::Global, |id| {
            let insert = self.firewalls.insert().set_project(&self.place.network_project);
            ours(insert.set_request_id(id).set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn update_firewall(&self, it: &Firewall) -> Answer<()> {
        let now = self.get_firewall(&it.name).await;
        let body = self.firewall(now.map_err(|error| refusal::fault(&error))?, it)?;
        self.write(At::Global, |id| {
            let update = self.firewalls.update().set_project(&self.place.network_project);
            let update = update.set_request_id(id).set_firewall(&it.name);
            ours(update.set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn delete_firewall(&self, name: &str) -> Answer<()> {
        self.write(At::Global, |id| {
            let delete = self.firewalls.delete().set_project(&self.place.network_project);
            ours(delete.set_request_id(id).set_firewall(name)).send()
        })
        .await
    }

    async fn get_firewall(
        &self,
        name: &str,
    ) -> Result<model::Firewall, google_cloud_gax::error::Error> {
        let get = self.firewalls.get().set_project(&self.place.network_project);
        ours(get.set_firewall(name)).send().await
    }

    /// What is there, or nothing, with all that we have words for as it should be.
    fn firewall(&self, now: model::Firewall, it: &Firewall) -> Answer<model::Firewall> {
        // To Google a rule without sources is one for everybody.
        if it.sources.is_empty() || it.open.is_empty() {
            let why = format!("the firewall rule {} has no sources, or opens nothing", it.name);
            return Err(Fault::refused(400, "required", why));
        }
        let mut body = now
            .set_name(&it.name)
            .set_description(&it.description)
            .set_network(self.place.network())
            .set_direction("INGRESS")
            .set_priority(PRIORITY)
            .set_source_ranges(it.sources.iter().map(IpNet::to_string))
            .set_destination_ranges(it.destinations.iter().map(IpNet::to_string))
            .set_target_tags(it.target_tags.iter().cloned())
            .set_allowed(allowed(&it.open));
        // What Google says of it, and nobody else can.
        body.id = None;
        body.kind = None;
        body.creation_timestamp = None;
        body.self_link = None;
        Ok(body)
    }
}

/// What is open, one entry for each protocol.
fn allowed(open: &BTreeSet<Open>) -> Vec<Allowed> {
    let mut ports: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for it in open {
        ports.entry(it.protocol).or_default().push(if it.from == it.to {
            it.from.to_string()
        } else {
            format!("{}-{}", it.from, it.to)
        });
    }
    let entry = |(protocol, ports)| {
        let protocol = words::protocol(protocol).to_ascii_lowercase();
        Allowed::new().set_ip_protocol(protocol).set_ports::<_, String>(ports)
    };
    ports.into_iter().map(entry).collect()
}

fn told(place: &Place, it: &model::Firewall) -> Option<Firewall> {
    let egress = it.direction.as_ref().is_some_and(|it| it.name() != Some("INGRESS"));
    let elsewhere = it.network.as_deref().is_some_and(|url| !place.is_network(url));
    let others = !it.denied.is_empty()
        || !it.source_tags.is_empty()
        || !it.source_service_accounts.is_empty()
        || !it.target_service_accounts.is_empty();
    let idle = it.disabled == Some(true) || it.priority.unwrap_or(PRIORITY) != PRIORITY;
    if egress || elsewhere || others || idle {
        return None;
    }
    let open = it.allowed.iter().map(open_of).collect::<Option<Vec<_>>>()?;
    Some(Firewall {
        name: it.name.clone()?,
        description: it.description.clone().unwrap_or_default(),
        sources: nets(&it.source_ranges)?,
        destinations: nets(&it.destination_ranges)?,
        open: open.into_iter().flatten().collect(),
        target_tags: it.target_tags.iter().cloned().collect(),
    })
}

fn nets(texts: &[String]) -> Option<BTreeSet<IpNet>> {
    texts.iter().map(|text| words::net(text)).collect()
}

/// The ports of an entry; one without ports opens them all.
fn open_of(it: &Allowed) -> Option<Vec<Open>> {
    let protocol = words::protocol_of(it.ip_protocol.as_deref())?;
    if it.ports.is_empty() {
        return Some(vec![Open { protocol, from: 0, to: u16::MAX }]);
    }
    let open = it.ports.iter().map(|text| {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        Some(Open { protocol, from: from.parse().ok()?, to: to.parse().ok()? })
    });
    open.collect()
}
