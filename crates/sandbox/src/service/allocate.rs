//! Cluster addresses and node ports: who has which.

use super::{
    allocates_node_ports, families::family_of, ips, is_headless, needs_cluster_ip,
    needs_health_check_port,
};
use crate::invalid::Cause;
use ipnet::IpNet;
use k8s_openapi::api::core::v1::ServiceSpec;
use rand::Rng;
use std::{
    collections::{BTreeSet, HashSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::RangeInclusive,
};

const TAKEN: &str = "provided port is already allocated";

/// Everything that is allocated to Services.
#[derive(Debug)]
pub(crate) struct Ledger {
    nets: Vec<Pool>,
    ports: Pool,
}

/// What one write took, and what it gives back once it stands.
#[derive(Debug, Default)]
#[must_use = "a claim is settled or undone"]
pub(crate) struct Claims {
    ips: Vec<IpAddr>,
    ports: Vec<u16>,
    freed_ips: Vec<IpAddr>,
    freed_ports: Vec<u16>,
}

/// Numbers of a range. Random ones come from the upper band, so that chosen ones seldom clash.
#[derive(Debug)]
struct Pool {
    base: u128,
    first: u64,
    size: u64,
    band: u64,
    used: HashSet<u64>,
    shown: String,
    v6: bool,
}

impl Pool {
    fn new(base: u128, first: u64, size: u64, band: u64, shown: String, v6: bool) -> Self {
        Self { base, first, size, band, used: HashSet::new(), shown, v6 }
    }

    /// After KEP-3070 and KEP-3668: the lower band is for those who ask for a number.
    fn net(net: IpNet) -> Self {
        let (base, bits, v6) = match net {
            IpNet::V4(net) => (u128::from(u32::from(net.network())), 32 - net.prefix_len(), false),
            IpNet::V6(net) => (u128::from(net.network()), 128 - net.prefix_len(), true),
        };
        let size = 1_u64 << u32::from(bits.min(32));
        // The network address is nobody's, nor is the broadcast address of IPv4.
        let size = if v6 { size } else { size.saturating_sub(1) };
        let band = (size / 16).clamp(16, 256).min(size / 2);
        Self::new(base, 1, size, band, net.to_string(), v6)
    }

    fn ports(range: &RangeInclusive<u16>) -> Self {
        let (first, last) = (u64::from(*range.start()), u64::from(*range.end()));
        let size = (last + 1).saturating_sub(first);
        let band = (size / 32).clamp(16, 128).min(size / 2);
        let shown = format!("{first}-{last}");
        Self::new(u128::from(first), 0, size, band, shown, false)
    }

    fn offset(&self, number: u128) -> Option<u64> {
        let offset = u64::try_from(number.checked_sub(self.base)?).ok()?;
        (self.first..self.size).contains(&offset).then_some(offset)
    }

    fn any(&mut self) -> Option<u128> {
        let bands = [self.band.max(self.first)..self.size, self.first..self.band];
        for band in bands.into_iter().filter(|band| !band.is_empty()) {
            let length = band.end - band.start;
            let start = rand::rng().random_range(0..length);
            for step in 0..length {
                let offset = band.start + (start + step) % length;
                if self.used.insert(offset) {
                    return Some(self.base + u128::from(offset));
                }
            }
        }
        None
    }

    fn release(&mut self, number: u128) {
        if let Some(offset) = self.offset(number) {
            self.used.remove(&offset);
        }
    }
}

impl Ledger {
    pub(crate) fn new(nets: &[IpNet], ports: &RangeInclusive<u16>) -> Self {
        Self { nets: nets.iter().copied().map(Pool::net).collect(), ports: Pool::ports(ports) }
    }

    /// The families of the service networks, the preferred one first.
    pub(crate) fn families(&self) -> impl Iterator<Item = &'static str> {
        self.nets.iter().map(|net| if net.v6 { "IPv6" } else { "IPv4" })
    }

    /// The first address of each family's network, which the Service `kubernetes` has.
    pub(crate) fn first_address(&self) -> Option<IpAddr> {
        self.nets.first().map(|net| address(net.base + 1, net.v6))
    }

    /// The write stands: what it no longer needs is free.
    pub(crate) fn settle(&mut self, claims: &Claims) {
        for ip in &claims.freed_ips {
            self.release_ip(*ip);
        }
        for port in &claims.freed_ports {
            self.ports.release(u128::from(*port));
        }
    }

    /// The write does not stand: what it took is free again.
    pub(crate) fn undo(&mut self, claims: &Claims) {
        for ip in &claims.ips {
            self.release_ip(*ip);
        }
        for port in &claims.ports {
            self.ports.release(u128::from(*port));
        }
    }

    /// The Service is gone.
    pub(crate) fn release(&mut self, spec: &ServiceSpec) {
        for ip in held_ips(spec) {
            self.release_ip(ip);
        }
        for port in held_ports(spec) {
            self.ports.release(u128::from(port));
        }
    }

    fn release_ip(&mut self, ip: IpAddr) {
        for net in self.nets.iter_mut().filter(|net| net.v6 == ip.is_ipv6()) {
            net.release(number(ip));
        }
    }

    fn take_ip(&mut self, ip: IpAddr) -> Result<(), String> {
        let Some(net) = self.nets.iter_mut().find(|net| net.v6 == ip.is_ipv6()) else {
            return Err(format!("IP family {} is not configured on this cluster", family_of(ip)));
        };
        let Some(offset) = net.offset(number(ip)) else {
            return Err("the provided network does not match the current range".into());
        };
        if net.used.insert(offset) {
            Ok(())
        } else {
            Err("provided IP is already allocated".into())
        }
    }

    fn take_port(&mut self, port: i32) -> Result<u16, String> {
        let number = u128::try_from(port).ok();
        let port = u16::try_from(port).ok();
        let offset = number.and_then(|number| self.ports.offset(number));
        let (Some(offset), Some(port)) = (offset, port) else {
            return Err(format!(
                "provided port is not in the valid range. The range of valid ports is {}",
                self.ports.shown
            ));
        };
        if self.ports.used.insert(offset) { Ok(port) } else { Err(TAKEN.into()) }
    }
}

