//! Load balancers that are not of one Service alone: existing ones, and those of a group.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError, SourceRanges};

use super::keys::{
    ACCESS_LOG_BUCKET, ACCESS_LOG_ENABLED, ACCESS_LOG_PREFIX, ADOPT, ATTRIBUTES, CROSS_ZONE,
    EIP_ALLOCATIONS, GROUP, INTERNAL, IP_ADDRESS_TYPE, NAME, PRIVATE_ADDRESSES, SCHEME,
    SECURITY_GROUPS, SUBNETS,
};
use crate::api::Arn;

/// What a load balancer has whether or not it serves anything.
const OF_BALANCER: [&str; 13] = [
    SCHEME,
    INTERNAL,
    NAME,
    SUBNETS,
    SECURITY_GROUPS,
    EIP_ALLOCATIONS,
    PRIVATE_ADDRESSES,
    IP_ADDRESS_TYPE,
    ATTRIBUTES,
    CROSS_ZONE,
    ACCESS_LOG_ENABLED,
    ACCESS_LOG_BUCKET,
    ACCESS_LOG_PREFIX,
];

/// The longest name of a group.
const GROUP_LENGTH: usize = 63;

/// The existing load balancer to use.
pub(super) fn adopt(spec: &LbSpec) -> Result<Option<Arn>, ProviderError> {
    let Some(note) = Note::find(spec, ADOPT) else { return Ok(None) };
    let parts: Vec<_> = note.value.split(':').collect();
    let is_balancer = match parts[..] {
        ["arn", partition, "elasticloadbalancing", region, account, resource] => {
            let path: Vec<_> = resource.split('/').collect();
            let names_all = matches!(path[..], ["loadbalancer", "net", name, id]
                if !name.is_empty() && !id.is_empty());
            let is_account = account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit());
            partition.starts_with("aws") && !region.is_empty() && is_account && names_all
        }
        _ => false,
    };
    if !is_balancer {
        return Err(note.wrong(
            "use the ARN of a Network Load Balancer: \
             arn:aws:elasticloadbalancing:<region>:<account>:loadbalancer/net/<name>/<id>",
        ));
    }
    Ok(Some(Arn(note.value.to_owned())))
}

/// The group whose load balancer it is.
pub(super) fn group(spec: &LbSpec) -> Result<Option<String>, ProviderError> {
    let Some(note) = Note::find(spec, GROUP) else { return Ok(None) };
    if !is_group(note.value) {
        return Err(note.wrong(format!(
            "use 1 to {GROUP_LENGTH} letters, digits, dots, hyphens and underscores"
        )));
    }
    Ok(Some(note.value.to_owned()))
}

/// The group that `spec` asks for: all that its load balancer's key depends on. A name that can't be
/// is none, so that it makes no key; [`Settings::read`](super::Settings::read) refuses it.
pub(crate) fn group_name(spec: &LbSpec) -> Option<&str> {
    spec.settings.get(GROUP).map(String::as_str).filter(|name| is_group(name))
}

fn is_group(name: &str) -> bool {
    let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"._-".contains(&one);
    (1..=GROUP_LENGTH).contains(&name.len()) && name.bytes().all(is_plain)
}

/// Refuses what can't be asked of a load balancer that is there, or of one that is shared.
pub(super) fn check(spec: &LbSpec) -> Result<(), ProviderError> {
    if let Some(adopted) = Note::find(spec, ADOPT) {
        if let Some(note) = OF_BALANCER.into_iter().find_map(|key| Note::find(spec, key)) {
            return Err(note.against(format!(
                "the load balancer of {ADOPT} is left as it is; remove one of the two"
            )));
        }
        // Its security groups stay as they are, so nothing would keep the others out.
        if spec.source_ranges != SourceRanges::Anyone {
            return Err(adopted.unsupported(format!(
                "its security groups are left as they are, and can't enforce the source ranges {}; \
                 remove one of the two",
                spec.source_ranges
            )));
        }
    }
    match (Note::find(spec, NAME), Note::find(spec, GROUP)) {
        (Some(note), Some(_)) => Err(note.against(format!(
            "the load balancer of {GROUP} is named after the group; remove one of the two"
        ))),
        _ => Ok(()),
    }
}
