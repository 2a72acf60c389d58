use google_cloud_compute_v1::model;
use google_cloud_gax::paginator::ItemPaginator as _;
use seaway_core::Family;

use super::operation::At;
use super::pages::all;
use super::words::{self, ours};
use super::{Gce, links, refusal};
use crate::api::{Address, Answer, Purpose, Scheme};

impl Gce {
    pub(super) async fn list_addresses(&self) -> Answer<Vec<Address>> {
        let list = self.addresses.list().set_project(&self.place.project);
        all!(list.set_region(&self.place.region), |it| told(&it))
    }

    pub(super) async fn read_address(&self, name: &str) -> Answer<Option<Option<Address>>> {
        let get = self.addresses.get().set_project(&self.place.project);
        let get = ours(get.set_region(&self.place.region).set_address(name));
        Ok(refusal::found(get.send().await)?.map(|it| told(&it)))
    }

    pub(super) async fn insert_address(&self, it: &Address) -> Answer<()> {
        let body = self.address(it);
        self.write(At::Region, |id| {
            let insert = self.addresses.insert().set_project(&self.place.project);
            let insert = insert.set_region(&self.place.region).set_request_id(id);
            ours(insert.set_body(body.clone())).send()
        })
        .await
    }

    pub(super) async fn delete_address(&self, name: &str) -> Answer<()> {
        self.write(At::Region, |id| {
            let delete = self.addresses.delete().set_project(&self.place.project);
            let delete = delete.set_region(&self.place.region).set_request_id(id);
            ours(delete.set_address(name)).send()
        })
        .await
    }

    fn address(&self, it: &Address) -> model::Address {
        let external = it.scheme == Scheme::External;
        let v6 = it.family == Family::IPv6;
        let mut body = model::Address::new()
            .set_name(&it.name)
            .set_description(&it.description)
            .set_address_type(words::scheme(it.scheme))
            .set_or_clear_address(it.ip.map(|ip| ip.to_string()));
        if let (true, Some(tier)) = (external, it.tier) {
            body = body.set_network_tier(words::tier(tier));
        }
        if !external || v6 {
            body = body.set_subnetwork(self.place.subnetwork(it.subnet.as_deref()));
        }
        if v6 {
            body = body.set_ip_version("IPV6");
            if external {
                body = body.set_ipv_6_endpoint_type("NETLB");
            }
            if it.ip.is_some() {
                body = body.set_prefix_length(96);
            }
        }
        match it.purpose {
            Some(Purpose::Shared) => body.set_purpose("SHARED_LOADBALANCER_VIP"),
            Some(Purpose::Endpoint) => body.set_purpose("GCE_ENDPOINT"),
            Some(Purpose::Other) | None => body,
        }
    }
}

fn told(it: &model::Address) -> Option<Address> {
    let word = it.address_type.as_ref().and_then(|it| it.name());
    let scheme = words::scheme_of(word.or(Some("EXTERNAL")))?;
    let ip = match it.address.as_deref() {
        Some(text) if !text.is_empty() => Some(words::ip(text)?),
        _ => None,
    };
    Some(Address {
        name: it.name.clone()?,
        description: it.description.clone().unwrap_or_default(),
        ip,
        family: words::family(it.ip_version.as_ref().and_then(|it| it.name()), ip),
        scheme,
        tier: words::tier_of(scheme, it.network_tier.as_ref().and_then(|it| it.name())),
        purpose: it.purpose.as_ref().map(|it| match it.name() {
            Some("GCE_ENDPOINT") => Purpose::Endpoint,
            Some("SHARED_LOADBALANCER_VIP") => Purpose::Shared,
            _ => Purpose::Other,
        }),
        subnet: it.subnetwork.as_deref().map(|url| links::short(url).to_owned()),
    })
}
