use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::key::{CheckKey, Question};

/// How targets are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What a target is asked.
    pub probe: Probe,
    /// Time between two checks, give or take a tenth; the first is made at once. A target that never
    /// passed is asked again after 50 ms, 100 ms, 200 ms and so on, up to this.
    pub interval: Duration,
    /// How long a target has to answer.
    pub timeout: Duration,
    /// Passed checks in a row that make a target that was down go up.
    pub rise: u32,
    /// Failed checks in a row that make a target that was up go down. A target that never passed
    /// one goes down with the first.
    pub fall: u32,
}

/// What a health check asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Probe {
    /// Nothing: a target is up, whatever it does. Who suspects one all the same is told after one
    /// interval, see [`Check::announce_next_pass`](crate::Check::announce_next_pass).
    None,
    /// Whether the target's own port accepts a connection; where it has none that could be connected
    /// to, as with UDP, it is as `None`.
    #[default]
    Tcp,
    /// As `Tcp`, followed by a header of the PROXY protocol, version 2: for targets that take whoever
    /// sends none for broken. It says LOCAL, as nobody is behind it.
    ProxyV2,
    /// Whether a GET on this port of the node is answered with 2xx.
    Http {
        /// The port, such as the Service's `healthCheckNodePort`, or kube-proxy's 10256.
        port: u16,
        /// The path, such as `/healthz`.
        path: String,
    },
}

/// Why a health check could never be made. The message is complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            probe: Probe::default(),
            interval: Duration::from_secs(2),
            timeout: Duration::from_secs(1),
            rise: 1,
            fall: 2,
        }
    }
}

impl HealthCheck {
    /// Refuses what could never be made, before anything is touched.
    pub fn validate(&self) -> Result<(), Invalid> {
        if self.interval.is_zero() || self.timeout.is_zero() {
            return Err(Invalid("a health check needs an interval and a timeout".to_owned()));
        }
        // The path goes into a request line as it is.
        if let Probe::Http { path, .. } = &self.probe
            && (!path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(Invalid(format!("the health check path {path:?} isn't a URL path")));
        }
        Ok(())
    }

    /// The check of one target; `port`: its own port, which [`Probe::Tcp`] connects to, if there is
    /// one.
    pub fn key(&self, address: IpAddr, port: Option<u16>) -> CheckKey {
        let question = match (&self.probe, port) {
            (Probe::None, _) | (Probe::Tcp | Probe::ProxyV2, None) => Question::Nothing(address),
            (Probe::Tcp, Some(port)) => Question::Connect(SocketAddr::new(address, port)),
            (Probe::ProxyV2, Some(port)) => Question::Greet(SocketAddr::new(address, port)),
            (Probe::Http { port, path }, _) => {
                Question::Get(SocketAddr::new(address, *port), path.as_str().into())
            }
        };
        let (interval, timeout) = (self.interval, self.timeout);
        CheckKey { question, interval, timeout, rise: self.rise, fall: self.fall }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(probe: Probe, port: Option<u16>, question: &str) {
        let health = HealthCheck { probe, ..HealthCheck::default() };
        assert_eq!(health.validate(), Ok(()));
        assert_eq!(health.key(IpAddr::from([192, 0, 2, 1]), port).to_string(), question);
    }

    #[test]
    fn the_question_follows_from_the_probe_and_the_port() {
        let get = Probe::Http { port: 10256, path: "/healthz".to_owned() };
        check(Probe::None, Some(30080), "192.0.2.1");
        check(Probe::Tcp, None, "192.0.2.1");
        check(Probe::Tcp, Some(30080), "192.0.2.1:30080");
        check(Probe::ProxyV2, None, "192.0.2.1");
        check(Probe::ProxyV2, Some(30080), "192.0.2.1:30080");
        check(get.clone(), None, "http://192.0.2.1:10256/healthz");
        check(get, Some(30080), "http://192.0.2.1:10256/healthz");
    }

    #[test]
    fn what_could_never_be_asked_is_refused() {
        let refused = |health: HealthCheck, why: &str| {
            let refusal = health.validate().unwrap_err().to_string();
            assert!(refusal.contains(why), "{refusal}");
        };
        let good = HealthCheck::default;
        refused(HealthCheck { interval: Duration::ZERO, ..good() }, "an interval");
        refused(HealthCheck { timeout: Duration::ZERO, ..good() }, "a timeout");
        for path in ["healthz", "", "/a b", "/a\r\nHost: else"] {
            let probe = Probe::Http { port: 80, path: path.to_owned() };
            refused(HealthCheck { probe, ..good() }, &format!("{path:?}"));
        }
    }
}
