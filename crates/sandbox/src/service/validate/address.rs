//! Addresses, as strictly as the server reads them.

use std::net::IpAddr;

/// What is no address at all.
const IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// Why a text is no address, if it is none.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_some() => {
            return Err("must not be an IPv4-mapped IPv6 address");
        }
        Ok(_) => return Ok(()),
        Err(_) => {}
    }
    let bare = |part: &str| {
        let digits = part.trim_start_matches('0');
        if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
    };
    let stripped = text.split('.').map(bare).collect::<Vec<_>>().join(".");
    if stripped.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("must not have leading 0s");
    }
    Err(IP)
}

/// Why an address is not one that others can send to, if it is not.
pub(super) fn is_ordinary(text: &str) -> Result<(), &'static str> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) if ip.is_unspecified() => Err("may not be unspecified (0.0.0.0)"),
        Ok(IpAddr::V6(ip)) if ip.is_unspecified() => Err("may not be unspecified (::)"),
        Ok(ip) if ip.is_loopback() => {
            Err("may not be in the loopback range (127.0.0.0/8, ::1/128)")
        }
        Ok(IpAddr::V4(ip)) if ip.is_link_local() => Err(LOCAL),
        Ok(IpAddr::V6(ip)) if ip.is_unicast_link_local() => Err(LOCAL),
        Ok(IpAddr::V4(ip)) if ip.octets()[..3] == [224, 0, 0] => Err(MULTICAST),
        Ok(IpAddr::V6(ip)) if ip.segments()[0] & 0xff0f == 0xff02 => Err(MULTICAST),
        Ok(_) => Ok(()),
        Err(_) => Err(IP),
    }
}

const LOCAL: &str = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
const MULTICAST: &str = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_in_one_way_only() {
        for (text, word) in [
            ("192.0.2.1", ""),
            ("2001:db8::1", ""),
            ("192.000.002.001", "leading 0s"),
            ("::ffff:192.0.2.1", "IPv4-mapped"),
            ("192.0.2", "valid IP"),
            ("192.0.2.300", "valid IP"),
            ("nowhere", "valid IP"),
        ] {
            assert!(check(text).err().unwrap_or_default().contains(word), "{text}");
            assert_eq!(check(text).is_ok(), word.is_empty(), "{text}");
        }
    }

    #[test]
    fn an_address_of_this_machine_or_this_network_alone_is_not_ordinary() {
        for text in ["0.0.0.0", "::", "127.0.0.1", "::1", "169.254.1.1", "fe80::1", "224.0.0.1"] {
            assert!(is_ordinary(text).is_err(), "{text}");
        }
        assert!(is_ordinary("ff02::1").is_err());
        assert!(is_ordinary("192.0.2.1").is_ok() && is_ordinary("225.0.0.1").is_ok());
    }
}
