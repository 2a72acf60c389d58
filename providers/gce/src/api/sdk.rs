//! The real cloud, through Google's own client library.
//!
//! ```text
//! connect          the credentials, and a client for each collection
//! calls            the calls of `Compute`, each handed to its collection
//! operation        a write: sent with a request id, and waited for to its end
//! refusal          what an error of the library means
//! pages            lists, to their end
//! links            names to URLs, and back
//! words            values as Google spells them
//! address, backend_service, firewall, forwarding_rule, group, health_check, subnet
//!                  the collections: the calls, and both ways between Google's words and ours
//! ```
//!
//! What Google has and our words can't say (a forwarding rule that leads to a proxy, a backend service
//! with two health checks …) is none of ours: lists leave it out, and reading it by its name is refused
//! with the reason `foreignShape`.

mod address;
mod backend_service;
mod calls;
mod connect;
mod firewall;
mod forwarding_rule;
mod group;
mod health_check;
mod links;
mod operation;
mod pages;
mod refusal;
mod subnet;
mod words;

use google_cloud_compute_v1::client::{
    Addresses, Firewalls, ForwardingRules, GlobalOperations, InstanceGroups, RegionBackendServices,
    RegionHealthChecks, RegionOperations, Subnetworks, ZoneOperations,
};

pub use self::connect::Options;
pub use self::operation::Patience;

/// Compute Engine itself, in one project and region. A read is made once: whoever calls decides on
/// another try. A write is made again for lack of an answer, under the same request id.
#[derive(Clone, Debug)]
pub struct Gce {
    place: links::Place,
    patience: Patience,
    addresses: Addresses,
    backend_services: RegionBackendServices,
    firewalls: Firewalls,
    forwarding_rules: ForwardingRules,
    groups: InstanceGroups,
    health_checks: RegionHealthChecks,
    subnetworks: Subnetworks,
    global_operations: GlobalOperations,
    region_operations: RegionOperations,
    zone_operations: ZoneOperations,
}
