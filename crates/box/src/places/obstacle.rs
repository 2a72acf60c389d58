use std::fmt;
use std::net::{IpAddr, SocketAddr};

use seaway_core::{ErrorKind, Protocol, ProviderError};

/// Where clients knock: an address with its port, and a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Door {
    /// The address and the port.
    pub address: SocketAddr,
    /// The protocol.
    pub protocol: Protocol,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol, self.address)
    }
}

/// Why this machine can't listen there. It is told with the address, the protocol and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Somebody listens there already.
    #[error("can't listen on {0}: {hint}", hint = in_use(*.0))]
    InUse(Door),
    /// The address is not on this machine, or not usable yet.
    #[error("can't listen on {0}: {hint}", hint = not_local(.0.address.ip()))]
    NotLocal(Door),
    /// This process may not listen there. A daemon that runs as another user may yet.
    #[error("can't listen on {0}: {hint}", hint = denied(.0.address.port()))]
    Denied(Door),
    /// Anything else, in the words of the operating system.
    #[error("can't listen on {0}: {1}")]
    Other(Door, String),
}

impl Obstacle {
    /// Where it stands.
    pub const fn door(&self) -> Door {
        match self {
            Self::InUse(door)
            | Self::NotLocal(door)
            | Self::Denied(door)
            | Self::Other(door, _) => *door,
        }
    }

    /// What it is to the controller.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::InUse(_) => ErrorKind::Conflict,
            Self::NotLocal(_) => ErrorKind::Unavailable,
            Self::Denied(_) => ErrorKind::PermissionDenied,
            Self::Other(..) => ErrorKind::Unexpected,
        }
    }
}

impl From<Obstacle> for ProviderError {
    fn from(obstacle: Obstacle) -> Self {
        Self::new(obstacle.kind(), "listen", obstacle.to_string())
    }
}

fn in_use(door: Door) -> String {
    let kind = match door.protocol {
        Protocol::Tcp => "t",
        Protocol::Udp => "u",
        Protocol::Sctp => "S",
    };
    let port = door.address.port();
    format!("the port is in use; `ss -ln{kind}p 'sport = :{port}'` shows by whom")
}

fn not_local(ip: IpAddr) -> String {
    // A duplicate, or one that is still being probed for, can't be bound, although it is listed.
    let (length, version, but) = match ip {
        IpAddr::V4(_) => (32, 4, ""),
        IpAddr::V6(_) => (128, 6, ", or is tentative there (`ip -6 address show tentative`)"),
    };
    format!(
        "the address is on no interface of this machine{but}; \
         `ip address add {ip}/{length} dev IFACE` puts it there, and \
         `sysctl -w net.ipv{version}.ip_nonlocal_bind=1` does without"
    )
}

fn denied(port: u16) -> String {
    if port < 1024 {
        format!(
            "no permission; a port below 1024 takes the capability CAP_NET_BIND_SERVICE, or \
             `sysctl -w net.ipv4.ip_unprivileged_port_start={port}`"
        )
    } else {
        "no permission; see `sysctl net.ipv4.ip_unprivileged_port_start`, and what a security \
         module such as SELinux or AppArmor has logged"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(obstacle: fn(Door) -> Obstacle, address: &str, protocol: Protocol, says: &[&str]) {
        let told = obstacle(Door { address: address.parse().unwrap(), protocol }).to_string();
        let head = format!("can't listen on {protocol} {address}: ");
        assert!(told.starts_with(&head) && !told.ends_with('.'), "{told}");
        for part in says {
            assert!(told.contains(part), "{told} lacks {part}");
        }
    }

    #[test]
    fn an_obstacle_names_the_address_the_protocol_and_the_remedy() {
        use Protocol::{Tcp, Udp};
        check(Obstacle::InUse, "192.0.2.7:80", Tcp, &["ss -lntp 'sport = :80'"]);
        check(Obstacle::InUse, "[2001:db8::7]:53", Udp, &["ss -lnup 'sport = :53'"]);
        let v4 = ["`ip address add 192.0.2.7/32 dev IFACE`", "net.ipv4.ip_nonlocal_bind=1`"];
        check(Obstacle::NotLocal, "192.0.2.7:80", Tcp, &v4);
        let v6 = ["`ip address add 2001:db8::7/128 dev IFACE`", "net.ipv6.ip_nonlocal_bind=1`"];
        check(Obstacle::NotLocal, "[2001:db8::7]:80", Tcp, &v6);
        let low = ["CAP_NET_BIND_SERVICE", "net.ipv4.ip_unprivileged_port_start=443`"];
        check(Obstacle::Denied, "192.0.2.7:443", Tcp, &low);
        check(Obstacle::Denied, "192.0.2.7:8443", Udp, &["SELinux"]);
        check(|door| Obstacle::Other(door, "no luck".to_owned()), "192.0.2.7:1", Udp, &["no luck"]);
    }

    #[test]
    fn every_obstacle_has_its_kind() {
        let door = Door { address: "192.0.2.7:80".parse().unwrap(), protocol: Protocol::Tcp };
        let check = |obstacle: Obstacle, kind| {
            assert_eq!(obstacle.door(), door);
            let error = ProviderError::from(obstacle.clone());
            assert_eq!((error.kind(), error.message()), (kind, obstacle.to_string().as_str()));
        };
        check(Obstacle::InUse(door), ErrorKind::Conflict);
        check(Obstacle::NotLocal(door), ErrorKind::Unavailable);
        check(Obstacle::Denied(door), ErrorKind::PermissionDenied);
        check(Obstacle::Other(door, String::new()), ErrorKind::Unexpected);
    }
}
