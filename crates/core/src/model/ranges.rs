use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Who may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SourceRanges {
    /// Everybody, of both families.
    #[default]
    Anyone,
    /// Clients in one of these prefixes, and nobody else. An empty set lets nobody in.
    Only(BTreeSet<IpNet>),
}

impl SourceRanges {
    /// Whether a client at `ip` may connect.
    pub fn admit(&self, ip: IpAddr) -> bool {
        match self {
            Self::Anyone => true,
            Self::Only(prefixes) => prefixes.iter().any(|prefix| prefix.contains(&ip)),
        }
    }
}

impl fmt::Display for SourceRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Only(prefixes) if prefixes.is_empty() => f.write_str("nobody"),
            Self::Only(prefixes) => {
                let texts: Vec<_> = prefixes.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join(", "))
            }
        }
    }
}
