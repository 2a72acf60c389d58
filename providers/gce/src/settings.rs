//! What the annotations of a Service ask of its load balancer, read and checked. Pure.
//!
//! The names are those of GKE's controllers, so that a Service can come over as it is; what is not
//! taken is refused by name.

mod address;
mod affinity;
mod gke;
mod keys;
mod note;
mod place;
mod refused;
#[cfg(test)]
mod tests;
mod weight;

use seaway_core::{LbSpec, ProviderError, Warning};

pub(crate) use self::keys::{ADDRESSES, declared};
use crate::api::{Affinity, Scheme, Tier};
use crate::config::Settled;

/// What a Service's annotations ask of its load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// Whether an internal one can be reached from other regions.
    pub global_access: bool,
    /// The subnetwork of an internal one, or of its IPv6 address, if not the one of the config.
    pub subnet: Option<String>,
    /// The tier of an external one.
    pub tier: Tier,
    /// The names of its reserved addresses: one for each family at most.
    pub addresses: Vec<String>,
    /// Whether nodes get traffic by their number of pods.
    pub weighted: bool,
    /// Which client goes to which node.
    pub affinity: Affinity,
    /// What is asked for and is otherwise, or has no effect.
    pub warnings: Vec<Warning>,
}

/// Reads the annotations of `spec`.
///
/// # Errors
/// `InvalidSpec` or `Unsupported`, with the annotation's key, and a message that begins with the value
/// and says what is allowed; `Conflict` if GKE's controllers work on the Service.
pub(crate) fn read(spec: &LbSpec, config: &Settled) -> Result<Settings, ProviderError> {
    gke::check(spec)?;
    refused::check(spec)?;
    let mut warnings = Vec::new();
    warnings.extend(refused::needless(spec)?);
    let scheme = place::scheme(spec)?.unwrap_or(config.scheme);
    let global_access = place::global_access(spec, scheme)?;
    let (subnet, unused) = place::subnet(spec, scheme)?;
    warnings.extend(unused);
    let (affinity, timeout) = affinity::read(spec, scheme)?;
    warnings.extend(timeout);
    Ok(Settings {
        scheme,
        global_access,
        subnet,
        tier: place::tier(spec, scheme, config.network_tier)?,
        addresses: address::read(spec)?,
        weighted: weight::read(spec)?,
        affinity,
        warnings,
    })
}
