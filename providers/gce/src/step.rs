use std::fmt;

use seaway_core::{Lane, Urgency};

use crate::api::{Instance, Name, Thing};
use crate::limits::WRITE;

/// One step: one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes a thing.
    Insert(Thing),
    /// Makes a thing that is there as it should be.
    Update(Thing),
    /// Deletes a thing.
    Delete(Name),
    /// Puts instances into a group.
    Add(Name, Vec<Instance>),
    /// Takes instances out of a group.
    Remove(Name, Vec<Instance>),
}

impl seaway_core::Step for Step {
    fn lane(&self) -> Lane {
        WRITE
    }

    fn urgency(&self) -> Urgency {
        match self {
            Self::Remove(..) | Self::Delete(Name::ForwardingRule(_) | Name::Firewall(_)) => {
                Urgency::Drain
            }
            Self::Insert(_) | Self::Update(_) => Urgency::Create,
            Self::Add(..) => Urgency::MoreTargets,
            Self::Delete(_) => Urgency::Audit,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insert(thing) => write!(f, "create {}", Told(thing)),
            Self::Update(thing) => write!(f, "change {}", Told(thing)),
            Self::Delete(name) => write!(f, "delete {name}"),
            Self::Add(group, instances) => {
                write!(f, "{group}: add {}", counted(instances.len()))
            }
            Self::Remove(group, instances) => {
                write!(f, "{group}: remove {}", counted(instances.len()))
            }
        }
    }
}

/// A thing, and what matters of it.
struct Told<'a>(&'a Thing);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.name())?;
        match self.0 {
            Thing::Address(it) => match it.ip {
                Some(ip) => write!(f, " ({ip})"),
                None => Ok(()),
            },
            Thing::ForwardingRule(it) => {
                let ports: Vec<_> = it.ports.iter().map(ToString::to_string).collect();
                write!(f, " for {}/{}", ports.join(","), it.protocol)
            }
            Thing::BackendService(it) => {
                let (protocol, groups) = (it.protocol, it.groups.len());
                write!(f, " for {protocol}, with {groups} instance groups")
            }
            Thing::HealthCheck(it) => write!(f, " of port {}", it.port),
            Thing::Firewall(it) => {
                let open: Vec<_> = it.open.iter().map(ToString::to_string).collect();
                let sources: Vec<_> = it.sources.iter().map(ToString::to_string).collect();
                write!(f, ": {} from {}", open.join(", "), sources.join(", "))
            }
            Thing::InstanceGroup(_) => Ok(()),
        }
    }
}

fn counted(instances: usize) -> String {
    match instances {
        1 => "1 instance".to_owned(),
        many => format!("{many} instances"),
    }
}
