/// Which part a controller plays among those of its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// It does everything: if there are others, they stand by.
    #[default]
    Whole,
    /// It writes to the providers of one box, as others do to those of other boxes. What guards those
    /// is a lock on the box: the fence holds back only what is written to Kubernetes.
    Box {
        /// What tells the box from others, in Events.
        name: String,
        /// Whether it chooses addresses, puts finalizers on and off, and writes statuses. Who does
        /// not serves what the statuses show, and tells bad news only.
        leads: bool,
    },
}

impl Part {
    /// Whether another controller does all that is written to Kubernetes, bad news aside.
    pub const fn follows(&self) -> bool {
        matches!(self, Self::Box { leads: false, .. })
    }

    /// The name of the box; none for who does everything.
    pub fn box_name(&self) -> Option<&str> {
        match self {
            Self::Whole => None,
            Self::Box { name, .. } => Some(name),
        }
    }
}
