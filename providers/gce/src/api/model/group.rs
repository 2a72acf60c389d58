use std::fmt;

use super::Name;

/// An unmanaged instance group. All its instances are of one zone and one subnetwork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceGroup {
    /// Its zone.
    pub zone: String,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
}

/// An instance of the project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    /// Its zone.
    pub zone: String,
    /// Its name.
    pub name: String,
}

impl InstanceGroup {
    /// Which group it is.
    pub fn key(&self) -> Name {
        Name::InstanceGroup { zone: self.zone.clone(), name: self.name.clone() }
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.zone, self.name)
    }
}
