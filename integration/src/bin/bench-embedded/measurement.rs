use std::fmt;

use crate::contestant::Kind;

/// What is measured, in a test of its own for each contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measurement {
    /// One small question and answer for each connection, and no end of connections.
    Connections,
    /// Small questions and answers on connections that stay open.
    Requests,
    /// Some connections through which the backends send all they can.
    Bulk,
    /// Small datagrams and their answers.
    Udp,
}

impl Measurement {
    pub(crate) const ALL: [Self; 4] = [Self::Connections, Self::Requests, Self::Bulk, Self::Udp];

    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Bulk => "Gbit/s",
            Self::Connections | Self::Requests | Self::Udp => "count/s",
        }
    }

    /// What a client counts, in the unit: it counts kilobytes of bulk.
    pub(crate) fn scaled(self, rate: f64) -> f64 {
        match self {
            Self::Bulk => rate * 8000.0 / 1e9,
            Self::Connections | Self::Requests | Self::Udp => rate,
        }
    }

    /// Whether a contestant can be measured so: HAProxy does not balance datagrams.
    pub(crate) fn is_for(self, kind: Kind) -> bool {
        (self, kind) != (Self::Udp, Kind::HAProxy)
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "connections_per_second",
            Self::Requests => "requests_per_second",
            Self::Bulk => "bulk",
            Self::Udp => "udp",
        })
    }
}
