use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Note;
use super::span::{self, Span};
use crate::{ErrorKind, LbSpec, ProviderError, ProxyProtocol, SettingKey};

/// Which version of the PROXY protocol targets are told the client's address by.
pub const PROXY_PROTOCOL: &str = "seaway.dev/proxy-protocol";
/// How many connections a load balancer carries at once.
pub const MAX_CONNECTIONS: &str = "seaway.dev/max-connections";
/// How long a connection may be silent.
pub const IDLE_TIMEOUT: &str = "seaway.dev/idle-timeout";
/// How long a node may take to accept a connection.
pub const CONNECT_TIMEOUT: &str = "seaway.dev/connect-timeout";

/// What the annotations of a Service ask of its load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tuning {
    /// The version of the PROXY protocol that targets are spoken to in.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// How many connections it carries at once.
    pub max_connections: Option<u32>,
    /// How long a connection may be silent.
    pub idle_timeout: Option<Duration>,
    /// How long a node may take to accept a connection.
    pub connect_timeout: Option<Duration>,
}

impl Tuning {
    /// Reads what `spec` asks; `versions` of the PROXY protocol are had by `provider`.
    ///
    /// # Errors
    /// That name the annotation, its value and what is allowed.
    pub fn of(
        spec: &LbSpec,
        provider: &str,
        versions: &[ProxyProtocol],
    ) -> Result<Self, ProviderError> {
        Ok(Self {
            proxy_protocol: proxy_protocol(spec, provider, versions)?,
            max_connections: read(spec, MAX_CONNECTIONS, "1 to 1000000", |text| {
                text.parse().ok().filter(|count| (1..=1_000_000).contains(count))
            })?,
            idle_timeout: span(spec, IDLE_TIMEOUT)?,
            connect_timeout: span(spec, CONNECT_TIMEOUT)?,
        })
    }
}

/// The declaration of an annotation.
pub fn declared(key: &str) -> SettingKey {
    let doc = match key {
        PROXY_PROTOCOL => "v1 or v2: targets are told the client's address by PROXY protocol",
        MAX_CONNECTIONS => "1 to 1000000: how many connections the load balancer carries at once",
        IDLE_TIMEOUT => {
            "e.g. 30s, 10m or 1h: how long a connection may be silent before it is closed"
        }
        _ => "e.g. 500ms or 5s: how long a node may take to accept a connection",
    };
    SettingKey { key: key.to_owned(), doc: doc.to_owned() }
}

fn proxy_protocol(
    spec: &LbSpec,
    provider: &str,
    versions: &[ProxyProtocol],
) -> Result<Option<ProxyProtocol>, ProviderError> {
    let had: Vec<_> = versions.iter().map(|version| word(*version)).collect();
    let version = read(spec, PROXY_PROTOCOL, &had.join(" or "), |text| match text {
        "v1" => Some(ProxyProtocol::V1),
        "v2" => Some(ProxyProtocol::V2),
        _ => None,
    })?;
    match version {
        Some(version) if !versions.contains(&version) => Err(ProviderError::new(
            ErrorKind::Unsupported,
            PROXY_PROTOCOL,
            format!("{:?}: provider {provider} sends {} only", word(version), had.join(" and ")),
        )),
        other => Ok(other),
    }
}

const fn word(version: ProxyProtocol) -> &'static str {
    match version {
        ProxyProtocol::V1 => "v1",
        ProxyProtocol::V2 => "v2",
    }
}

fn span(spec: &LbSpec, key: &'static str) -> Result<Option<Duration>, ProviderError> {
    read(spec, key, span::ALLOWED, |text| Span::parse(text).map(Span::get))
}

fn read<T>(
    spec: &LbSpec,
    key: &'static str,
    allowed: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ProviderError> {
    let Some(note) = Note::find(spec, key) else { return Ok(None) };
    let value = parse(note.value.trim());
    value.map(Some).ok_or_else(|| note.wrong(format!("use {allowed}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Moment, ServiceRef, SourceRanges, TrafficPolicy};

    fn read(key: &str, value: &str) -> Result<Tuning, String> {
        let spec = LbSpec {
            service: ServiceRef { namespace: "ns".into(), name: "a".into(), uid: "a".into() },
            created: Moment::default(),
            ports: Vec::new(),
            families: Vec::new(),
            traffic_policy: TrafficPolicy::Cluster,
            affinity: None,
            source_ranges: SourceRanges::Anyone,
            requested_address: None,
            settings: BTreeMap::from([(key.to_owned(), value.to_owned())]),
            node_selection: None,
            retain: false,
            local_nodes: None,
        };
        let read = Tuning::of(&spec, "test", &[ProxyProtocol::V1]);
        read.map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_asked_is_read() {
        let tuning = read(PROXY_PROTOCOL, "v1").unwrap();
        assert_eq!(tuning.proxy_protocol, Some(ProxyProtocol::V1));
        assert_eq!(read(MAX_CONNECTIONS, "7").unwrap().max_connections, Some(7));
        for (text, millis) in
            [("500ms", 500), ("30s", 30_000), ("10m", 600_000), ("24h", 86_400_000)]
        {
            let idle = read(IDLE_TIMEOUT, text).unwrap().idle_timeout;
            assert_eq!(idle, Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(read("other", "x").unwrap(), Tuning::default());
    }

    #[test]
    fn what_can_not_be_is_refused_by_key_and_value() {
        for (key, value) in [
            (PROXY_PROTOCOL, "v3"),
            (PROXY_PROTOCOL, ""),
            (MAX_CONNECTIONS, "0"),
            (MAX_CONNECTIONS, "many"),
            (IDLE_TIMEOUT, "0s"),
            (IDLE_TIMEOUT, "25h"),
            (IDLE_TIMEOUT, "10"),
            (CONNECT_TIMEOUT, "-1s"),
            (CONNECT_TIMEOUT, "+1s"),
            (CONNECT_TIMEOUT, "1s\nbind :80"),
        ] {
            let error = read(key, value).unwrap_err();
            assert!(error.contains(key) && error.contains(&format!("{value:?}")), "{error}");
        }
        let error = read(PROXY_PROTOCOL, "v2").unwrap_err();
        assert!(error.contains("\"v2\": provider test sends v1 only"), "{error}");
    }
}
