//! Listeners.

use super::super::{Answer, Arn, IpAddressType, Listener, ListenerSpec, Tags, Transport};
use super::world::{Balancer, Front, World};
use super::{refuse, tagging, unless};

/// What a TLS listener has that does not name a security policy.
const POLICY: &str = "ELBSecurityPolicy-2016-08";

impl World {
    /// `DescribeListeners`
    pub(super) fn describe_listeners(&self, balancer: &Arn) -> Answer<Vec<Listener>> {
        let listeners = &self.balancer(balancer)?.listeners;
        Ok(listeners.iter().map(|(port, front)| front.shown(*port)).collect())
    }

    /// `CreateListener`
    pub(super) fn create_listener(
        &mut self,
        arn: &Arn,
        port: u16,
        spec: &ListenerSpec,
        tags: &Tags,
    ) -> Answer<Listener> {
        let balancer = self.balancer(arn)?;
        unless(port > 0, "ValidationError", || "A port is a number from 1 to 65535")?;
        // Whatever it speaks: a port number has one listener.
        unless(!balancer.listeners.contains_key(&port), "DuplicateListener", || {
            format!("A listener already exists on port {port} of the load balancer '{arn}'")
        })?;
        unless(balancer.listeners.len() < self.limits.listeners, "TooManyListeners", || {
            format!("The maximum number of listeners has been reached on load balancer '{arn}'")
        })?;
        self.may_lead(balancer, spec)?;
        tagging::check(tags)?;
        self.add_listener(arn, port, with_policy(spec), tags.clone());
        let front = self.balancer(arn)?.listeners.get(&port);
        front.map_or_else(|| missing(arn), |front| Ok(front.shown(port)))
    }

    /// `ModifyListener`
    pub(super) fn modify_listener(&mut self, arn: &Arn, spec: &ListenerSpec) -> Answer<()> {
        let Some((balancer, port)) = self.place_of(arn) else { return missing(arn) };
        self.may_lead(self.balancer(&balancer)?, spec)?;
        let front = self.balancer_mut(&balancer)?.listeners.get_mut(&port);
        front.map_or_else(
            || missing(arn),
            |front| {
                front.spec = with_policy(spec);
                Ok(())
            },
        )
    }

    /// `DeleteListener`
    pub(super) fn delete_listener(&mut self, arn: &Arn) -> Answer<()> {
        let Some((balancer, port)) = self.place_of(arn) else { return Ok(()) };
        self.balancer_mut(&balancer)?.listeners.remove(&port);
        Ok(())
    }

    fn place_of(&self, listener: &Arn) -> Option<(Arn, u16)> {
        self.balancers.values().find_map(|balancer| {
            let mut all = balancer.listeners.iter();
            let (port, _) = all.find(|(_, front)| front.arn == *listener)?;
            Some((balancer.arn.clone(), *port))
        })
    }

    /// Refuses a listener that can't be on this load balancer.
    fn may_lead(&self, balancer: &Balancer, spec: &ListenerSpec) -> Answer<()> {
        let Some(arn) = &spec.group else {
            return refuse("ValidationError", "A listener must have a default action");
        };
        let group = self.group(arn)?;
        let elsewhere = self.fronts_of(arn).into_iter().any(|(it, ..)| it.arn != balancer.arn);
        unless(!elsewhere, "TargetGroupAssociationLimit", || {
            format!(
                "The target group '{arn}' cannot be associated with more than one load balancer"
            )
        })?;
        unless(speaks_to(spec.protocol, group.protocol), "InvalidConfigurationRequest", || {
            format!(
                "Listener protocol '{}' is not supported with a target group of protocol '{}'",
                spec.protocol, group.protocol
            )
        })?;
        unless(group.vpc == balancer.vpc, "InvalidConfigurationRequest", || {
            format!("The target group '{arn}' is not of the VPC '{}'", balancer.vpc)
        })?;
        let reaches = group.ip_address_type != IpAddressType::Ipv6
            || balancer.ip_address_type == IpAddressType::Dualstack;
        unless(
            reaches,
            "InvalidConfigurationRequest",
            || "A target group of type ipv6 needs a load balancer of type dualstack",
        )?;
        secures(spec)
    }
}

fn speaks_to(listener: Transport, group: Transport) -> bool {
    match listener {
        Transport::Tls => matches!(group, Transport::Tcp | Transport::Tls),
        Transport::Tcp | Transport::Udp | Transport::TcpUdp => listener == group,
    }
}

/// Refuses a certificate or a policy that is missing, of no use, or not there. Every ARN is that of a
/// certificate.
fn secures(spec: &ListenerSpec) -> Answer<()> {
    if spec.protocol != Transport::Tls {
        let none = spec.certificate.is_none() && spec.policy.is_none();
        return unless(none, "InvalidConfigurationRequest", || {
            format!("A certificate or a security policy cannot be set for {}", spec.protocol)
        });
    }
    match &spec.certificate {
        None => refuse("CertificateNotFound", "A certificate must be specified for TLS listeners"),
        Some(arn) => unless(arn.starts_with("arn:"), "CertificateNotFound", || {
            format!("Certificate '{arn}' not found")
        }),
    }?;
    let known = |policy: &String| policy.starts_with("ELBSecurityPolicy-");
    unless(spec.policy.as_ref().is_none_or(known), "SSLPolicyNotFound", || {
        format!("SSL policy '{}' not found", spec.policy.as_deref().unwrap_or_default())
    })
}

fn with_policy(spec: &ListenerSpec) -> ListenerSpec {
    let mut spec = spec.clone();
    if spec.protocol == Transport::Tls {
        spec.policy.get_or_insert_with(|| POLICY.to_owned());
    }
    spec
}

fn missing<T>(arn: &Arn) -> Answer<T> {
    refuse("ListenerNotFound", format!("Listener '{arn}' not found"))
}

impl Front {
    fn shown(&self, port: u16) -> Listener {
        Listener { arn: self.arn.clone(), port, spec: self.spec.clone() }
    }
}
