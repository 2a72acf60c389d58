use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

/// What is allowed, for messages.
pub(super) const ALLOWED: &str =
    "1ms to 24h, as a number and ms, s, m or h, such as 500ms, 30s or 10m";

/// A span of time as people write it: `500ms`, `30s`, `10m`, `1h`; 24 hours at most, and never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

impl Span {
    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// Reads a text; nothing if it is no span.
    pub fn parse(text: &str) -> Option<Self> {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
        let (number, millis) =
            units.iter().find_map(|(unit, millis)| Some((text.strip_suffix(unit)?, millis)))?;
        // The standard library would take a sign.
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let millis = number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(*millis)?;
        (1..=86_400_000).contains(&millis).then(|| Self::from_millis(millis))
    }

    /// As the standard library has it.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(text.trim())
            .ok_or_else(|| D::Error::custom(format!("{text:?} is not allowed; use {ALLOWED}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_it_is_written() {
        for (text, millis) in
            [("1ms", 1), ("500ms", 500), ("30s", 30_000), ("10m", 600_000), ("24h", 86_400_000)]
        {
            assert_eq!(Span::parse(text), Some(Span::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_none() {
        for text in ["", "s", "0s", "25h", "10", "-1s", "+1s", "1.5s", "1s ", "1 s", "1d"] {
            assert_eq!(Span::parse(text), None, "{text:?}");
        }
        let refused = serde_json::from_str::<Span>("\"10\"").unwrap_err().to_string();
        assert!(refused.contains("\"10\" is not allowed; use 1ms to 24h"), "{refused}");
    }
}
