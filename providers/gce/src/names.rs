//! The names of things: made of what never changes, so that a name finds again what a lost answer left
//! behind, and readable at the console. Google takes 63 characters: `[a-z]([-a-z0-9]*[a-z0-9])?`.

use seaway_core::{ClusterId, Digest, Family, Protocol, ServiceRef};

use crate::api::{Name, Scheme};

/// What our names begin with.
pub(crate) const PREFIX: &str = "sw-";

/// How many hexadecimal digits tell a name from all others: 48 bits.
const HASH: usize = 12;

/// The names of what a Service has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    base: String,
}

impl Names {
    /// The names of what `service` has.
    pub(crate) fn of(cluster: &ClusterId, service: &ServiceRef) -> Self {
        let hash = hash(&(cluster, &service.uid));
        let (namespace, name) = (part(&service.namespace, 8), part(&service.name, 14));
        Self { base: format!("{PREFIX}{namespace}-{name}-{hash}") }
    }

    /// The backend service of a protocol. Neither can be changed in place.
    pub(crate) fn backend_service(&self, scheme: Scheme, protocol: Protocol) -> String {
        let place = match scheme {
            Scheme::External => "",
            Scheme::Internal => "int-",
        };
        format!("{}-{place}{}", self.base, word(protocol))
    }

    /// The health check of its own.
    pub(crate) fn health_check(&self) -> String {
        format!("{}-hc", self.base)
    }

    /// The reserved address, and the firewall rule, of a place; `tag` tells it from other places of
    /// the family.
    pub(crate) fn face(&self, tag: &str, family: Family) -> String {
        format!("{}-{tag}{}", self.base, version(family))
    }
}

/// The forwarding rule of a face, by the first of its ports.
pub(crate) fn rule(face: &str, protocol: Protocol, first: u16) -> String {
    format!("{face}-{}-{first}", word(protocol))
}

/// The face that a forwarding rule of this name belongs to.
pub(crate) fn face_of(rule: &str) -> Option<&str> {
    let (rest, _) = rule.rsplit_once('-')?;
    rest.rsplit_once('-').map(|(face, _)| face)
}

/// The instance group of a zone and subnetwork. They are filled one after the other.
pub(crate) fn group(cluster: &ClusterId, zone: &str, subnet: &str, number: usize) -> Name {
    let subnet = &hash(&subnet)[..4];
    Name::InstanceGroup {
        zone: zone.to_owned(),
        name: format!("{}-{subnet}-{number}", shared(cluster)),
    }
}

/// The health check that asks kube-proxy on every node.
pub(crate) fn shared_check(cluster: &ClusterId) -> String {
    format!("{}-nodes", shared(cluster))
}

/// The firewall rule that lets Google's health checks in.
pub(crate) fn check_firewall(cluster: &ClusterId, family: Family) -> String {
    format!("{}-hc-{}", shared(cluster), version(family))
}

/// Four digits that tell one thing that is asked for from another.
pub(crate) fn short(asked: &impl serde::Serialize) -> String {
    hash(asked)[..4].to_owned()
}

fn shared(cluster: &ClusterId) -> String {
    format!("{PREFIX}{}", hash(&("shared", cluster)))
}

fn hash(of: &impl serde::Serialize) -> String {
    Digest::of(of).as_str()[..HASH].to_owned()
}

const fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    }
}

const fn version(family: Family) -> &'static str {
    match family {
        Family::IPv4 => "v4",
        Family::IPv6 => "v6",
    }
}

/// The beginning of a name, with only what Google allows in one.
fn part(text: &str, most: usize) -> String {
    let fits = text.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-');
    fits.take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(namespace: &str, name: &str) -> Names {
        let service =
            ServiceRef { namespace: namespace.to_owned(), name: name.to_owned(), uid: "u".into() };
        Names::of(&ClusterId::from("lab"), &service)
    }

    #[test]
    fn names_fit_whatever_the_service_is_called() {
        for (namespace, name) in [("d", "w"), ("a-very-long-namespace", "shop.of.things.and-more")]
        {
            let names = names(namespace, name);
            let face = names.face("int-abcd-", Family::IPv6);
            let all = [
                rule(&face, Protocol::Udp, 65_535),
                names.backend_service(Scheme::Internal, Protocol::Tcp),
                names.health_check(),
                face,
            ];
            for name in all {
                assert!(name.len() <= 63, "{name} has {}", name.len());
                let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!(name.starts_with("sw-") && name.chars().all(fits), "{name}");
                assert!(!name.ends_with('-'), "{name}");
            }
        }
    }

    #[test]
    fn a_rule_tells_its_face() {
        let face = names("default", "web").face("", Family::IPv4);
        assert_eq!(face_of(&rule(&face, Protocol::Tcp, 80)), Some(face.as_str()));
    }

    #[test]
    fn each_zone_and_subnetwork_has_a_group() {
        let lab = ClusterId::from("lab");
        let all = [
            group(&lab, "z-a", "default", 0),
            group(&lab, "z-a", "default", 1),
            group(&lab, "z-a", "second", 0),
            group(&lab, "z-b", "default", 0),
            group(&ClusterId::from("other"), "z-a", "default", 0),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|name| name.as_str().len() <= 63));
    }
}
