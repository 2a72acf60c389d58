use std::net::{IpAddr, SocketAddr};

use super::Protocol;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, and the command PROXY: it speaks for somebody else.
const VERSION_AND_COMMAND: u8 = 0x21;
const LONGEST: usize = 16 + 36;

/// What a target is told of a client: a header of the PROXY protocol, version 2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Header {
    /// `to` is where the client connected to.
    pub(super) fn new(protocol: Protocol, from: SocketAddr, to: SocketAddr) -> Self {
        let transport: u8 = match protocol {
            Protocol::Tcp => 1,
            Protocol::Udp => 2,
        };
        let mut header = Self { bytes: [0; LONGEST], length: 0 };
        header.push(&SIGNATURE);
        if let (IpAddr::V4(source), IpAddr::V4(target)) = (from.ip(), to.ip()) {
            header.push(&[VERSION_AND_COMMAND, 0x10 | transport, 0, 12]);
            header.push(&source.octets());
            header.push(&target.octets());
        } else {
            header.push(&[VERSION_AND_COMMAND, 0x20 | transport, 0, 36]);
            header.push(&sixteen(from.ip()));
            header.push(&sixteen(to.ip()));
        }
        header.push(&from.port().to_be_bytes());
        header.push(&to.port().to_be_bytes());
        header
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn push(&mut self, part: &[u8]) {
        self.bytes[self.length..self.length + part.len()].copy_from_slice(part);
        self.length += part.len();
    }
}

fn sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(protocol: Protocol, from: &str, to: &str, rest: &[u8]) {
        let header = Header::new(protocol, from.parse().unwrap(), to.parse().unwrap());
        let signature = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
        assert_eq!(header.bytes(), [&signature, rest].concat(), "{from} {to}");
    }

    #[test]
    fn the_header_is_the_one_of_the_specification() {
        let v4 = [192, 0, 2, 1, 198, 51, 100, 2, 0xc0, 0, 0, 80];
        let (from, to) = ("192.0.2.1:49152", "198.51.100.2:80");
        check(Protocol::Tcp, from, to, &[&[0x21, 0x11, 0, 12], &v4[..]].concat());
        check(Protocol::Udp, from, to, &[&[0x21, 0x12, 0, 12], &v4[..]].concat());

        let mut v6 = [0; 40];
        v6[..4].copy_from_slice(&[0x21, 0x21, 0, 36]);
        v6[4..8].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        v6[19] = 1;
        v6[20..24].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        v6[35] = 2;
        v6[36..].copy_from_slice(&[0, 1, 0x01, 0xbb]);
        check(Protocol::Tcp, "[2001:db8::1]:1", "[2001:db8::2]:443", &v6);
    }
}
