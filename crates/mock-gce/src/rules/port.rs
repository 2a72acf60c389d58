//! Ports, single ones and ranges of them.

/// Ports from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) last: u16,
}

impl Ports {
    pub(super) const ALL: Self = Self { first: 0, last: u16::MAX };

    /// `80` or `80-90`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(Self { first, last })
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Digits only: `u16` itself would take a plus sign.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::Ports;

    #[test]
    fn a_port_is_a_range_of_one() {
        assert_eq!(Ports::parse("80"), Some(Ports { first: 80, last: 80 }));
        assert_eq!(Ports::parse("80-90"), Some(Ports { first: 80, last: 90 }));
        for wrong in ["", "-", "90-80", "+80", "65536", "80-", "a", "1-2-3", " 80"] {
            assert_eq!(Ports::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ranges_that_share_a_port_overlap() {
        let range = Ports { first: 80, last: 90 };
        assert!(range.overlaps(Ports { first: 90, last: 95 }));
        assert!(range.overlaps(Ports::ALL));
        assert!(!range.overlaps(Ports { first: 91, last: 95 }));
    }
}
