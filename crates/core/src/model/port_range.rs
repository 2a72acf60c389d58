use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

impl PortRange {
    /// What the API server gives as NodePorts, unless it is told otherwise.
    pub const fn node_ports() -> Self {
        Self { from: 30_000, to: 32_767 }
    }

    /// Whether `port` is one of them.
    pub const fn contains(self, port: u16) -> bool {
        self.from <= port && port <= self.to
    }
}

impl FromStr for PortRange {
    type Err = String;

    /// Reads `30000-32767`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not allowed; use a range of ports such as 30000-32767");
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        match (from.trim().parse(), to.trim().parse()) {
            (Ok(from), Ok(to)) if from > 0 && from <= to => Ok(Self { from, to }),
            _ => Err(wrong()),
        }
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_two_ends_in_order() {
        assert_eq!("1-65535".parse(), Ok(PortRange { from: 1, to: 65_535 }));
        assert_eq!("80 - 80".parse(), Ok(PortRange { from: 80, to: 80 }));
        for wrong in ["", "80", "0-80", "81-80", "80-65536", "80-81-82", "a-b"] {
            let error = wrong.parse::<PortRange>().unwrap_err();
            assert!(error.starts_with(&format!("{wrong:?} is not allowed")), "{error}");
        }
    }

    #[test]
    fn both_ends_are_in_a_range() {
        let range = PortRange { from: 80, to: 82 };
        assert_eq!([79, 80, 82, 83].map(|port| range.contains(port)), [false, true, true, false]);
    }
}
