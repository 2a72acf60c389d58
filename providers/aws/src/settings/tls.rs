//! TLS: what the load balancer ends.

use std::collections::BTreeSet;

use seaway_core::setting::Note;
use seaway_core::{LbSpec, Port, Protocol, ProviderError};

use super::keys::{BACKEND_PROTOCOL, SSL_CERT, SSL_POLICY, SSL_PORTS};
use crate::api::Certificate;

/// What a load balancer serves over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    /// The ARN of the certificate.
    pub certificate: Certificate,
    /// The numbers of the ports, all of them TCP; none is all ports.
    pub ports: Option<BTreeSet<u16>>,
    /// The security policy.
    pub policy: Option<String>,
}

/// Reads what is served over TLS, and whether the targets speak it too.
pub(super) fn read(spec: &LbSpec) -> Result<(Option<Tls>, bool), ProviderError> {
    let backend = Note::find(spec, BACKEND_PROTOCOL);
    let words = [("tcp", false), ("ssl", true)];
    let behind = backend.map(|note| note.one_of(&words)).transpose()?.unwrap_or_default();
    let policy = Note::find(spec, SSL_POLICY);
    let Some(note) = Note::find(spec, SSL_CERT) else {
        // Without a certificate these would change nothing, and leave open what looks closed.
        let idle = [Note::find(spec, SSL_PORTS), policy, backend.filter(|_| behind)];
        return match idle.into_iter().flatten().next() {
            Some(idle) => {
                Err(idle.against(format!("nothing speaks TLS without {SSL_CERT}; add it")))
            }
            None => Ok((None, false)),
        };
    };
    let tls = Tls {
        certificate: certificate(note)?,
        ports: ports(spec, note)?,
        policy: policy.map(self::policy).transpose()?,
    };
    Ok((Some(tls), behind))
}

fn certificate(note: Note<'_>) -> Result<Certificate, ProviderError> {
    let arns = note.distinct("use the ARN of a certificate of ACM or IAM")?;
    let [arn] = arns[..] else {
        return Err(note.unsupported(format!(
            "{} certificates, and a listener has one for now; name one",
            arns.len()
        )));
    };
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let is_certificate = match parts[..] {
        ["arn", _, "acm", .., resource] => resource.starts_with("certificate/"),
        ["arn", _, "iam", .., resource] => resource.starts_with("server-certificate/"),
        _ => false,
    };
    if parts.len() != 6 || !is_certificate {
        return Err(note.wrong(
            "use the ARN of a certificate: arn:aws:acm:<region>:<account>:certificate/<id> or \
             arn:aws:iam::<account>:server-certificate/<name>",
        ));
    }
    Ok(arn.to_owned())
}

fn policy(note: Note<'_>) -> Result<String, ProviderError> {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '-';
    let rest = note.value.strip_prefix("ELBSecurityPolicy-");
    if !rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_plain)) {
        return Err(note.wrong(
            "use a policy of the Elastic Load Balancing API, e.g. ELBSecurityPolicy-TLS13-1-2-2021-06",
        ));
    }
    Ok(note.value.to_owned())
}

/// The ports by number; a port that is not the Service's would be served in the clear unnoticed.
fn ports(spec: &LbSpec, certificate: Note<'_>) -> Result<Option<BTreeSet<u16>>, ProviderError> {
    let note = Note::find(spec, SSL_PORTS);
    let Some(note) = note.filter(|note| note.value != "*") else {
        return match spec.ports.iter().find(|port| port.protocol != Protocol::Tcp) {
            Some(port) => Err(note.unwrap_or(certificate).against(format!(
                "port {port} can't speak TLS; name the ports that do in {SSL_PORTS}"
            ))),
            None => Ok(None),
        };
    };
    let mut numbers = BTreeSet::new();
    for item in note.distinct("use * or name ports of the Service")? {
        let is_named =
            |port: &&Port| port.name.as_deref() == Some(item) || port.port.to_string() == item;
        let found: Vec<_> = spec.ports.iter().filter(is_named).map(|port| port.port).collect();
        if found.is_empty() {
            return Err(note.wrong_item(item, "use * or ports of the Service, by number or name"));
        }
        numbers.extend(found);
    }
    let is_spoilt = |port: &&Port| numbers.contains(&port.port) && port.protocol != Protocol::Tcp;
    if let Some(port) = spec.ports.iter().find(is_spoilt) {
        return Err(note.against(format!("port {port} can't speak TLS; name TCP ports only")));
    }
    Ok(Some(numbers))
}
