//! Listeners: what is learnt of a call, and what moto gets wrong.

use std::collections::BTreeSet;

use super::Call;
use super::answer::Answer;
use super::state::{Listener, State};
use super::xml::Element;

/// The listener that comes of a call to one that was so before, or was not.
pub(super) fn after(call: &Call, before: Listener) -> Listener {
    let said = |name: &str, or: String| call.params.get(name).cloned().unwrap_or(or);
    let forwards =
        |key: &str| key.starts_with("DefaultActions.") && key.ends_with("TargetGroupArn");
    let groups = call.params.iter().filter(|(key, _)| forwards(key));
    let groups: BTreeSet<_> = groups.map(|(_, arn)| arn.clone()).collect();
    let alpn = call.list("AlpnPolicy");
    let protocol = said("Protocol", before.protocol);
    let mut said_certificates = certificates(call).into_iter();
    let kept = if protocol == "TLS" { before.certificate } else { String::new() };
    let others = if protocol == "TLS" { before.others } else { BTreeSet::new() };
    Listener {
        balancer: said("LoadBalancerArn", before.balancer),
        port: said("Port", before.port),
        ssl_policy: said("SslPolicy", before.ssl_policy),
        certificate: said_certificates.next().unwrap_or(kept),
        others,
        alpn: if alpn.is_empty() { before.alpn } else { alpn },
        groups: if groups.is_empty() { before.groups } else { groups },
        protocol,
    }
}

/// The certificates that a call names.
pub(super) fn certificates(call: &Call) -> Vec<String> {
    let named = call.members("Certificates").into_iter();
    named.filter_map(|mut each| each.remove("CertificateArn")).collect()
}

/// Adds, removes and shows what a listener has besides its own certificate, all of which moto would
/// have to have issued.
pub(super) fn others(call: &Call, state: &mut State) -> Answer {
    let listener = state.listeners.get_mut(call.get("ListenerArn")).unwrap();
    let named = certificates(call);
    let show = |arn: &String, own: bool| {
        vec![
            Element::leaf("CertificateArn", arn.clone()),
            Element::leaf("IsDefault", own.to_string()),
        ]
    };
    let shown: Vec<_> = match call.action.as_str() {
        "AddListenerCertificates" => {
            listener.others.extend(named.iter().cloned());
            named.iter().map(|arn| show(arn, false)).collect()
        }
        "RemoveListenerCertificates" => {
            listener.others.retain(|arn| !named.contains(arn));
            return Answer::to(call, Vec::new());
        }
        _ => {
            let own = Some(&listener.certificate).filter(|arn| !arn.is_empty());
            let others = listener.others.iter().map(|arn| show(arn, false));
            own.map(|arn| show(arn, true)).into_iter().chain(others).collect()
        }
    };
    Answer::to(call, vec![Element::list("Certificates", shown)])
}

/// The call in words that moto takes: it knows no certificate but those that it has issued, and
/// changes the protocol of a listener to TCP or to HTTP only. What is left out is shown nevertheless.
pub(super) fn adapted(call: Call) -> Call {
    let call = call.without("Certificates");
    if call.action == "ModifyListener" { call.without("Protocol") } else { call }
}

/// Makes of moto's listener what AWS shows.
pub(super) fn dress(seen: &mut Element, state: &State) {
    let Some(listener) = state.listeners.get(&seen.text("ListenerArn")) else { return };
    seen.set(Element::leaf("Port", listener.port.clone()));
    seen.set(Element::leaf("Protocol", listener.protocol.clone()));
    for name in ["AlpnPolicy", "Certificates", "SslPolicy"] {
        seen.remove(name);
    }
    if listener.protocol != "TLS" {
        return;
    }
    let policy = match listener.ssl_policy.as_str() {
        "" => "ELBSecurityPolicy-2016-08",
        policy => policy,
    };
    let certificate = vec![Element::leaf("CertificateArn", listener.certificate.clone())];
    let alpn = listener.alpn.iter().map(|word| Element::leaf("member", word.clone()));
    seen.set(Element::leaf("SslPolicy", policy));
    seen.set(Element::list("Certificates", [certificate]));
    seen.set(Element::node("AlpnPolicy", alpn.collect()));
}
