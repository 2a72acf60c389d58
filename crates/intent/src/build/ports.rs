use seaway_core::{Port, Protocol};

use crate::object::ServicePort;
use crate::rejection::Rejection;

/// The ports, sorted. A port may be used by several protocols, but once by each (KEP-1435).
pub(super) fn read(ports: &[ServicePort]) -> Result<Vec<Port>, Rejection> {
    if ports.is_empty() {
        return Err(Rejection::NoPorts);
    }
    let mut read = Vec::with_capacity(ports.len());
    for (index, port) in ports.iter().enumerate() {
        let port = one(index, port)?;
        if read
            .iter()
            .any(|other: &Port| (other.port, other.protocol) == (port.port, port.protocol))
        {
            return Err(Rejection::DuplicatePort { index, port: port.to_string() });
        }
        read.push(port);
    }
    read.sort();
    Ok(read)
}

fn one(index: usize, port: &ServicePort) -> Result<Port, Rejection> {
    let node_port = match port.node_port {
        0 => None,
        value => Some(number(index, "nodePort", value)?),
    };
    Ok(Port {
        port: number(index, "port", port.port)?,
        protocol: match port.protocol.as_deref() {
            None | Some("" | "TCP") => Protocol::Tcp,
            Some("UDP") => Protocol::Udp,
            Some("SCTP") => Protocol::Sctp,
            Some(other) => {
                return Err(Rejection::Protocol { index, value: other.to_owned() });
            }
        },
        node_port,
        name: port.name.clone().filter(|name| !name.is_empty()),
        app_protocol: port.app_protocol.clone(),
    })
}

fn number(index: usize, field: &'static str, value: i32) -> Result<u16, Rejection> {
    match u16::try_from(value) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Rejection::Port { index, field, value }),
    }
}
