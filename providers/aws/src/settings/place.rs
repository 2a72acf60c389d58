//! Where a load balancer stands, and who reaches it there.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError};

use super::keys::{
    EIP_ALLOCATIONS, INTERNAL, IP_ADDRESS_TYPE, NAME, PRIVATE_ADDRESSES, SCHEME, SECURITY_GROUPS,
    SUBNETS,
};
use super::note::switch;
use crate::api::{IpAddressType, Scheme};
use crate::limits::OWN_GROUPS;

/// The longest name that AWS takes.
const NAME_LENGTH: usize = 32;

/// Where it can be reached from: two annotations say so, and must agree.
pub(super) fn scheme(spec: &LbSpec) -> Result<Option<Scheme>, ProviderError> {
    let words = [Scheme::Internal, Scheme::InternetFacing].map(|scheme| (scheme.word(), scheme));
    let named = Note::find(spec, SCHEME).map(|note| note.one_of(&words)).transpose()?;
    let Some(note) = Note::find(spec, INTERNAL) else { return Ok(named) };
    let switched = if switch(note)? { Scheme::Internal } else { Scheme::InternetFacing };
    match named {
        Some(named) if named != switched => {
            Err(note.against(format!("{SCHEME} says {}; remove one of the two", named.word())))
        }
        Some(_) | None => Ok(Some(switched)),
    }
}

/// A name as AWS takes it.
pub(super) fn name(spec: &LbSpec) -> Result<Option<String>, ProviderError> {
    let Some(note) = Note::find(spec, NAME) else { return Ok(None) };
    let name = note.value;
    let is_plain = name.chars().all(|one| one.is_ascii_alphanumeric() || one == '-');
    let has_edge = name.starts_with('-') || name.ends_with('-');
    let is_long = name.is_empty() || name.len() > NAME_LENGTH;
    if !is_plain || has_edge || is_long || name.starts_with("internal-") {
        return Err(note.wrong(
            "use 1 to 32 letters, digits and hyphens, with no hyphen at either end and no \
             \"internal-\" at the start",
        ));
    }
    Ok(Some(name.to_owned()))
}

/// Ids or Name tags: which of them is found out where the subnets are known.
pub(super) fn subnets(spec: &LbSpec) -> Result<Option<Vec<String>>, ProviderError> {
    let Some(note) = Note::find(spec, SUBNETS) else { return Ok(None) };
    let names = note.distinct("name one subnet per zone, by id or Name tag")?;
    Ok(Some(names.into_iter().map(str::to_owned).collect()))
}

/// Ids only: a Name tag can be given to any group by whoever may tag.
pub(super) fn security_groups(spec: &LbSpec) -> Result<Option<BTreeSet<String>>, ProviderError> {
    let Some(note) = Note::find(spec, SECURITY_GROUPS) else { return Ok(None) };
    let ids = note.distinct("name 1 to 4 security groups by id (sg-…)")?;
    if let Some(item) = ids.iter().find(|id| !is_id(id, "sg-")) {
        return Err(note.wrong_item(item, "use ids (sg-…): Name tags are not looked up"));
    }
    if ids.len() > OWN_GROUPS {
        return Err(note.against(format!(
            "{} security groups, and there is room for {OWN_GROUPS} beside the cluster's own; name \
             fewer",
            ids.len()
        )));
    }
    Ok(Some(ids.into_iter().map(str::to_owned).collect()))
}

/// Elastic IP addresses, one for each of the `subnets` if those are given.
pub(super) fn allocations(
    spec: &LbSpec,
    scheme: Option<Scheme>,
    subnets: Option<usize>,
) -> Result<Vec<String>, ProviderError> {
    let Some(note) = Note::find(spec, EIP_ALLOCATIONS) else { return Ok(Vec::new()) };
    let ids = note.distinct("name one allocation (eipalloc-…) per subnet")?;
    if let Some(item) = ids.iter().find(|id| !is_id(id, "eipalloc-")) {
        return Err(note.wrong_item(item, "use the ids of allocations (eipalloc-…)"));
    }
    if scheme == Some(Scheme::Internal) {
        return Err(note.against(
            "an internal load balancer has no elastic IP addresses; use the scheme internet-facing, \
             or private-ipv4-addresses",
        ));
    }
    one_each(note, ids.len(), subnets)?;
    Ok(ids.into_iter().map(str::to_owned).collect())
}

/// Private addresses, one for each of the `subnets` if those are given.
pub(super) fn private_addresses(
    spec: &LbSpec,
    scheme: Option<Scheme>,
    subnets: Option<usize>,
) -> Result<Vec<IpAddr>, ProviderError> {
    let Some(note) = Note::find(spec, PRIVATE_ADDRESSES) else { return Ok(Vec::new()) };
    let mut addresses = Vec::new();
    for item in note.distinct("name one IPv4 address per subnet")? {
        let address = item.parse::<Ipv4Addr>();
        let address = address.map_err(|_| note.wrong_item(item, "use IPv4 addresses"))?;
        addresses.push(IpAddr::V4(address));
    }
    if scheme == Some(Scheme::InternetFacing) {
        return Err(note.against(
            "an internet-facing load balancer can't have its private addresses chosen; use the \
             scheme internal, or eip-allocations",
        ));
    }
    if Note::find(spec, EIP_ALLOCATIONS).is_some() {
        return Err(note.against(format!(
            "they are for internal load balancers, and {EIP_ALLOCATIONS} is for internet-facing \
             ones; remove one of the two"
        )));
    }
    one_each(note, addresses.len(), subnets)?;
    Ok(addresses)
}

/// The families that load balancers can have.
pub(super) fn ip_address_type(spec: &LbSpec) -> Result<Option<IpAddressType>, ProviderError> {
    let words = [IpAddressType::Ipv4, IpAddressType::Dualstack].map(|it| (it.word(), it));
    Note::find(spec, IP_ADDRESS_TYPE).map(|note| note.one_of(&words)).transpose()
}

fn one_each(note: Note<'_>, given: usize, subnets: Option<usize>) -> Result<(), ProviderError> {
    match subnets {
        Some(subnets) if subnets != given => {
            Err(note.against(format!("{given} for {subnets} subnets; give one each")))
        }
        Some(_) | None => Ok(()),
    }
}

fn is_id(text: &str, start: &str) -> bool {
    let is_plain = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-';
    text.strip_prefix(start).is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_plain))
}