/// Allocates what the Service asks for and what it needs; on a refusal nothing is taken.
pub(crate) fn claim(
    spec: &mut ServiceSpec,
    old: Option<&ServiceSpec>,
    ledger: &mut Ledger,
) -> Result<Claims, Vec<Cause>> {
    let held = Held {
        ips: old.map(|old| held_ips(old).collect()).unwrap_or_default(),
        ports: old.map(|old| held_ports(old).collect()).unwrap_or_default(),
        fresh: old.is_none(),
    };
    let mut claims = Claims::default();
    let mut causes = Vec::new();
    claim_ips(spec, &held, ledger, &mut claims, &mut causes);
    if causes.is_empty() {
        claim_ports(spec, &held, ledger, &mut claims, &mut causes);
    }
    if !causes.is_empty() {
        ledger.undo(&claims);
        return Err(causes);
    }
    let (ips, ports): (HashSet<_>, BTreeSet<_>) =
        (held_ips(spec).collect(), held_ports(spec).collect());
    claims.freed_ips = held.ips.difference(&ips).copied().collect();
    claims.freed_ports = held.ports.difference(&ports).copied().collect();
    Ok(claims)
}

struct Held {
    ips: HashSet<IpAddr>,
    ports: BTreeSet<u16>,
    fresh: bool,
}

fn claim_ips(
    spec: &mut ServiceSpec,
    held: &Held,
    ledger: &mut Ledger,
    claims: &mut Claims,
    causes: &mut Vec<Cause>,
) {
    if !needs_cluster_ip(spec) || is_headless(spec) {
        return;
    }
    let mut settled = ips(spec).to_vec();
    for ip in settled.iter().filter_map(|ip| ip.parse().ok()).filter(|ip| !held.ips.contains(ip)) {
        match ledger.take_ip(ip) {
            Ok(()) => claims.ips.push(ip),
            Err(why) => {
                let why = format!("failed to allocate IP {ip}: {why}");
                causes.push(Cause::invalid("spec.clusterIPs", &settled, &why));
            }
        }
    }
    for family in spec.ip_families.iter().flatten().skip(settled.len()) {
        let net = ledger.nets.iter_mut().find(|net| net.v6 == (family == "IPv6"));
        if let Some((net, number)) = net.and_then(|net| net.any().map(|number| (net, number))) {
            let ip = address(number, net.v6);
            claims.ips.push(ip);
            settled.push(ip.to_string());
        } else {
            let why = "failed to allocate a serviceIP: range is full or the family not configured";
            causes.push(Cause::invalid("spec.clusterIPs", &settled, why));
            return;
        }
    }
    spec.cluster_ip = settled.first().cloned();
    spec.cluster_ips = Some(settled);
}

