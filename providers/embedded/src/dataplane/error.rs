use std::io;

use super::balancer::{Door, Protocol};

/// Why the plane refused a change. The message names the address, the reason and the remedy; it
/// is complete, so there is no source besides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What kind of trouble an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Somebody listens there already.
    InUse,
    /// The address is on no interface of this machine.
    NotLocal,
    /// The process may not listen on this port.
    PermissionDenied,
    /// The process, or the machine, has no file descriptor left.
    TooManyFiles,
    /// The balancer contradicts itself: retrying won't help.
    Invalid,
    /// The plane has been shut down.
    Stopped,
    /// Anything else that the operating system says.
    Other,
}

impl Error {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(super) fn invalid(message: String) -> Self {
        Self { kind: ErrorKind::Invalid, message }
    }

    pub(super) fn stopped() -> Self {
        let message = "the data plane has been shut down".to_owned();
        Self { kind: ErrorKind::Stopped, message }
    }

    pub(super) fn start(what: &str, source: &io::Error) -> Self {
        let message = format!("can't start {what}: {source}");
        Self { kind: kind_of(source), message }
    }

    /// `holder`: the balancer of this plane that has this door open, if one has.
    pub(super) fn listen(door: Door, source: &io::Error, holder: Option<&str>) -> Self {
        let kind = kind_of(source);
        let remedy = match kind {
            ErrorKind::InUse => in_use(door, holder),
            ErrorKind::NotLocal => not_local(door),
            ErrorKind::PermissionDenied => permission_denied(door),
            ErrorKind::TooManyFiles => "no file descriptor is left: raise the limit \
                (`ulimit -n`, or LimitNOFILE= of the systemd unit)"
                .to_owned(),
            ErrorKind::Invalid | ErrorKind::Stopped | ErrorKind::Other => source.to_string(),
        };
        let message = format!("can't listen on {door}: {remedy}");
        Self { kind, message }
    }
}

fn in_use(door: Door, holder: Option<&str>) -> String {
    if let Some(holder) = holder {
        return format!("the load balancer {holder} listens there already: choose another port");
    }
    let kind = match door.protocol {
        Protocol::Tcp => 't',
        Protocol::Udp => 'u',
    };
    let port = door.address.port();
    format!("the port is in use; `ss -ln{kind}p 'sport = :{port}'` shows by whom")
}

fn not_local(door: Door) -> String {
    let ip = door.address.ip();
    let add = if cfg!(target_os = "macos") {
        let family = if ip.is_ipv6() { "inet6 " } else { "" };
        format!("sudo ifconfig lo0 {family}alias {ip}")
    } else {
        format!("sudo ip addr add {ip}/{} dev lo", if ip.is_ipv6() { 128 } else { 32 })
    };
    format!("the address is not on this machine; `{add}` puts it there")
}

fn permission_denied(door: Door) -> String {
    let port = door.address.port();
    format!(
        "no permission; a port below 1024 takes the capability CAP_NET_BIND_SERVICE, or \
         `sudo sysctl net.ipv4.ip_unprivileged_port_start={port}`"
    )
}

fn kind_of(error: &io::Error) -> ErrorKind {
    if out_of_files(error) {
        return ErrorKind::TooManyFiles;
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list is std's, and open-ended")]
    match error.kind() {
        io::ErrorKind::AddrInUse => ErrorKind::InUse,
        io::ErrorKind::AddrNotAvailable => ErrorKind::NotLocal,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::Other,
    }
}

/// Std has no stable kind for ENFILE (23) and EMFILE (24): the numbers of Linux, macOS and BSD.
pub(super) fn out_of_files(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// Bind or connect found no free local port: EADDRINUSE, EAGAIN or EADDRNOTAVAIL, as the kernel is
/// asked. Only of a socket that is to have any port, or the error has another cause.
pub(super) fn out_of_ports(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, WouldBlock};
    matches!(error.kind(), AddrInUse | AddrNotAvailable | WouldBlock)
}

/// The datagram is longer than one may be: EMSGSIZE, of Linux and of macOS and BSD.
pub(super) fn too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(if cfg!(target_os = "linux") { 90 } else { 40 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, protocol: Protocol, errno: i32, kind: ErrorKind, remedy: &str) {
        let door = Door { address: address.parse().unwrap(), protocol };
        let error = Error::listen(door, &io::Error::from_raw_os_error(errno), None);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(remedy), "{error}");
        assert!(error.to_string().contains(address), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_shortage_of_ports_is_none_of_files() {
        for (errno, files, ports) in [
            (23, true, false),
            (24, true, false),
            (11, false, true),
            (98, false, true),
            (99, false, true),
            (12, false, false),
        ] {
            let error = io::Error::from_raw_os_error(errno);
            assert_eq!((out_of_files(&error), out_of_ports(&error)), (files, ports), "{error}");
        }
    }

    #[test]
    fn whoever_listens_there_is_named() {
        let door = Door { address: "127.0.0.1:80".parse().unwrap(), protocol: Protocol::Tcp };
        let error = io::Error::from(io::ErrorKind::AddrInUse);
        let error = Error::listen(door, &error, Some("default/web")).to_string();
        assert!(error.contains("the load balancer default/web listens there already"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_message_names_the_address_and_the_remedy() {
        use Protocol::{Tcp, Udp};
        let lo = "sudo ip addr add 198.18.0.200/32 dev lo";
        check("198.18.0.200:80", Tcp, 99, ErrorKind::NotLocal, lo);
        let lo = "sudo ip addr add 2001:db8::1/128 dev lo";
        check("[2001:db8::1]:80", Udp, 99, ErrorKind::NotLocal, lo);
        let who = "ss -lntp 'sport = :8080'";
        check("127.0.0.1:8080", Tcp, 98, ErrorKind::InUse, who);
        let who = "ss -lnup 'sport = :53'";
        check("127.0.0.1:53", Udp, 98, ErrorKind::InUse, who);
        check("127.0.0.1:80", Tcp, 13, ErrorKind::PermissionDenied, "CAP_NET_BIND_SERVICE");
        let sysctl = "ip_unprivileged_port_start=80";
        check("127.0.0.1:80", Tcp, 13, ErrorKind::PermissionDenied, sysctl);
        check("127.0.0.1:80", Tcp, 24, ErrorKind::TooManyFiles, "ulimit -n");
        check("127.0.0.1:80", Tcp, 23, ErrorKind::TooManyFiles, "ulimit -n");
        check("127.0.0.1:80", Tcp, 105, ErrorKind::Other, "No buffer space");
    }
}
