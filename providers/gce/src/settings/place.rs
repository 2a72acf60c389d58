//! Where a load balancer stands, and who reaches it there.

use seaway_core::setting::Note;
use seaway_core::{ErrorKind, Family, LbSpec, ProviderError, Warning};

use super::keys::{GLOBAL_ACCESS, SUBNET, SUBNET_OLD, TIER, TYPE, TYPE_OLD};
use super::note::{name, renamed, told};
use crate::api::{Scheme, Tier};

/// Where it can be reached from.
pub(super) fn scheme(spec: &LbSpec) -> Result<Option<Scheme>, ProviderError> {
    let words = [("Internal", Scheme::Internal), ("External", Scheme::External)];
    let said = renamed(spec, [TYPE, TYPE_OLD], |note| note.one_of_in_any_case(&words))?;
    Ok(said.map(|(_, scheme)| scheme))
}

/// Whether an internal one can be reached from other regions.
pub(super) fn global_access(spec: &LbSpec, scheme: Scheme) -> Result<bool, ProviderError> {
    let Some(note) = Note::find(spec, GLOBAL_ACCESS) else { return Ok(false) };
    let is_global = note.one_of_in_any_case(&[("true", true), ("false", false)])?;
    match (is_global, scheme) {
        (true, Scheme::External) => Err(note.against(format!(
            "an external load balancer can be reached from everywhere; remove the annotation, or \
             set {TYPE}: Internal"
        ))),
        (is_global, Scheme::External | Scheme::Internal) => Ok(is_global),
    }
}

/// Its subnetwork, and a warning where it needs none.
pub(super) fn subnet(
    spec: &LbSpec,
    scheme: Scheme,
) -> Result<(Option<String>, Option<Warning>), ProviderError> {
    let read =
        |note: Note<'_>| name(note, "the name of a subnetwork, e.g. default").map(str::to_owned);
    let Some((note, name)) = renamed(spec, [SUBNET, SUBNET_OLD], read)? else {
        return Ok((None, None));
    };
    let is_used = match scheme {
        Scheme::Internal => true,
        Scheme::External => spec.families.contains(&Family::IPv6),
    };
    let unused = (!is_used).then(|| {
        let message = format!(
            "{} has no effect: external IPv4 addresses are of no subnetwork; remove the annotation",
            told(note)
        );
        Warning::new("NoEffect", message)
    });
    Ok((Some(name), unused))
}

/// Its tier. One of the config's is for those that can have it.
pub(super) fn tier(spec: &LbSpec, scheme: Scheme, of_config: Tier) -> Result<Tier, ProviderError> {
    let has_v6 = spec.families.contains(&Family::IPv6);
    let Some(note) = Note::find(spec, TIER) else {
        return match (scheme, of_config) {
            (Scheme::External, Tier::Standard) if has_v6 => Err(ProviderError::new(
                ErrorKind::InvalidSpec,
                TIER,
                "it is not said, and providers.gce.network-tier is standard, which has no IPv6; set \
                 it to Premium, or spec.ipFamilies to IPv4",
            )),
            (Scheme::External, tier) => Ok(tier),
            (Scheme::Internal, _) => Ok(Tier::Premium),
        };
    };
    match note.one_of_in_any_case(&[("Premium", Tier::Premium), ("Standard", Tier::Standard)])? {
        Tier::Premium => Ok(Tier::Premium),
        Tier::Standard if scheme == Scheme::Internal => {
            Err(note.wrong("an internal load balancer has no tier; use Premium, or remove it"))
        }
        Tier::Standard if has_v6 => {
            Err(note.wrong("it has no IPv6; use Premium, or set spec.ipFamilies to IPv4"))
        }
        Tier::Standard => Ok(Tier::Standard),
    }
}