fn claim_ports(
    spec: &mut ServiceSpec,
    held: &Held,
    ledger: &mut Ledger,
    claims: &mut Claims,
    causes: &mut Vec<Cause>,
) {
    if !needs_cluster_ip(spec) {
        return;
    }
    let allocates = allocates_node_ports(spec);
    let ports = spec.ports.get_or_insert_default();
    for i in 0..ports.len() {
        let field = format!("spec.ports[{i}].nodePort");
        if let Some(wanted) = ports[i].node_port {
            let known = u16::try_from(wanted)
                .is_ok_and(|wanted| held.ports.contains(&wanted) || claims.ports.contains(&wanted));
            // One number serves two protocols, and none of them twice.
            let mut earlier = ports[..i].iter();
            let twice = earlier.any(|other| {
                other.node_port == Some(wanted) && other.protocol == ports[i].protocol
            });
            if twice && !held.fresh {
                let protocol = ports[i].protocol.as_deref().unwrap_or_default();
                causes.push(Cause::bare(format!("duplicate nodePort: {{{protocol} {wanted}}}")));
            } else if twice {
                causes.push(Cause::invalid(field, wanted, TAKEN));
            } else if !known {
                match ledger.take_port(wanted) {
                    Ok(port) => claims.ports.push(port),
                    Err(why) => causes.push(Cause::invalid(field, wanted, &why)),
                }
            }
        } else if allocates {
            // One port number over two protocols gets one node port, when it is new.
            let twin = ports.iter().find(|twin| {
                held.fresh && twin.port == ports[i].port && twin.protocol != ports[i].protocol
            });
            let taken = |port: &i32| {
                let same = |other: &&_| same_protocol(other, &ports[i]);
                ports.iter().filter(same).any(|other| other.node_port == Some(*port))
            };
            let twin = twin.and_then(|twin| twin.node_port).filter(|port| !taken(port));
            if twin.is_some() {
                ports[i].node_port = twin;
            } else if let Some(port) = ledger.any_port() {
                claims.ports.push(port);
                ports[i].node_port = Some(i32::from(port));
            } else {
                let why = "failed to allocate a nodePort: range is full";
                causes.push(Cause::invalid(field, 0, why));
            }
        }
    }
    if needs_health_check_port(spec) {
        health_check_port(spec, held, ledger, claims, causes);
    }
}

fn health_check_port(
    spec: &mut ServiceSpec,
    held: &Held,
    ledger: &mut Ledger,
    claims: &mut Claims,
    causes: &mut Vec<Cause>,
) {
    let field = "spec.healthCheckNodePort";
    match spec.health_check_node_port {
        Some(wanted) => {
            let kept = u16::try_from(wanted).is_ok_and(|wanted| held.ports.contains(&wanted));
            if !kept {
                match ledger.take_port(wanted) {
                    Ok(port) => claims.ports.push(port),
                    Err(why) => {
                        causes.push(Cause::internal(format!(
                            "failed to allocate requested HealthCheck NodePort {wanted}: {why}"
                        )));
                    }
                }
            }
        }
        None => {
            if let Some(port) = ledger.any_port() {
                claims.ports.push(port);
                spec.health_check_node_port = Some(i32::from(port));
            } else {
                let why = "failed to allocate a HealthCheck NodePort: range is full";
                causes.push(Cause::invalid(field, 0, why));
            }
        }
    }
}

impl Ledger {
    fn any_port(&mut self) -> Option<u16> {
        self.ports.any().and_then(|port| u16::try_from(port).ok())
    }
}

fn same_protocol(
    a: &k8s_openapi::api::core::v1::ServicePort,
    b: &k8s_openapi::api::core::v1::ServicePort,
) -> bool {
    a.protocol == b.protocol
}

fn held_ips(spec: &ServiceSpec) -> impl Iterator<Item = IpAddr> {
    ips(spec).iter().filter_map(|ip| ip.parse().ok())
}

/// An `ExternalName` may name a node port, and has none.
fn held_ports(spec: &ServiceSpec) -> impl Iterator<Item = u16> {
    let ports = spec.ports.iter().flatten().filter(|_| needs_cluster_ip(spec));
    let ports = ports.filter_map(|port| port.node_port);
    ports.chain(spec.health_check_node_port).filter_map(|port| u16::try_from(port).ok())
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

fn address(number: u128, v6: bool) -> IpAddr {
    if v6 {
        Ipv6Addr::from(number).into()
    } else {
        // An IPv4 pool holds 32-bit numbers only.
        Ipv4Addr::from(u32::try_from(number).unwrap_or_default()).into()
    }
}
