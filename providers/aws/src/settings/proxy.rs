//! PROXY protocol: how targets are told the client's address.

use std::collections::BTreeSet;

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError, TrafficPolicy};

use super::keys::{PROXY_PROTOCOL, PROXY_PROTOCOL_PORTS, TARGET_GROUP_ATTRIBUTES};
use crate::api::Attributes;

/// The attribute that switches it.
const ATTRIBUTE: &str = "proxy_protocol_v2.enabled";

/// The ports whose targets get a PROXY header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProxyProtocol {
    /// None.
    #[default]
    Off,
    /// All.
    All,
    /// These, and no others. Never empty.
    Ports(BTreeSet<u16>),
}

/// Reads who gets it, and takes the attribute for it out of `attributes`: three annotations say the
/// same thing, and only one of them may.
pub(super) fn read(
    spec: &LbSpec,
    attributes: &mut Attributes,
) -> Result<ProxyProtocol, ProviderError> {
    let attribute = attributes.remove(ATTRIBUTE);
    let switched = Note::find(spec, TARGET_GROUP_ATTRIBUTES).zip(attribute);
    let (note, asked) = match (all(spec)?, ports(spec)?, switched) {
        (Some(_), Some((note, _)), _) => {
            return Err(
                note.against(format!("{PROXY_PROTOCOL} is for all ports; remove one of the two"))
            );
        }
        (Some((_, asked)), None, Some((note, value))) if !agrees(&asked, &value) => {
            return Err(
                note.against(format!("{PROXY_PROTOCOL} says otherwise; remove {ATTRIBUTE}"))
            );
        }
        (None, Some((_, asked)), Some((note, value))) if !agrees(&asked, &value) => {
            return Err(note.against(format!(
                "{PROXY_PROTOCOL_PORTS} says for which ports; remove {ATTRIBUTE}"
            )));
        }
        (Some(given), None, _) | (None, Some(given), _) => given,
        (None, None, Some((note, value))) if value == "true" => (note, ProxyProtocol::All),
        (None, None, _) => return Ok(ProxyProtocol::Off),
    };
    if let TrafficPolicy::Local { health_check_node_port } = spec.traffic_policy {
        return Err(note.against(format!(
            "health checks speak PROXY protocol too, and port {health_check_node_port} of kube-proxy, \
             which is checked with externalTrafficPolicy: Local, does not; use Cluster, the header \
             has the client's address",
        )));
    }
    Ok(asked)
}

type Asked<'a> = Option<(Note<'a>, ProxyProtocol)>;

fn all(spec: &LbSpec) -> Result<Asked<'_>, ProviderError> {
    let Some(note) = Note::find(spec, PROXY_PROTOCOL) else { return Ok(None) };
    note.one_of(&[("*", ())])?;
    Ok(Some((note, ProxyProtocol::All)))
}

fn ports(spec: &LbSpec) -> Result<Asked<'_>, ProviderError> {
    let Some(note) = Note::find(spec, PROXY_PROTOCOL_PORTS) else { return Ok(None) };
    let mut ports = BTreeSet::new();
    for item in note.distinct("name ports of the Service by number")? {
        let number = item.parse().ok();
        let known = number.filter(|number| spec.ports.iter().any(|port| port.port == *number));
        ports.insert(known.ok_or_else(|| note.wrong_item(item, "use ports of the Service"))?);
    }
    Ok(Some((note, ProxyProtocol::Ports(ports))))
}

fn agrees(asked: &ProxyProtocol, attribute: &str) -> bool {
    match asked {
        ProxyProtocol::Off => attribute == "false",
        ProxyProtocol::All => attribute == "true",
        ProxyProtocol::Ports(_) => false,
    }
}
