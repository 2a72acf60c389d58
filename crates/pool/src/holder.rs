use std::fmt;
use std::sync::Arc;

use seaway_core::{BalancerKey, ServiceUid};

/// Who has an address: a Service, at a load balancer of its own or at one that it shares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    /// The group whose addresses it has; those of one group may have the same. First, so that those
    /// of a group stand together.
    pub group: Option<Arc<str>>,
    /// The Service.
    pub uid: ServiceUid,
}

impl Holder {
    /// A Service with addresses of its own.
    pub const fn own(uid: ServiceUid) -> Self {
        Self { group: None, uid }
    }

    /// A Service at the load balancer `key`.
    pub fn at(key: &BalancerKey, uid: &ServiceUid) -> Self {
        let group = match key {
            BalancerKey::Own(_) => None,
            BalancerKey::Shared(group) => Some(Arc::clone(group)),
        };
        Self { group, uid: uid.clone() }
    }

    /// Whether both may have one address.
    pub(crate) fn shares(&self, other: &Self) -> bool {
        self == other || (self.group.is_some() && self.group == other.group)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            Some(group) => write!(f, "{} of the group {group}", self.uid),
            None => self.uid.fmt(f),
        }
    }
}
