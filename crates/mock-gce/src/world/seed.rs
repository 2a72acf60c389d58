//! What is there before anything is asked: places, networks, machines.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::World;
use super::change::now;
use crate::state::{Link, Scope, Thing, names};

/// A subnetwork of the seed.
pub(crate) struct Subnetwork<'a> {
    pub(crate) project: &'a str,
    pub(crate) network: &'a str,
    pub(crate) region: &'a str,
    pub(crate) name: &'a str,
    pub(crate) range: &'a str,
    /// `EXTERNAL` or `INTERNAL`, and its IPv6 range of 64 bits.
    pub(crate) ipv6: Option<(&'a str, &'a str)>,
}

impl World {
    /// Zones and regions are there for whoever comes.
    pub(crate) fn open_project(&mut self, project: &str) {
        for zone in self.zones.clone() {
            let link = Link::new(project, Scope::Global, "zones", &zone);
            if self.state.get(&link).is_some() {
                continue;
            }
            let region = zone.rsplit_once('-').map_or(zone.as_str(), |(region, _)| region);
            let region = Link::new(project, Scope::Global, "regions", region);
            let more = json!({"status": "UP", "region": region.url(), "description": zone});
            self.put(&link, "compute#zone", &more);
            self.put(&region, "compute#region", &json!({"status": "UP"}));
        }
    }

    pub(crate) fn add_network(&mut self, project: &str, name: &str) -> Link {
        self.open_project(project);
        let link = Link::new(project, Scope::Global, "networks", name);
        let more = json!({
            "autoCreateSubnetworks": false,
            "mtu": 1460,
            "routingConfig": {"routingMode": "REGIONAL"},
        });
        self.put(&link, "compute#network", &more);
        link
    }

    pub(crate) fn add_subnetwork(&mut self, of: &Subnetwork<'_>) {
        let network = self.add_network_once(of.project, of.network);
        let scope = Scope::Region(of.region.to_owned());
        let link = Link::new(of.project, scope, "subnetworks", of.name);
        let range: Ipv4Net = of.range.parse().expect("a range of IPv4 addresses");
        let gateway = range.hosts().next().unwrap_or_else(|| range.network());
        let region = Link::new(of.project, Scope::Global, "regions", of.region);
        let mut more = json!({
            "network": network.url(),
            "region": region.url(),
            "ipCidrRange": of.range,
            "gatewayAddress": gateway,
            "purpose": "PRIVATE",
            "privateIpGoogleAccess": false,
            "stackType": "IPV4_ONLY",
        });
        if let Some((access, range)) = of.ipv6 {
            more["stackType"] = "IPV4_IPV6".into();
            more["ipv6AccessType"] = access.into();
            let prefix =
                if access == "EXTERNAL" { "externalIpv6Prefix" } else { "internalIpv6Prefix" };
            more[prefix] = range.into();
            more["ipv6CidrRange"] = range.into();
        }
        self.put(&link, "compute#subnetwork", &more);
        let fingerprint = self.state.fingerprint();
        if let Some(thing) = self.state.things.get_mut(&link) {
            thing.insert("fingerprint".to_owned(), fingerprint.into());
        }
        let url = Value::from(link.url());
        let listed = self.state.things.get_mut(&network);
        let listed = listed.map(|thing| thing.entry("subnetworks").or_insert_with(|| json!([])));
        if let Some(Value::Array(listed)) = listed
            && !listed.contains(&url)
        {
            listed.push(url);
        }
    }

    /// An instance with one card in a subnetwork, and its address there.
    pub(crate) fn add_instance(
        &mut self,
        project: &str,
        zone: &str,
        name: &str,
        subnetwork: &str,
    ) -> IpAddr {
        self.open_project(project);
        let region = zone.rsplit_once('-').map_or(zone, |(region, _)| region);
        let here = Scope::Region(region.to_owned());
        let subnetwork = Link::parse_in(subnetwork, project)
            .unwrap_or_else(|| Link::new(project, here, "subnetworks", subnetwork));
        let within = self.state.get(&subnetwork);
        let within = within.unwrap_or_else(|| panic!("there is no {subnetwork}: seed() first"));
        let network = within["network"].clone();
        let range: Ipv4Net = within["ipCidrRange"].as_str().unwrap_or_default().parse().unwrap();
        let link = Link::new(project, Scope::Zone(zone.to_owned()), "instances", name);
        let address = self.free_address(&link, range);
        let zone = Link::new(project, Scope::Global, "zones", zone);
        let card = json!({
            "kind": "compute#networkInterface",
            "name": "nic0",
            "network": network,
            "subnetwork": subnetwork.url(),
            "networkIP": address,
            "stackType": "IPV4_ONLY",
        });
        let more = json!({"zone": zone.url(), "status": "RUNNING", "networkInterfaces": [card]});
        self.put(&link, "compute#instance", &more);
        address.into()
    }

    /// An instance goes, and whatever had it as a member or an endpoint has it no longer.
    pub(crate) fn forget_instance(&mut self, instance: &Link) {
        self.state.things.remove(instance);
        for (other, thing) in &mut self.state.things {
            let mut left = None;
            // The rules keep members and endpoints under names that nobody is shown.
            for (_, value) in thing.iter_mut().filter(|(field, _)| field.starts_with('_')) {
                let Value::Array(members) = value else { continue };
                let before = members.len();
                members.retain(|member| !names(member, instance, &other.project));
                left = (members.len() != before).then_some(members.len()).or(left);
            }
            if let Some(left) = left
                && let Some(size) = thing.get_mut("size")
            {
                *size = left.into();
            }
        }
    }

    /// From the range's second half, so that load balancers have the first for themselves.
    fn free_address(&self, instance: &Link, range: Ipv4Net) -> Ipv4Addr {
        let first = u32::from(range.network()) + (1_u32 << (32 - range.prefix_len())) / 2 + 2;
        let taken = |address: Ipv4Addr| {
            self.state.things.iter().any(|(link, thing)| {
                link != instance
                    && link.collection == "instances"
                    && thing["networkInterfaces"][0]["networkIP"] == address.to_string()
            })
        };
        let mut free = (first..).map(Ipv4Addr::from);
        free.find(|address| !taken(*address)).expect("a subnetwork has room")
    }

    fn add_network_once(&mut self, project: &str, name: &str) -> Link {
        let link = Link::new(project, Scope::Global, "networks", name);
        if self.state.get(&link).is_none() { self.add_network(project, name) } else { link }
    }

    fn put(&mut self, link: &Link, kind: &str, more: &Value) {
        let id = self.state.id().to_string();
        let mut thing: Thing = [
            ("kind", kind.to_owned()),
            ("id", id),
            ("name", link.name.clone()),
            ("selfLink", link.url()),
            ("creationTimestamp", now()),
        ]
        .map(|(field, value)| (field.to_owned(), value.into()))
        .into_iter()
        .collect();
        thing.extend(more.as_object().cloned().unwrap_or_default());
        self.state.things.insert(link.clone(), thing);
    }
}
