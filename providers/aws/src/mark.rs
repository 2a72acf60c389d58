//! The tags that say whose a thing is. They are set in the call that makes it, so nothing of ours is
//! ever without.

use seaway_core::{BalancerKey, ClusterId, ServiceRef, ServiceUid};

use crate::api::Tags;
use crate::design::Rules;

/// The cluster: the proof that a thing is ours.
pub(crate) const CLUSTER: &str = "seaway.dev/cluster";
/// The uid of the Service.
pub(crate) const SERVICE_UID: &str = "seaway.dev/service-uid";
/// The Service, as namespace/name.
pub(crate) const SERVICE: &str = "seaway.dev/service";
/// The group of a shared load balancer.
pub(crate) const GROUP: &str = "seaway.dev/load-balancer-group";
/// What a thing is for.
pub(crate) const ROLE: &str = "seaway.dev/role";
/// The load balancer stays when its Service is deleted.
pub(crate) const RETAIN: &str = "seaway.dev/retain";
/// The keys of the tags that an annotation asked for, separated by `=`, which is in none of them.
pub(crate) const ADDED: &str = "seaway.dev/additional-tags";
/// What the tags begin with by which others know what belongs to which cluster.
pub(crate) const OF_CLUSTER: &str = "kubernetes.io/cluster/";

/// What the role of a load balancer's own security group begins with.
const FIREWALL: &str = "firewall-";

/// The tags of something that serves `service`, at `key`.
pub(crate) fn of(rules: &Rules, key: &BalancerKey, service: &ServiceRef, role: &str) -> Tags {
    let mut tags = Tags::from([
        (CLUSTER.to_owned(), rules.cluster.to_string()),
        (SERVICE_UID.to_owned(), service.uid.to_string()),
        (SERVICE.to_owned(), service.to_string()),
        (ROLE.to_owned(), role.to_owned()),
        // What tools for costs and for cleaning up after a cluster look for.
        (rules.cluster_tag(), "owned".to_owned()),
        ("kubernetes.io/service-name".to_owned(), service.to_string()),
    ]);
    if let BalancerKey::Shared(group) = key {
        tags.insert(GROUP.to_owned(), group.to_string());
    }
    tags
}

/// The tags of what all Services of a cluster share.
pub(crate) fn shared(cluster: &ClusterId, role: &str) -> Tags {
    Tags::from([(CLUSTER.to_owned(), cluster.to_string()), (ROLE.to_owned(), role.to_owned())])
}

/// Whose a thing with these tags is; none if it is not of `cluster`.
pub(crate) fn read(cluster: &ClusterId, tags: &Tags) -> Option<Owner> {
    if tags.get(CLUSTER)? != cluster.as_str() {
        return None;
    }
    let uid = ServiceUid::from(tags.get(SERVICE_UID)?.as_str());
    let key = match tags.get(GROUP) {
        Some(group) => BalancerKey::Shared(group.as_str().into()),
        None => BalancerKey::Own(uid.clone()),
    };
    Some(Owner { key, uid, retained: is_retained(tags) })
}

/// Whether a thing with these tags stays when its Service is deleted.
pub(crate) fn is_retained(tags: &Tags) -> bool {
    tags.get(RETAIN).is_some_and(|value| value == "true")
}

/// The role of a load balancer's own security group of this number.
pub(crate) fn firewall_role(number: u8) -> String {
    format!("{FIREWALL}{number}")
}

/// The number of a security group with these tags, if it is a load balancer's own.
pub(crate) fn firewall_number(tags: &Tags) -> Option<u8> {
    tags.get(ROLE)?.strip_prefix(FIREWALL)?.parse().ok()
}

/// Whose a thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The load balancer that it is a part of.
    pub key: BalancerKey,
    /// The Service that it was made for.
    pub uid: ServiceUid,
    /// It stays when the Service is deleted.
    pub retained: bool,
}
