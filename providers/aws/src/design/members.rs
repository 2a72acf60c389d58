use seaway_core::{ErrorKind, Goal, LbSpec, ProviderError, ServiceUid};

use super::Design;
use crate::settings::Settings;

/// A Service to carry, and what it asks for.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub uid: ServiceUid,
    pub spec: &'a LbSpec,
    pub settings: Settings,
}

/// The members that can be served, the oldest first. What those have that can't be is kept.
pub(super) fn read<'a>(goal: &'a Goal, design: &mut Design) -> Vec<Member<'a>> {
    let mut members = Vec::new();
    for (uid, member) in &goal.members {
        let Some(spec) = member.spec() else {
            design.kept.insert(uid.clone());
            continue;
        };
        match Settings::read(spec) {
            Ok(settings) => members.push(Member { uid: uid.clone(), spec, settings }),
            Err(error) => design.refuse(uid, error),
        }
    }
    members
        .sort_by(|one, other| (one.spec.created, &one.uid).cmp(&(other.spec.created, &other.uid)));
    members
}

pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> ProviderError {
    ProviderError::new(ErrorKind::InvalidSpec, field, message)
}

/// What is mended in the account, and not in the Service: it is tried again.
pub(super) fn unavailable(field: &'static str, message: impl Into<String>) -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, field, message)
}

pub(super) fn conflict(message: impl Into<String>) -> ProviderError {
    ProviderError::new(ErrorKind::Conflict, "spec.ports", message)
}

pub(super) fn quota(message: impl Into<String>) -> ProviderError {
    ProviderError::new(ErrorKind::QuotaExceeded, "spec.ports", message)
}
