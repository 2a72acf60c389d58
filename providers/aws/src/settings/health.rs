//! How targets are checked, as far as a Service says.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError};

use super::ProxyProtocol;
use super::keys::{
    HEALTH_CODES, HEALTH_HEALTHY, HEALTH_INTERVAL, HEALTH_PATH, HEALTH_PORT, HEALTH_PROTOCOL,
    HEALTH_TIMEOUT, HEALTH_UNHEALTHY,
};
use crate::api::HealthProtocol;

/// The longest path that AWS takes.
const PATH_LENGTH: usize = 1024;

/// What a Service says about its health checks. Source of the ranges: `CreateTargetGroup` of the API
/// reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HealthSettings {
    /// What they speak.
    pub protocol: Option<HealthProtocol>,
    /// The port, if one is named; `Some(None)` is the port that gets the traffic.
    #[expect(
        clippy::option_option,
        reason = "the port of a check is an option, and so is saying it"
    )]
    pub port: Option<Option<u16>>,
    /// The path; with HTTP and HTTPS only.
    pub path: Option<String>,
    /// The codes that are well; with HTTP and HTTPS only.
    pub codes: Option<String>,
    /// Seconds from one check to the next.
    pub interval: Option<u16>,
    /// Seconds to wait for an answer.
    pub timeout: Option<u16>,
    /// Answers until a target is well.
    pub healthy: Option<u8>,
    /// Failures until it is not.
    pub unhealthy: Option<u8>,
}

/// Reads them.
pub(super) fn read(spec: &LbSpec, proxy: &ProxyProtocol) -> Result<HealthSettings, ProviderError> {
    let find = |key| Note::find(spec, key);
    let threshold = |key| find(key).map(|note| note.number(2..=10, "")).transpose();
    let health = HealthSettings {
        protocol: find(HEALTH_PROTOCOL).map(protocol).transpose()?,
        port: find(HEALTH_PORT).map(port).transpose()?,
        path: find(HEALTH_PATH).map(path).transpose()?,
        codes: find(HEALTH_CODES).map(codes).transpose()?,
        interval: find(HEALTH_INTERVAL).map(|it| it.number(5..=300, " seconds")).transpose()?,
        timeout: find(HEALTH_TIMEOUT).map(|it| it.number(2..=120, " seconds")).transpose()?,
        healthy: threshold(HEALTH_HEALTHY)?,
        unhealthy: threshold(HEALTH_UNHEALTHY)?,
    };
    if let (Some(note), Some(timeout), Some(interval)) =
        (find(HEALTH_TIMEOUT), health.timeout, health.interval)
        && timeout > interval
    {
        let why = format!("longer than the interval; use {interval} seconds at most");
        return Err(note.against(why));
    }
    // Where targets get a PROXY header, kube-proxy can't be asked, and a connection is the check.
    let is_tcp = match health.protocol {
        Some(protocol) => protocol == HealthProtocol::Tcp,
        None => *proxy != ProxyProtocol::Off,
    };
    match [HEALTH_PATH, HEALTH_CODES].into_iter().find_map(find).filter(|_| is_tcp) {
        Some(note) => Err(note.against(format!(
            "the checks are of TCP, which has neither paths nor codes; set {HEALTH_PROTOCOL} to http \
             or https"
        ))),
        None => Ok(health),
    }
}

/// In either case: both are in use.
fn protocol(note: Note<'_>) -> Result<HealthProtocol, ProviderError> {
    let all = [HealthProtocol::Tcp, HealthProtocol::Http, HealthProtocol::Https];
    let found = all.into_iter().find(|it| it.word().eq_ignore_ascii_case(note.value));
    found.ok_or_else(|| note.wrong("use tcp, http or https"))
}

fn port(note: Note<'_>) -> Result<Option<u16>, ProviderError> {
    if note.value == "traffic-port" {
        return Ok(None);
    }
    let number = note.number(1..=u16::MAX, "");
    number.map(Some).map_err(|_| note.wrong("use traffic-port or 1 to 65535"))
}

fn path(note: Note<'_>) -> Result<String, ProviderError> {
    let is_plain = note.value.chars().all(|one| one.is_ascii_graphic());
    if !note.value.starts_with('/') || !is_plain || note.value.len() > PATH_LENGTH {
        return Err(note.wrong(format!(
            "use a path that begins with / and has no spaces, {PATH_LENGTH} characters at most"
        )));
    }
    Ok(note.value.to_owned())
}

fn codes(note: Note<'_>) -> Result<String, ProviderError> {
    let remedy = "use codes from 200 to 599, e.g. 200,204 or 200-399";
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| (200..=599).contains(code));
    let codes = note.distinct(remedy)?;
    for item in &codes {
        let (from, to) = item.split_once('-').unwrap_or((item, item));
        if !matches!((code(from), code(to)), (Some(from), Some(to)) if from <= to) {
            return Err(note.wrong_item(item, remedy));
        }
    }
    Ok(codes.join(","))
}
