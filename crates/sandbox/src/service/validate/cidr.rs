//! Networks, as strictly as the server reads them.

use ipnet::IpNet;

const CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// Why a text is no network, if it is none.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let Ok(net) = text.parse::<IpNet>() else { return Err(CIDR) };
    let leads_with_zero = |digits: &str| digits.len() > 1 && digits.starts_with('0');
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let is_v4 = !address.contains(':');
    if leads_with_zero(length) || (is_v4 && address.split('.').any(leads_with_zero)) {
        return Err("must not have leading 0s in IP or prefix length");
    }
    if net != net.trunc() {
        return Err("must not have bits set beyond the prefix length");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_in_one_way_only() {
        for fine in ["10.0.0.0/8", "0.0.0.0/0", "255.0.0.0/32", "2001:db8::/64", "::/0"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for (text, word) in [
            ("010.0.0.0/8", "leading 0s"),
            ("10.0.0.0/08", "leading 0s"),
            ("10.0.0.1/8", "beyond the prefix"),
            ("2001:db8::1/64", "beyond the prefix"),
            ("10.0.0.0", "valid CIDR"),
            ("10.0.0.0/33", "valid CIDR"),
        ] {
            assert!(check(text).unwrap_err().contains(word), "{text}");
        }
    }
}
