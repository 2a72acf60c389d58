use seaway_core::setting::{self, CONNECT_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTIONS, PROXY_PROTOCOL};
use seaway_core::{LbSpec, Protocol, ProviderError, ProxyProtocol, SettingKey, Warning};

use crate::dataplane::Tuning;

/// The annotations that this provider takes: those of the providers on a box, by the same names.
pub(crate) fn declared() -> Vec<SettingKey> {
    let keys = [
        (PROXY_PROTOCOL, "v2: targets are told the client's address by PROXY protocol"),
        (MAX_CONNECTIONS, "1 to 1000000: how many TCP connections it carries at once"),
        (IDLE_TIMEOUT, "e.g. 30s, 10m or 1h: how long a TCP connection or UDP flow may be silent"),
        (CONNECT_TIMEOUT, "e.g. 500ms or 5s: how long a node may take to accept a connection"),
    ];
    keys.map(|(key, doc)| SettingKey { key: key.to_owned(), doc: doc.to_owned() }).to_vec()
}

/// What the annotations of a Service ask for.
///
/// # Errors
/// That name the annotation, its value and what is allowed.
pub(crate) fn tuning(spec: &LbSpec) -> Result<Tuning, ProviderError> {
    let asked = setting::Tuning::of(spec, crate::NAME, &[ProxyProtocol::V2])?;
    Ok(Tuning {
        proxy_protocol: asked.proxy_protocol.is_some(),
        max_connections: asked.max_connections,
        idle_timeout: asked.idle_timeout,
        connect_timeout: asked.connect_timeout,
    })
}

/// What a Service asks for that holds for TCP ports only, if it has none.
pub(crate) fn tcp_only(spec: &LbSpec) -> Option<Warning> {
    if spec.ports.iter().any(|port| port.protocol == Protocol::Tcp) {
        return None;
    }
    let mut asked = vec![MAX_CONNECTIONS, CONNECT_TIMEOUT];
    asked.retain(|key| spec.settings.contains_key(*key));
    if asked.is_empty() {
        return None;
    }
    let message = format!(
        "{}: this is for TCP ports, of which the Service has none, so it does nothing; remove it",
        asked.join(", ")
    );
    Some(Warning::new("TcpSettingIgnored", message))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaway_testkit::{SpecBuilder, spec};

    use super::*;

    fn read(key: &str, value: &str) -> Result<Tuning, String> {
        tuning(&spec("a").setting(key, value).build()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_asked_is_read() {
        assert!(read(PROXY_PROTOCOL, "v2").unwrap().proxy_protocol);
        assert_eq!(read(MAX_CONNECTIONS, "7").unwrap().max_connections, Some(7));
        for (text, millis) in
            [("500ms", 500), ("30s", 30_000), ("10m", 600_000), ("24h", 86_400_000)]
        {
            let span = Some(Duration::from_millis(millis));
            assert_eq!(read(IDLE_TIMEOUT, text).unwrap().idle_timeout, span, "{text}");
            assert_eq!(read(CONNECT_TIMEOUT, text).unwrap().connect_timeout, span, "{text}");
        }
        assert_eq!(read("other", "x").unwrap(), Tuning::default());
    }

    #[test]
    fn what_can_not_be_is_refused_by_key_and_value() {
        for (key, value) in [
            (PROXY_PROTOCOL, "v1"),
            (PROXY_PROTOCOL, "true"),
            (PROXY_PROTOCOL, ""),
            (MAX_CONNECTIONS, "0"),
            (MAX_CONNECTIONS, "1000001"),
            (IDLE_TIMEOUT, "0s"),
            (IDLE_TIMEOUT, "25h"),
            (IDLE_TIMEOUT, "s"),
            (IDLE_TIMEOUT, "10"),
            (CONNECT_TIMEOUT, "+1s"),
        ] {
            let error = read(key, value).unwrap_err();
            assert!(error.contains(key) && error.contains(&format!("{value:?}")), "{error}");
        }
    }

    #[test]
    fn what_is_for_tcp_ports_only_is_told_of_a_service_without_one() {
        let told = |spec: SpecBuilder, keys: &[&str]| {
            let spec = keys.iter().fold(spec, |spec, key| spec.setting(key, "10s"));
            tcp_only(&spec.build()).map(|warning| warning.message)
        };
        let udp = || spec("a").udp(53);
        let both = told(udp(), &[CONNECT_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTIONS]).unwrap();
        let named = "seaway.dev/max-connections, seaway.dev/connect-timeout: this is for TCP ports";
        assert!(both.starts_with(named), "{both}");
        let one = told(udp(), &[MAX_CONNECTIONS]).unwrap();
        assert!(one.starts_with("seaway.dev/max-connections: "), "{one}");
        assert_eq!(told(udp(), &[IDLE_TIMEOUT, PROXY_PROTOCOL]), None, "these hold for flows");
        assert_eq!(told(udp().port(80), &[MAX_CONNECTIONS]), None);
    }

    #[test]
    fn every_key_that_is_read_is_declared() {
        let keys: Vec<_> = declared().into_iter().map(|key| key.key).collect();
        assert_eq!(keys, [PROXY_PROTOCOL, MAX_CONNECTIONS, IDLE_TIMEOUT, CONNECT_TIMEOUT]);
    }
}
