//! The rules of listeners.

use super::super::answer::{Refusal, Verdict};
use super::super::state::{Listener, Settings, State};
use super::super::{Call, attributes, listener};

/// The listener that comes of a call, and the ARN of the one that is changed.
fn after(call: &Call, state: &State) -> (Listener, Option<String>) {
    let arn = call.params.get("ListenerArn").cloned();
    let before = arn.as_ref().and_then(|arn| state.listeners.get(arn)).cloned();
    (listener::after(call, before.unwrap_or_default()), arn)
}

fn not_found() -> Refusal {
    Refusal::new("ListenerNotFound", "One or more listeners not found")
}

pub(super) fn is_there(call: &Call, state: &State, _: &Settings) -> Verdict {
    let there = state.listeners.contains_key(call.get("ListenerArn"));
    if there { Ok(()) } else { Err(not_found()) }
}

/// moto leaves out those that it does not find.
pub(super) fn are_there(call: &Call, state: &State, _: &Settings) -> Verdict {
    let there = call.list("ListenerArns").iter().all(|arn| state.listeners.contains_key(arn));
    if there { Ok(()) } else { Err(not_found()) }
}

pub(super) fn there_is_room(call: &Call, state: &State, settings: &Settings) -> Verdict {
    if state.listeners_of(call.get("LoadBalancerArn")).count() < settings.listener_quota {
        return Ok(());
    }
    Err(Refusal::new(
        "TooManyListeners",
        format!(
            "The maximum number of listeners per load balancer has been reached: '{}'",
            settings.listener_quota
        ),
    ))
}

pub(super) fn port_is_free(call: &Call, state: &State, _: &Settings) -> Verdict {
    let (after, own) = after(call, state);
    let taken = state
        .listeners_of(&after.balancer)
        .any(|(arn, listener)| listener.port == after.port && Some(arn) != own.as_ref());
    if taken {
        return Err(Refusal::new(
            "DuplicateListener",
            format!(
                "A listener already exists on this port for this load balancer '{}'",
                after.balancer
            ),
        ));
    }
    match after.port.parse::<u16>() {
        Ok(1..) => Ok(()),
        Ok(0) | Err(_) => Err(Refusal::invalid("Listener ports are between 1 and 65535")),
    }
}

pub(super) fn has_a_certificate(call: &Call, state: &State, settings: &Settings) -> Verdict {
    let (after, _) = after(call, state);
    let said = listener::certificates(call);
    if after.protocol != "TLS" {
        return match said.first() {
            None => Ok(()),
            Some(_) => Err(Refusal::invalid(format!(
                "A certificate cannot be specified for {} listeners",
                after.protocol
            ))),
        };
    }
    if said.len() > 1 || (said.is_empty() && after.certificate.is_empty()) {
        return Err(Refusal::invalid("Exactly one certificate must be specified"));
    }
    match said.iter().find(|arn| !settings.certificates.contains(*arn)) {
        None => Ok(()),
        Some(arn) => Err(Refusal::new(
            "CertificateNotFound",
            format!("Certificate ARN '{arn}' is not found"),
        )),
    }
}

/// The certificate that a listener was made with is changed, never removed.
pub(super) fn keeps_its_own_certificate(call: &Call, state: &State, _: &Settings) -> Verdict {
    let own = &state.listeners[call.get("ListenerArn")].certificate;
    if !listener::certificates(call).contains(own) {
        return Ok(());
    }
    Err(Refusal::new("OperationNotPermitted", "The default certificate cannot be removed"))
}

pub(super) fn suits_its_groups(call: &Call, state: &State, _: &Settings) -> Verdict {
    let (after, _) = after(call, state);
    for (arn, group) in after.groups.iter().filter_map(|arn| state.groups.get_key_value(arn)) {
        let protocol = group.setting("Protocol");
        let suits = match after.protocol.as_str() {
            "TLS" => ["TCP", "TLS"].contains(&protocol),
            other => other == protocol,
        };
        if !suits {
            return Err(Refusal::invalid(format!(
                "Target group '{arn}' of protocol {protocol} does not suit a {} listener",
                after.protocol
            )));
        }
    }
    Ok(())
}

pub(super) fn groups_are_not_taken(call: &Call, state: &State, _: &Settings) -> Verdict {
    let (after, _) = after(call, state);
    for arn in &after.groups {
        if state.users_of(arn).into_iter().any(|user| *user != after.balancer) {
            return Err(Refusal::new(
                "TargetGroupAssociationLimit",
                format!(
                    "Target group '{arn}' cannot be associated with more than one load balancer"
                ),
            ));
        }
    }
    Ok(())
}

pub(super) fn has_these_attributes(call: &Call, state: &State, _: &Settings) -> Verdict {
    attributes::check(attributes::LISTENER, &super::super::attributes_of(call))?;
    match state.listeners[call.get("ListenerArn")].protocol.as_str() {
        "TCP" => Ok(()),
        other => Err(Refusal::invalid(format!("{other} listeners do not have this attribute"))),
    }
}
