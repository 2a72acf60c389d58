//! What is learnt of moto's answers, and what is put right in them.

use super::state::{Listener, Settings, State};
use super::xml::Element;
use super::{Call, balancer, group, listener};

/// Keeps what came of a call; `said` is the call with what it left out.
pub(super) fn learn(call: &Call, said: &Call, result: &Element, state: &mut State) {
    let arn = |name: &str| result.find(name).map(|found| found.text.clone()).unwrap();
    let balancer = call.get("LoadBalancerArn");
    match call.action.as_str() {
        "CreateLoadBalancer" if state.balancer_named(call.get("Name")).is_none() => {
            balancer::made(said, arn("LoadBalancerArn"), state);
        }
        "CreateTargetGroup" if state.group_named(call.get("Name")).is_none() => {
            group::made(said, arn("TargetGroupArn"), state);
        }
        "CreateListener" => {
            let made = listener::after(call, Listener::default());
            state.listeners.insert(arn("ListenerArn"), made);
        }
        "ModifyListener" => {
            let known = state.listeners.get_mut(call.get("ListenerArn")).unwrap();
            *known = listener::after(call, known.clone());
        }
        "DeleteListener" => {
            state.listeners.remove(call.get("ListenerArn"));
        }
        "ModifyTargetGroup" => {
            let known = state.groups.get_mut(call.get("TargetGroupArn")).unwrap();
            known.settings.extend(group::changes(call));
        }
        "DeleteTargetGroup" => {
            state.groups.remove(call.get("TargetGroupArn"));
        }
        "SetSecurityGroups" => {
            let known = state.balancers.get_mut(balancer).unwrap();
            known.security_groups = call.list("SecurityGroups").into_iter().collect();
        }
        "SetIpAddressType" => {
            let known = state.balancers.get_mut(balancer).unwrap();
            call.get("IpAddressType").clone_into(&mut known.ip_type);
        }
        "DeleteLoadBalancer" => balancer::deleted(balancer, state),
        _ => {}
    }
}

/// Puts right what moto shows.
pub(super) fn dress(call: &Call, result: &mut Element, state: &State, settings: &Settings) {
    if call.action == "SetSecurityGroups" {
        let ids = call.list("SecurityGroups").into_iter();
        let ids = ids.map(|id| Element::leaf("member", id)).collect();
        result.set(Element::node("SecurityGroupIds", ids));
    }
    let users = state.users();
    for list in &mut result.children {
        for seen in &mut list.children {
            match list.name.as_str() {
                "LoadBalancers" => balancer::dress(seen, state, settings),
                "TargetGroups" => group::dress(seen, state, &users),
                "Listeners" => listener::dress(seen, state),
                _ => {}
            }
        }
    }
}
