use std::collections::BTreeSet;

use google_cloud_compute_v1::model;
use google_cloud_gax::paginator::ItemPaginator as _;
use seaway_core::Family;

use super::operation::At;
use super::pages::{all, beginning};
use super::words::{self, ours};
use super::{Gce, links, refusal};
use crate::api::{Answer, ForwardingRule, Scheme};

impl Gce {
    pub(super) async fn list_forwarding_rules(&self, prefix: &str) -> Answer<Vec<ForwardingRule>> {
        let list = self.forwarding_rules.list().set_project(&self.place.project);
        let list = list.set_region(&self.place.region).set_filter(beginning(prefix));
        all!(list, |it| told(&it))
    }

    pub(super) async fn read_forwarding_rule(
        &self,
        name: &str,
    ) -> Answer<Option<Option<ForwardingRule>>> {
        Ok(refusal::found(self.get_forwarding_rule(name).await)?.map(|it| told(&it)))
    }

    pub(super) async fn insert_forwarding_rule(&self, it: &ForwardingRule) -> Answer<()> {
        let body = self.forwarding_rule(it);
        self.write(At::Region, |id| {
            let insert = self.forwarding_rules.insert().set_project(&self.place.project);
            let insert = insert.set_region(&self.place.region).set_request_id(id);
            ours(insert.set_body(body.clone())).send()
        })
        .await
    }

    /// Whether it can be reached from other regions: nothing else of a rule can be changed.
    pub(super) async fn update_forwarding_rule(&self, it: &ForwardingRule) -> Answer<()> {
        let now = self.get_forwarding_rule(&it.name).await;
        let now = now.map_err(|error| refusal::fault(&error))?;
        let mut body = model::ForwardingRule::new().set_allow_global_access(it.global_access);
        body.fingerprint = now.fingerprint;
        self.write(At::Region, |id| {
            let patch = self.forwarding_rules.patch().set_project(&self.place.project);
            let patch = patch.set_region(&self.place.region).set_request_id(id);
            ours(patch.set_forwarding_rule(&it.name).set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn delete_forwarding_rule(&self, name: &str) -> Answer<()> {
        self.write(At::Region, |id| {
            let delete = self.forwarding_rules.delete().set_project(&self.place.project);
            let delete = delete.set_region(&self.place.region).set_request_id(id);
            ours(delete.set_forwarding_rule(name)).send()
        })
        .await
    }

    async fn get_forwarding_rule(
        &self,
        name: &str,
    ) -> Result<model::ForwardingRule, google_cloud_gax::error::Error> {
        let get = self.forwarding_rules.get().set_project(&self.place.project);
        ours(get.set_region(&self.place.region).set_forwarding_rule(name)).send().await
    }

    fn forwarding_rule(&self, it: &ForwardingRule) -> model::ForwardingRule {
        let internal = it.scheme == Scheme::Internal;
        let v6 = it.family == Family::IPv6;
        let mut body = model::ForwardingRule::new()
            .set_name(&it.name)
            .set_description(&it.description)
            .set_load_balancing_scheme(words::scheme(it.scheme))
            .set_ip_protocol(words::protocol(it.protocol))
            .set_ports(it.ports.iter().map(u16::to_string))
            .set_backend_service(self.place.regional("backendServices", &it.backend_service))
            .set_or_clear_ip_address(it.ip.map(|ip| {
                // Google wants the range that it gave, of which the first address is the rule's.
                if ip.is_ipv6() { format!("{ip}/96") } else { ip.to_string() }
            }));
        if v6 {
            body = body.set_ip_version("IPV6");
        }
        if internal || v6 {
            body = body.set_subnetwork(self.place.subnetwork(it.subnet.as_deref()));
        }
        if internal {
            return body
                .set_network(self.place.network())
                .set_allow_global_access(it.global_access);
        }
        body.set_or_clear_network_tier(it.tier.map(words::tier))
    }
}

fn told(it: &model::ForwardingRule) -> Option<ForwardingRule> {
    let scheme = words::scheme_of(it.load_balancing_scheme.as_ref().and_then(|it| it.name()))?;
    if it.target.is_some() || it.all_ports == Some(true) || !it.source_ip_ranges.is_empty() {
        return None;
    }
    let ip = match it.ip_address.as_deref() {
        Some(text) if !text.is_empty() => Some(words::ip(text)?),
        _ => None,
    };
    Some(ForwardingRule {
        name: it.name.clone()?,
        description: it.description.clone().unwrap_or_default(),
        scheme,
        family: words::family(it.ip_version.as_ref().and_then(|it| it.name()), ip),
        protocol: words::protocol_of(it.ip_protocol.as_ref().and_then(|it| it.name()))?,
        ports: ports(it)?,
        ip,
        tier: words::tier_of(scheme, it.network_tier.as_ref().and_then(|it| it.name())),
        subnet: it.subnetwork.as_deref().map(|url| links::short(url).to_owned()),
        global_access: it.allow_global_access.unwrap_or(false),
        backend_service: links::regional(it.backend_service.as_deref()?, "backendServices")?,
    })
}

/// The ports one by one. A single one may come as a range of one.
fn ports(it: &model::ForwardingRule) -> Option<BTreeSet<u16>> {
    if it.ports.is_empty() {
        let (from, to) = it.port_range.as_deref()?.split_once('-')?;
        return (from == to).then(|| from.parse().ok().map(|port| [port].into()))?;
    }
    it.ports.iter().map(|port| port.parse().ok()).collect()
}
