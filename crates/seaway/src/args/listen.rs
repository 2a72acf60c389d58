use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// Where to listen, or to ask; or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// Not at all.
    Off,
    /// There; port 0 is any that is free.
    At(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| {
            "use an IP address and a port, such as 127.0.0.1:8383 or [::1]:8383, or `off`"
                .to_owned()
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

/// The same, on loopback only: who reaches it needs no password.
pub(super) fn loopback(text: &str) -> Result<Listen, String> {
    let listen = text.parse()?;
    match listen {
        Listen::At(address) if !address.ip().is_loopback() => Err(format!(
            "{} is no loopback address, and whoever reaches this port may sweep; use 127.0.0.1 or \
             [::1], and `kubectl port-forward` from elsewhere",
            address.ip()
        )),
        Listen::At(_) | Listen::Off => Ok(listen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_off() {
        assert_eq!("off".parse(), Ok(Listen::Off));
        assert_eq!("[::1]:0".parse::<Listen>().unwrap().to_string(), "[::1]:0");
        for bad in ["", "8383", "localhost:8383", "127.0.0.1", "127.0.0.1:99999", "Off"] {
            let error = bad.parse::<Listen>().unwrap_err();
            assert!(error.contains("127.0.0.1:8383") && error.contains("off"), "{bad}: {error}");
        }
    }

    #[test]
    fn loopback_only_is_loopback_only() {
        for good in ["127.0.0.1:1", "127.9.9.9:0", "[::1]:1", "off"] {
            assert!(loopback(good).is_ok(), "{good}");
        }
        for bad in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1"] {
            assert!(loopback(bad).unwrap_err().contains("loopback"), "{bad}");
        }
    }
}
