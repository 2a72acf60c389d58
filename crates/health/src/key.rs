use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What makes two checks the same: they are made once, however many ask for them. A
/// [`HealthCheck`](crate::HealthCheck) makes one for each target; it displays as what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckKey {
    pub(crate) question: Question,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) rise: u32,
    pub(crate) fall: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    Nothing(IpAddr),
    Connect(SocketAddr),
    /// Connects, and says that nobody is behind it.
    Greet(SocketAddr),
    Get(SocketAddr, Arc<str>),
}

impl Question {
    pub(crate) fn is_none(&self) -> bool {
        match self {
            Self::Nothing(_) => true,
            Self::Connect(_) | Self::Greet(_) | Self::Get(..) => false,
        }
    }
}

impl fmt::Display for CheckKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.question {
            Question::Nothing(address) => write!(f, "{address}"),
            Question::Connect(address) | Question::Greet(address) => write!(f, "{address}"),
            Question::Get(address, path) => write!(f, "http://{address}{path}"),
        }
    }
}
