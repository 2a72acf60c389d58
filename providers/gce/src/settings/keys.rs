//! The annotations that are taken, and those that are refused by name.

use seaway_core::SettingKey;

/// The names of reserved addresses.
pub(crate) const ADDRESSES: &str = "networking.gke.io/load-balancer-ip-addresses";
pub(super) const GLOBAL_ACCESS: &str =
    "networking.gke.io/internal-load-balancer-allow-global-access";
pub(super) const RBS: &str = "cloud.google.com/l4-rbs";
pub(super) const STRONG: &str = "networking.gke.io/l4-strong-session-affinity";
pub(super) const SUBNET: &str = "networking.gke.io/load-balancer-subnet";
pub(super) const SUBNET_OLD: &str = "networking.gke.io/internal-load-balancer-subnet";
pub(super) const TIER: &str = "cloud.google.com/network-tier";
pub(super) const TYPE: &str = "networking.gke.io/load-balancer-type";
pub(super) const TYPE_OLD: &str = "cloud.google.com/load-balancer-type";
pub(super) const WEIGHTED: &str = "networking.gke.io/weighted-load-balancing";

const TAKEN: [(&str, &str); 10] = [
    (
        ADDRESSES,
        "one or two names, with a comma between: reserved addresses of the region, one for each family",
    ),
    (
        GLOBAL_ACCESS,
        "true or false: whether an internal load balancer can be reached from other regions",
    ),
    (RBS, "enabled: no effect, every load balancer has backend services"),
    (
        STRONG,
        "enabled: with sessionAffinity ClientIP and a timeout of 60 s to 16 h, clients stay with their \
         node also where others come and go; external only",
    ),
    (SUBNET, "the subnetwork of an internal load balancer, or of its IPv6 address"),
    (SUBNET_OLD, "the old name of networking.gke.io/load-balancer-subnet"),
    (TIER, "Premium or Standard: the network tier; Standard is external and IPv4 only"),
    (TYPE, "Internal or External: where it can be reached from"),
    (TYPE_OLD, "the old name of networking.gke.io/load-balancer-type"),
    (WEIGHTED, "pods-per-node: nodes get traffic by their pods; externalTrafficPolicy Local only"),
];

/// What is not taken, and what to do instead.
pub(super) const REFUSED: [(&str, &str); 3] = [
    (
        "alpha.cloud.google.com/load-balancer-backend-share",
        "a backend service is of one Service; put the ports into one Service",
    ),
    (
        "networking.gke.io/ip-collection-v6",
        "addresses are not taken from a prefix of your own; reserve one of it, and name it in \
         networking.gke.io/load-balancer-ip-addresses",
    ),
    (
        "networking.gke.io/l4lb-config",
        "its resource is not read; turn on logging at the backend service, where it stays as it is",
    ),
];

/// What GKE's controllers, and the in-tree one, write to a Service that they work on.
pub(super) const OF_GKE: [&str; 16] = [
    "networking.gke.io/backend-service",
    "networking.gke.io/target-pool",
    "service.kubernetes.io/backend-service",
    "service.kubernetes.io/firewall-rule",
    "service.kubernetes.io/firewall-rule-deny",
    "service.kubernetes.io/firewall-rule-deny-ipv6",
    "service.kubernetes.io/firewall-rule-for-hc",
    "service.kubernetes.io/firewall-rule-for-hc-ipv6",
    "service.kubernetes.io/firewall-rule-ipv6",
    "service.kubernetes.io/healthcheck",
    "service.kubernetes.io/l3-forwarding-rule",
    "service.kubernetes.io/l3-forwarding-rule-ipv6",
    "service.kubernetes.io/tcp-forwarding-rule",
    "service.kubernetes.io/tcp-forwarding-rule-ipv6",
    "service.kubernetes.io/udp-forwarding-rule",
    "service.kubernetes.io/udp-forwarding-rule-ipv6",
];

/// Every annotation that is read, with its values.
pub(crate) fn declared() -> Vec<SettingKey> {
    let taken = TAKEN.iter().map(|(key, doc)| (*key, (*doc).to_owned()));
    let refused = REFUSED.iter().map(|(key, why)| (*key, format!("not taken: {why}")));
    let of_gke = OF_GKE.iter().map(|key| {
        (*key, "not taken: GKE's controllers write it to Services that they work on".to_owned())
    });
    let all = taken.chain(refused).chain(of_gke);
    all.map(|(key, doc)| SettingKey { key: key.to_owned(), doc }).collect()
}
