use std::net::IpAddr;

use seaway_core::Family;

use super::{Scheme, Tier};

/// A reserved regional address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The address, without a prefix length; none in a reservation that leaves the choice to Google.
    pub ip: Option<IpAddr>,
    /// Its family.
    pub family: Family,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// The tier of an external one.
    pub tier: Option<Tier>,
    /// What an internal one may be used for.
    pub purpose: Option<Purpose>,
    /// The subnetwork of an internal one, or of one of IPv6.
    pub subnet: Option<String>,
}

/// What an internal address may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One machine, or one forwarding rule (`GCE_ENDPOINT`).
    Endpoint,
    /// Up to ten forwarding rules (`SHARED_LOADBALANCER_VIP`).
    Shared,
    /// Anything else.
    Other,
}
