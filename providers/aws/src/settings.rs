//! What the annotations of a Service ask of its load balancer, read and checked. Pure.
//!
//! The names are those of the AWS Load Balancer Controller, so that a Service can come over as it is;
//! what would change who may connect, or what is served, and is not taken, is refused by name.

mod attributes;
mod health;
mod keys;
mod note;
mod place;
mod proxy;
mod refused;
mod sharing;
mod tags;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::BTreeSet;
use std::net::IpAddr;

use seaway_core::{LbSpec, ProviderError};

pub(crate) use self::health::HealthSettings;
pub(crate) use self::keys::declared;
pub(crate) use self::proxy::ProxyProtocol;
pub(crate) use self::sharing::group_name;
pub(crate) use self::tls::Tls;
use crate::api::{Arn, Attributes, IpAddressType, Scheme, Tags};

/// What a Service's annotations ask of its load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where it can be reached from.
    pub scheme: Option<Scheme>,
    /// Its name.
    pub name: Option<String>,
    /// Its subnets, by id or Name tag. Never empty.
    pub subnets: Option<Vec<String>>,
    /// The security groups (ids) that decide who may connect. Never empty.
    pub security_groups: Option<BTreeSet<String>>,
    /// The allocations of its elastic IP addresses, one per subnet.
    pub allocations: Vec<String>,
    /// Its private IPv4 addresses, one per subnet.
    pub private_addresses: Vec<IpAddr>,
    /// Its address families.
    pub ip_address_type: Option<IpAddressType>,
    /// Its attributes, whichever annotation sets them.
    pub balancer_attributes: Attributes,
    /// The attributes of its target groups, but for the one that switches PROXY protocol.
    pub group_attributes: Attributes,
    /// The ports whose targets are told the client's address by PROXY protocol.
    pub proxy_protocol: ProxyProtocol,
    /// What it serves over TLS.
    pub tls: Option<Tls>,
    /// Whether the targets of TLS ports speak TLS too.
    pub backend_tls: bool,
    /// How targets are checked.
    pub health: HealthSettings,
    /// More tags for what is made.
    pub tags: Tags,
    /// The existing load balancer to use, which is left as it is.
    pub adopt: Option<Arn>,
    /// The group of Services whose load balancer it is.
    pub group: Option<String>,
}

impl Settings {
    /// Reads the annotations of `spec`.
    ///
    /// # Errors
    /// `InvalidSpec` or `Unsupported`, with the annotation's key, and a message that begins with the
    /// value and says what is allowed.
    pub(crate) fn read(spec: &LbSpec) -> Result<Self, ProviderError> {
        refused::check(spec)?;
        let mut group_attributes = attributes::of_groups(spec)?;
        let proxy_protocol = proxy::read(spec, &mut group_attributes)?;
        let (tls, backend_tls) = tls::read(spec)?;
        attributes::check_groups(spec, &group_attributes, tls.is_some())?;
        let scheme = place::scheme(spec)?;
        let subnets = place::subnets(spec)?;
        let count = subnets.as_ref().map(Vec::len);
        let settings = Self {
            scheme,
            name: place::name(spec)?,
            security_groups: place::security_groups(spec)?,
            allocations: place::allocations(spec, scheme, count)?,
            private_addresses: place::private_addresses(spec, scheme, count)?,
            subnets,
            ip_address_type: place::ip_address_type(spec)?,
            balancer_attributes: attributes::of_balancer(spec)?,
            group_attributes,
            health: health::read(spec, &proxy_protocol)?,
            proxy_protocol,
            tls,
            backend_tls,
            tags: tags::read(spec)?,
            adopt: sharing::adopt(spec)?,
            group: sharing::group(spec)?,
        };
        sharing::check(spec)?;
        Ok(settings)
    }
}
