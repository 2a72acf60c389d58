//! The calls that change the cloud.

use std::collections::BTreeSet;
use std::fmt;

use seaway_core::{Lane, ServiceUid, SourceRanges, TrafficPolicy, Urgency};

use super::At;

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Makes the balancer.
    CreateBalancer(ServiceUid, SourceRanges),
    /// Changes whether the balancer is to stay when its Service goes.
    Keep(bool),
    /// Changes who is let in.
    Admit(SourceRanges),
    /// Makes the pool for a port.
    CreatePool(ServiceUid, At, TrafficPolicy),
    /// Changes how health is told behind a port.
    SetHealth(At, TrafficPolicy),
    /// Adds a few targets behind a port.
    Register(At, BTreeSet<String>),
    /// Takes a few targets away behind a port.
    Deregister(At, BTreeSet<String>),
    /// Lets a port lead to its pool.
    Listen(At),
    /// Closes a port.
    Close(u16),
    /// Deletes the pool for a port.
    DeletePool(At),
    /// Deletes the balancer.
    DeleteBalancer,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateBalancer(..) => f.write_str("create the balancer"),
            Self::Keep(true) => f.write_str("keep it when its Service goes"),
            Self::Keep(false) => f.write_str("let it go with its Service"),
            Self::Admit(ranges) => write!(f, "admit {ranges}"),
            Self::CreatePool(_, port, _) => write!(f, "create the pool for {}/{}", port.0, port.1),
            Self::SetHealth(port, _) => write!(f, "set the health check of {}/{}", port.0, port.1),
            Self::Register(port, targets) => write!(f, "register {targets:?} for {}", port.0),
            Self::Deregister(port, targets) => write!(f, "deregister {targets:?} for {}", port.0),
            Self::Listen(port) => write!(f, "listen on {}/{}", port.0, port.1),
            Self::Close(port) => write!(f, "close {port}"),
            Self::DeletePool(port) => write!(f, "delete the pool for {}/{}", port.0, port.1),
            Self::DeleteBalancer => f.write_str("delete the balancer"),
        }
    }
}

impl seaway_core::Step for Step {
    fn lane(&self) -> Lane {
        match self {
            Self::Register(..) | Self::Deregister(..) => Lane("register"),
            Self::CreateBalancer(..)
            | Self::Keep(_)
            | Self::Admit(_)
            | Self::CreatePool(..)
            | Self::SetHealth(..)
            | Self::Listen(_)
            | Self::Close(_)
            | Self::DeletePool(_)
            | Self::DeleteBalancer => Lane("mutate"),
        }
    }

    fn urgency(&self) -> Urgency {
        match self {
            Self::Deregister(..) | Self::Close(_) => Urgency::Drain,
            Self::Register(..) => Urgency::MoreTargets,
            Self::CreateBalancer(..)
            | Self::Keep(_)
            | Self::Admit(_)
            | Self::CreatePool(..)
            | Self::SetHealth(..)
            | Self::Listen(_)
            | Self::DeletePool(_)
            | Self::DeleteBalancer => Urgency::Create,
        }
    }
}
