use std::time::Duration;

use seaway_core::{ErrorKind, LbSpec, ProviderError, SettingKey};

use crate::dataplane::Tuning;

/// Whether targets are told the client's address.
pub(crate) const PROXY_PROTOCOL: &str = "seaway.dev/proxy-protocol";
const MAX_CONNECTIONS: &str = "seaway.dev/max-connections";
const IDLE_TIMEOUT: &str = "seaway.dev/idle-timeout";
const CONNECT_TIMEOUT: &str = "seaway.dev/connect-timeout";

const SPANS: &str = "1ms to 24h, as a number and ms, s, m or h, such as 500ms, 30s or 10m";

/// The annotations that this provider takes: those of the providers on a box, by the same names.
pub(crate) fn declared() -> Vec<SettingKey> {
    let keys = [
        (PROXY_PROTOCOL, "v2: targets are told the client's address by PROXY protocol"),
        (MAX_CONNECTIONS, "1 to 1000000: how many TCP connections it carries at once"),
        (IDLE_TIMEOUT, "e.g. 30s, 10m or 1h: how long a TCP connection may be silent"),
        (CONNECT_TIMEOUT, "e.g. 500ms or 5s: how long a node may take to accept a connection"),
    ];
    keys.map(|(key, doc)| SettingKey { key: key.to_owned(), doc: doc.to_owned() }).to_vec()
}

/// What the annotations of a Service ask for.
///
/// # Errors
/// That name the annotation, its value and what is allowed.
pub(crate) fn tuning(spec: &LbSpec) -> Result<Tuning, ProviderError> {
    let span = |key| read(spec, key, SPANS, span);
    Ok(Tuning {
        proxy_protocol: proxy_protocol(spec)?,
        max_connections: read(spec, MAX_CONNECTIONS, "1 to 1000000", |text| {
            text.parse().ok().filter(|most| (1..=1_000_000).contains(most))
        })?,
        idle_timeout: span(IDLE_TIMEOUT)?,
        connect_timeout: span(CONNECT_TIMEOUT)?,
    })
}

fn proxy_protocol(spec: &LbSpec) -> Result<bool, ProviderError> {
    let version = read(spec, PROXY_PROTOCOL, "v2", |text| match text {
        "v1" => Some(1),
        "v2" => Some(2),
        _ => None,
    })?;
    if version == Some(1) {
        let message = format!("\"v1\": provider {} sends v2 only", crate::NAME);
        return Err(ProviderError::new(ErrorKind::Unsupported, PROXY_PROTOCOL, message));
    }
    Ok(version.is_some())
}

fn span(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let (number, unit) =
        units.iter().find_map(|(unit, millis)| Some((text.strip_suffix(unit)?, millis)))?;
    // The standard library would take a sign.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let millis = number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(*unit)?;
    (1..=86_400_000).contains(&millis).then(|| Duration::from_millis(millis))
}

fn read<T>(
    spec: &LbSpec,
    key: &'static str,
    allowed: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ProviderError> {
    let Some(text) = spec.settings.get(key) else { return Ok(None) };
    let value = parse(text.trim()).ok_or_else(|| {
        let message = format!("{text:?} is not allowed; use {allowed}");
        ProviderError::new(ErrorKind::InvalidSpec, key, message)
    })?;
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use seaway_testkit::spec;

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
    fn every_key_that_is_read_is_declared() {
        let keys: Vec<_> = declared().into_iter().map(|key| key.key).collect();
        assert_eq!(keys, [PROXY_PROTOCOL, MAX_CONNECTIONS, IDLE_TIMEOUT, CONNECT_TIMEOUT]);
    }
}
