use std::io;
use std::net::IpAddr;

use seaway_core::{ErrorKind, ProviderError};

/// Why an address could not be put on an interface, taken off it, or looked for there. It is told
/// with the interface, the address and, where there is one, the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This machine has no such interface.
    #[error("there is no interface {interface} on this machine; there are: {}", .there.join(", "))]
    NoInterface {
        /// The one that was asked for.
        interface: String,
        /// Those that there are.
        there: Vec<String>,
    },
    /// This process may not change addresses.
    #[error(
        "may not {doing}; it takes the capability CAP_NET_ADMIN (of a systemd unit: \
         AmbientCapabilities=CAP_NET_ADMIN)"
    )]
    NotAllowed {
        /// What was being done, with the address and the interface.
        doing: String,
    },
    /// The interface takes no IPv6 addresses.
    #[error(
        "can't put {address} on {interface}: IPv6 is off there; \
         `sysctl -w net.ipv6.conf.{interface}.disable_ipv6=0` puts it on"
    )]
    NoIpv6 {
        /// The interface.
        interface: String,
        /// What was to be put there.
        address: IpAddr,
    },
    /// Another machine on the link has the address: IPv6's duplicate address detection (RFC 4862,
    /// section 5.4) found it.
    #[error(
        "{address} on {interface} is in use by another machine on the link (duplicate address \
         detection failed); take it off there, or out of the pool"
    )]
    Duplicate {
        /// The interface.
        interface: String,
        /// The address that two machines have.
        address: IpAddr,
    },
    /// Anything else that the kernel says.
    #[error("can't {doing}: {source}")]
    Kernel {
        /// What was being done, with the address and the interface.
        doing: String,
        /// What the kernel says.
        source: io::Error,
    },
}

impl Error {
    /// What it is to the controller.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::NoInterface { .. } | Self::NoIpv6 { .. } => ErrorKind::Unavailable,
            Self::NotAllowed { .. } => ErrorKind::PermissionDenied,
            Self::Duplicate { .. } => ErrorKind::Conflict,
            Self::Kernel { .. } => ErrorKind::Unexpected,
        }
    }
}

impl From<Error> for ProviderError {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), "interface", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: Error, kind: ErrorKind, told: &str) {
        assert_eq!(error.to_string(), told);
        assert_eq!(ProviderError::from(error), ProviderError::new(kind, "interface", told));
    }

    #[test]
    fn an_error_names_the_interface_the_address_and_the_remedy() {
        let there = vec!["eth0".to_owned(), "lo".to_owned()];
        check(
            Error::NoInterface { interface: "eth7".to_owned(), there },
            ErrorKind::Unavailable,
            "there is no interface eth7 on this machine; there are: eth0, lo",
        );
        let doing = "put 192.0.2.7 on eth0".to_owned();
        check(
            Error::NotAllowed { doing: doing.clone() },
            ErrorKind::PermissionDenied,
            "may not put 192.0.2.7 on eth0; it takes the capability CAP_NET_ADMIN (of a systemd \
             unit: AmbientCapabilities=CAP_NET_ADMIN)",
        );
        check(
            Error::Kernel { doing, source: io::Error::other("no luck") },
            ErrorKind::Unexpected,
            "can't put 192.0.2.7 on eth0: no luck",
        );
        let (interface, address) = ("eth0".to_owned(), "2001:db8::7".parse().unwrap());
        check(
            Error::NoIpv6 { interface: interface.clone(), address },
            ErrorKind::Unavailable,
            "can't put 2001:db8::7 on eth0: IPv6 is off there; \
             `sysctl -w net.ipv6.conf.eth0.disable_ipv6=0` puts it on",
        );
        check(
            Error::Duplicate { interface, address },
            ErrorKind::Conflict,
            "2001:db8::7 on eth0 is in use by another machine on the link (duplicate address \
             detection failed); take it off there, or out of the pool",
        );
    }
}
