//! The mark that says "ours": without it nothing is ever changed or deleted.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ClusterId, ServiceUid};

/// Whose a thing at a provider is. Names are cosmetic, or idempotency keys; this is the proof.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// The cluster.
    pub cluster: ClusterId,
    /// The Service; none for what all Services of the cluster share.
    pub service: Option<ServiceUid>,
}

impl Mark {
    /// The mark of what serves `service` alone.
    pub const fn of(cluster: ClusterId, service: ServiceUid) -> Self {
        Self { cluster, service: Some(service) }
    }

    /// The mark of what all Services of `cluster` share.
    pub const fn shared(cluster: ClusterId) -> Self {
        Self { cluster, service: None }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Some(uid) => write!(f, "{}/{uid}", self.cluster),
            None => write!(f, "{}/*", self.cluster),
        }
    }
}
