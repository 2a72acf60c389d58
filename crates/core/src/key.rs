//! The names of things: what a pass works on, and whom it serves.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// `metadata.uid` of a Service: the only identity that survives a rename or a recreation.
    ServiceUid
);
name!(
    /// `metadata.name` of a Node.
    NodeName
);
name!(
    /// Which cluster a thing belongs to, so that two clusters in one account never meet.
    ClusterId
);

/// Which load balancer carries a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BalancerKey {
    /// One of its own.
    Own(ServiceUid),
    /// One that it shares, by name: a group, or the one config of a daemon.
    Shared(Arc<str>),
}

/// What one pass works on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Key {
    /// What the provider keeps once per cluster for all its load balancers.
    Ground,
    /// One load balancer.
    Balancer(BalancerKey),
}

impl Key {
    /// The key of the load balancer that `uid` has for itself.
    pub const fn own(uid: ServiceUid) -> Self {
        Self::Balancer(BalancerKey::Own(uid))
    }

    /// The key of the load balancer shared under `name`.
    pub fn shared(name: impl Into<Arc<str>>) -> Self {
        Self::Balancer(BalancerKey::Shared(name.into()))
    }
}

impl fmt::Display for BalancerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(uid) => write!(f, "own/{uid}"),
            Self::Shared(name) => write!(f, "shared/{name}"),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ground => f.write_str("ground"),
            Self::Balancer(key) => key.fmt(f),
        }
    }
}
