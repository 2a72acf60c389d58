use std::io;
use std::net::IpAddr;

/// Whether clients that are sent to an address find this machine: it is on an interface, or within a
/// route of the type `local`. A bind can't tell: with `ip_nonlocal_bind`, it works with any address.
///
/// Where that can't be found out it is taken for here, and the bind has the last word.
pub(crate) fn is_here(ip: IpAddr) -> bool {
    asked(ip).unwrap_or_else(|error| {
        tracing::debug!(%ip, %error, "can't find out whether the address is on this machine");
        true
    })
}

/// As `ip route get` tells: a route to oneself is a local one.
#[cfg(target_os = "linux")]
fn asked(ip: IpAddr) -> io::Result<bool> {
    use std::io::Read as _;

    use socket2::{Domain, Socket, Type};

    // AF_NETLINK. The protocol of the number 0 is that of routes.
    let mut socket = Socket::new(Domain::from(16), Type::RAW, None)?;
    // The answer is there before the question has returned. No task must ever wait for it.
    socket.set_nonblocking(true)?;
    socket.send(&route::question(ip))?;
    let mut answer = [0; 1024];
    let length = socket.read(&mut answer)?;
    route::is_local(&answer[..length])
}

/// Elsewhere nothing can be bound that is not here.
#[cfg(not(target_os = "linux"))]
fn asked(ip: IpAddr) -> io::Result<bool> {
    match std::net::UdpSocket::bind((ip, 0)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(false),
        Err(error) => Err(error),
    }
}

/// The one question and its answer, as rtnetlink(7) has them. A crate for it would be a task and a
/// channel for each question.
#[cfg(target_os = "linux")]
mod route {
    use std::io;
    use std::net::IpAddr;

    const NLMSG_ERROR: u16 = 2;
    const NLM_F_REQUEST: u16 = 1;
    const RTM_NEWROUTE: u16 = 24;
    const RTM_GETROUTE: u16 = 26;
    const RTA_DST: u16 = 1;
    const RTN_LOCAL: u8 = 2;
    /// The length of `struct nlmsghdr`: the length, the type, flags, a number and the sender.
    const HEADER: usize = 16;
    /// Where `struct rtmsg`, which follows it, has the type of the route.
    const TYPE: usize = HEADER + 7;

    /// What is the way to `ip`?
    pub(super) fn question(ip: IpAddr) -> Vec<u8> {
        let (family, address) = match ip {
            IpAddr::V4(ip) => (2, ip.octets().to_vec()),
            IpAddr::V6(ip) => (10, ip.octets().to_vec()),
        };
        let (bytes, bits): (u16, u8) = if ip.is_ipv4() { (4, 32) } else { (16, 128) };
        let message = [
            &[family, bits, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &(4 + bytes).to_ne_bytes()[..],
            &RTA_DST.to_ne_bytes(),
            &address,
        ]
        .concat();
        let length = u32::from(bytes) + 4 + 12 + 16;
        let header = [
            &length.to_ne_bytes()[..],
            &RTM_GETROUTE.to_ne_bytes(),
            &NLM_F_REQUEST.to_ne_bytes(),
            &[0; 8],
        ];
        [&header.concat()[..], &message].concat()
    }

    /// Whether the way ends here.
    pub(super) fn is_local(answer: &[u8]) -> io::Result<bool> {
        let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok()).map(u16::from_ne_bytes);
        let code = answer.get(HEADER..HEADER + 4).and_then(|code| code.try_into().ok());
        match (kind, code.map(i32::from_ne_bytes)) {
            (Some(RTM_NEWROUTE), _) => Ok(answer.get(TYPE) == Some(&RTN_LOCAL)),
            // No way at all: ENETUNREACH, EHOSTUNREACH, and what routes of the types prohibit and
            // blackhole answer, EACCES and EINVAL.
            (Some(NLMSG_ERROR), Some(-101 | -113 | -13 | -22)) => Ok(false),
            (Some(NLMSG_ERROR), Some(code)) => {
                Err(io::Error::from_raw_os_error(code.saturating_neg()))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ip: &str, here: bool) {
        assert_eq!(asked(ip.parse().unwrap()).unwrap(), here, "{ip}");
    }

    #[test]
    fn the_loopback_is_here_and_an_address_of_documentation_is_not() {
        check("127.0.0.1", true);
        check("192.0.2.7", false);
    }

    #[cfg(target_os = "linux")]
    mod in_a_network_of_its_own {
        use seaway_testkit::namespace::{alone, ip, sysctl};

        use super::check;

        const TEST: &str = "presence::tests::in_a_network_of_its_own";

        #[test]
        fn only_what_is_on_an_interface_or_a_local_route_is_here() {
            let name = "only_what_is_on_an_interface_or_a_local_route_is_here";
            alone(&format!("{TEST}::{name}"), async || {
                sysctl("net/ipv4/ip_nonlocal_bind", "1");
                sysctl("net/ipv6/ip_nonlocal_bind", "1");
                check("192.0.2.7", false);
                check("2001:db8::7", false);
                ip("link add left type veth peer name right");
                ip("link set left up");
                ip("link set right up");
                ip("address add 192.0.2.7/24 dev left");
                // The second of a network has the first as the source of its route.
                ip("address add 192.0.2.8/24 dev left");
                ip("address add 2001:db8::7/64 dev left nodad");
                ip("route add local 198.51.100.0/24 dev lo");
                ip("route add local 2001:db8:1::/64 dev lo");
                ip("route add default via 192.0.2.1");
                ip("route add default via 2001:db8::1");
                for here in ["127.9.9.9", "::1", "192.0.2.7", "192.0.2.8", "2001:db8::7"] {
                    check(here, true);
                }
                check("198.51.100.7", true);
                check("2001:db8:1::7", true);
                for elsewhere in ["192.0.2.9", "203.0.113.1", "2001:db8::8", "2001:db8:2::1"] {
                    check(elsewhere, false);
                }
                ip("route add blackhole 203.0.113.0/24");
                ip("route add prohibit 203.0.113.1/32");
                check("203.0.113.1", false);
                check("203.0.113.2", false);
                ip("address del 192.0.2.8/24 dev left");
                check("192.0.2.8", false);
            });
        }
    }
}
