//! The names of load balancers, target groups and security groups: made of what never changes, so
//! that a name finds again what a lost answer left behind, and readable at the console.

use seaway_core::{BalancerKey, ClusterId, ServiceUid};
use sha2::{Digest as _, Sha256};

use crate::api::{IpAddressType, Scheme, Transport};

/// What our names begin with.
pub(crate) const PREFIX: &str = "sw-";

/// How many characters of a name tell it from all others: 65 bits.
const HASH: usize = 13;

/// The name of a load balancer, in 32 characters: AWS's limit.
pub(crate) fn balancer(
    cluster: &ClusterId,
    key: &BalancerKey,
    scheme: Scheme,
    (namespace, name): (&str, &str),
) -> String {
    readable(namespace, name, &balancer_hash(cluster, key, scheme))
}

/// Whether `name` is the one that we would give to the load balancer at `key`.
pub(crate) fn is_balancer_of(name: &str, cluster: &ClusterId, key: &BalancerKey) -> bool {
    let schemes = [Scheme::Internal, Scheme::InternetFacing];
    ends_with(name, &schemes.map(|scheme| balancer_hash(cluster, key, scheme)))
}

/// What makes a target group what it is. Neither the NodePort nor the health check is in it: those
/// can be changed in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupName<'a> {
    /// The cluster.
    pub cluster: &'a ClusterId,
    /// The name of the load balancer that leads to it: a target group belongs to one.
    pub balancer: &'a str,
    /// The Service.
    pub uid: &'a ServiceUid,
    /// The port that clients connect to.
    pub port: u16,
    /// What it speaks.
    pub transport: Transport,
    /// The family of its targets.
    pub family: IpAddressType,
}

impl GroupName<'_> {
    /// The name, in 32 characters.
    pub(crate) fn text(&self, namespace: &str, name: &str) -> String {
        readable(namespace, name, &self.hash())
    }

    /// Whether `name` is the one that we would give.
    pub(crate) fn is(&self, name: &str) -> bool {
        ends_with(name, &[self.hash()])
    }

    fn hash(&self) -> String {
        let port = self.port.to_string();
        let (transport, family) = (self.transport.word(), self.family.word());
        let uid = self.uid.as_str();
        hash(&["group", self.cluster.as_str(), self.balancer, uid, &port, transport, family])
    }
}

/// The name of a security group: unique in its VPC, and as long as need be.
pub(crate) fn firewall(cluster: &ClusterId, role: &str) -> String {
    format!("{PREFIX}{cluster}-{role}")
}

fn balancer_hash(cluster: &ClusterId, key: &BalancerKey, scheme: Scheme) -> String {
    hash(&["balancer", cluster.as_str(), &key.to_string(), scheme.word()])
}

fn ends_with(name: &str, hashes: &[String]) -> bool {
    let end = name.strip_prefix(PREFIX).and_then(|rest| rest.rsplit('-').next());
    end.is_some_and(|end| hashes.iter().any(|hash| hash == end))
}

fn readable(namespace: &str, name: &str, hash: &str) -> String {
    format!("{PREFIX}{}-{}-{hash}", part(namespace, 6), part(name, 8))
}

/// The beginning of a name, with only what AWS allows in one.
fn part(text: &str, most: usize) -> String {
    let fits = text.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '-');
    fits.take(most).collect()
}

/// Base32 (RFC 4648, lower case) of the SHA-256 of some parts, each with its length, so that no two
/// lists of parts run together.
fn hash(parts: &[&str]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize()[..16]);
    let bits = u128::from_be_bytes(first);
    let digit = |place: usize| char::from(ALPHABET[(bits >> (123 - 5 * place)) as usize & 31]);
    (0..HASH).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(uid: &str) -> BalancerKey {
        BalancerKey::Own(uid.into())
    }

    #[test]
    fn names_fit_whatever_the_service_is_called() {
        let cluster = ClusterId::from("lab");
        for (namespace, name) in [("default", "web"), ("a-very-long-namespace", "shop.of.things-")]
        {
            let text = balancer(&cluster, &own("u"), Scheme::Internal, (namespace, name));
            assert!(text.len() <= 32, "{text}");
            assert!(
                text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
                "{text}"
            );
            assert!(!text.ends_with('-') && text.starts_with("sw-"), "{text}");
            assert!(is_balancer_of(&text, &cluster, &own("u")));
            assert!(!is_balancer_of(&text, &cluster, &own("v")));
            assert!(!is_balancer_of(&text, &ClusterId::from("other"), &own("u")));
        }
    }

    #[test]
    fn a_name_depends_on_the_scheme_and_on_what_the_load_balancer_is() {
        let cluster = ClusterId::from("lab");
        let name = |key: &BalancerKey, scheme| balancer(&cluster, key, scheme, ("default", "web"));
        let all = [
            name(&own("u"), Scheme::Internal),
            name(&own("u"), Scheme::InternetFacing),
            name(&BalancerKey::Shared("u".into()), Scheme::Internal),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{all:?}");
    }

    #[test]
    fn a_target_group_is_known_by_its_parts() {
        let (cluster, uid) = (ClusterId::from("lab"), ServiceUid::from("u"));
        let group = |port| GroupName {
            cluster: &cluster,
            balancer: "sw-default-web-x",
            uid: &uid,
            port,
            transport: Transport::Tcp,
            family: IpAddressType::Ipv4,
        };
        let name = group(80).text("default", "web");
        assert!(name.len() <= 32 && group(80).is(&name) && !group(81).is(&name), "{name}");
    }
}
