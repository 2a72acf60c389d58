use std::collections::BTreeSet;

use roxmltree::Node;

use super::answer::{items, text};
use super::form::Form;
use crate::api::{Answer, Fault, Ingress, PortRange, Rule, Source};

/// The rules of a security group for incoming traffic, one for each source. Sources that are prefix
/// lists are none of ours, and left out.
pub(super) fn rules(group: Node<'_, '_>) -> BTreeSet<Rule> {
    let permissions = items(group, "ipPermissions");
    permissions
        .flat_map(|permission| {
            let ingress = ingress(permission);
            sources(permission).into_iter().map(move |source| Rule { ingress, source })
        })
        .collect()
}

fn ingress(permission: Node<'_, '_>) -> Ingress {
    let port = |name| text(permission, name).and_then(|port| port.parse().ok());
    let ports =
        PortRange { from: port("fromPort").unwrap_or(0), to: port("toPort").unwrap_or(u16::MAX) };
    match text(permission, "ipProtocol").as_deref() {
        Some("tcp" | "6") => Ingress::Tcp(ports),
        Some("udp" | "17") => Ingress::Udp(ports),
        Some("-1") => Ingress::All,
        _ => Ingress::Other,
    }
}

fn sources(permission: Node<'_, '_>) -> Vec<Source> {
    let prefixes = [("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6")];
    let prefixes = prefixes.into_iter().flat_map(|(list, name)| {
        items(permission, list).filter_map(move |range| text(range, name)?.parse().ok())
    });
    let groups = items(permission, "groups").filter_map(|group| text(group, "groupId"));
    prefixes.map(Source::Prefix).chain(groups.map(Source::Group)).collect()
}

/// The form with these rules. None may be [`Ingress::Other`], which does not say what it is.
pub(super) fn permit(mut form: Form, rules: &BTreeSet<Rule>) -> Answer<Form> {
    for (nth, rule) in (1..).zip(rules) {
        let at = format!("IpPermissions.{nth}");
        let (protocol, ports) = match rule.ingress {
            Ingress::Tcp(ports) => ("tcp", Some(ports)),
            Ingress::Udp(ports) => ("udp", Some(ports)),
            Ingress::All => ("-1", None),
            Ingress::Other => {
                let why = "a rule of a security group is of a protocol that can't be named";
                return Err(Fault::NotSent(why.to_owned()));
            }
        };
        form = form.with(&format!("{at}.IpProtocol"), protocol);
        if let Some(PortRange { from, to }) = ports {
            form = form.with(&format!("{at}.FromPort"), from).with(&format!("{at}.ToPort"), to);
        }
        form = match &rule.source {
            Source::Prefix(net @ ipnet::IpNet::V4(_)) => {
                form.with(&format!("{at}.IpRanges.1.CidrIp"), net)
            }
            Source::Prefix(net @ ipnet::IpNet::V6(_)) => {
                form.with(&format!("{at}.Ipv6Ranges.1.CidrIpv6"), net)
            }
            Source::Group(group) => form.with(&format!("{at}.Groups.1.GroupId"), group),
        };
    }
    Ok(form)
}
