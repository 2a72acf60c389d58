use super::Error;
use ipnet::Ipv4Net;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io,
    net::{Ipv4Addr, UdpSocket},
    sync::{Arc, Mutex, PoisonError},
};

/// The second octets that are tried: below lie addresses that other software likes.
const BLOCKS: std::ops::RangeInclusive<u8> = 16..=250;
/// Offsets into the block, which is a /16.
const NODES: std::ops::Range<u32> = 0x0001..0x0fff;
const PODS: std::ops::Range<u32> = 0x1001..0xeffe;
const LOCK: u32 = 0xfffe;
const LOCK_PORT: u16 = 10_256;

/// Where the addresses of the simulated machines and pods come from.
///
/// A world takes a block 127.B.0.0/16: nodes live in its first /20, pods after them, and the last
/// /20 is never used by the world, so that load balancers can have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressPlan {
    /// The first block that no other world on this machine holds.
    #[default]
    Auto,
    /// The block 127.B.0.0/16 with this B.
    Block(u8),
}

/// The block of a world, and what of it is in use.
#[derive(Debug)]
pub(crate) struct Addresses {
    block: u8,
    used: Mutex<Used>,
    /// Held as long as the world lives: whoever can bind it owns the block.
    _lock: Option<UdpSocket>,
}

#[derive(Debug, Default)]
struct Used {
    taken: BTreeSet<u32>,
    /// Pods get rising addresses, so that one is not used again while somebody remembers it.
    next_pod: u32,
}

/// An address that goes back to its world when the last holder drops it.
#[derive(Debug)]
pub(crate) struct Leased {
    pub(crate) ip: Ipv4Addr,
    offset: Option<u32>,
    home: Arc<Addresses>,
}

impl Addresses {
    /// Takes a block, and checks that this system lets `nodes` and `pods` live in it.
    pub(crate) fn choose(
        plan: AddressPlan,
        nodes: usize,
        pods: usize,
        listen: bool,
    ) -> Result<Arc<Self>, Error> {
        if !listen {
            let block = match plan {
                AddressPlan::Auto => *BLOCKS.start(),
                AddressPlan::Block(block) => block,
            };
            return Ok(Arc::new(Self { block, used: Mutex::default(), _lock: None }));
        }
        let candidates = match plan {
            AddressPlan::Auto => BLOCKS,
            AddressPlan::Block(block) => block..=block,
        };
        for block in candidates {
            let lock = match UdpSocket::bind((address(block, LOCK), LOCK_PORT)) {
                Ok(socket) => Some(socket),
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => continue,
                Err(e) if e.kind() == io::ErrorKind::AddrNotAvailable => None,
                Err(source) => {
                    return Err(Error::Socket { address: address(block, LOCK), source });
                }
            };
            let needed = (NODES.take(nodes)).chain(PODS.take(pods)).chain([LOCK]);
            let missing = missing(needed.map(|offset| address(block, offset)), |ip| {
                match UdpSocket::bind((ip, 0)) {
                    Ok(_) => Ok(true),
                    Err(e) if e.kind() == io::ErrorKind::AddrNotAvailable => Ok(false),
                    Err(source) => Err(Error::Socket { address: ip, source }),
                }
            })?;
            if let Some(first) = missing.first() {
                return Err(Error::LoopbackAddresses {
                    count: missing.len(),
                    first: *first,
                    commands: commands(&missing),
                });
            }
            return Ok(Arc::new(Self { block, used: Mutex::default(), _lock: lock }));
        }
        Err(match plan {
            AddressPlan::Auto => Error::NoFreeBlock { from: *BLOCKS.start(), to: *BLOCKS.end() },
            AddressPlan::Block(block) => Error::BlockTaken { block },
        })
    }

    /// The whole block.
    pub(crate) fn block(&self) -> Ipv4Net {
        Ipv4Net::new_assert(address(self.block, 0), 16)
    }

    /// The part of the block that the world leaves to load balancers.
    pub(crate) fn spare(&self) -> Ipv4Net {
        Ipv4Net::new_assert(address(self.block, 0xf000), 20)
    }

    /// An address for a node: the one it had, else the one with its number, else the next.
    pub(crate) fn node(
        self: &Arc<Self>,
        had: Option<Ipv4Addr>,
        number: Option<u32>,
    ) -> Option<Leased> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let had = had.and_then(|ip| self.offset(ip));
        let mut wishes = had.into_iter().chain(number).chain(NODES);
        let offset = wishes.find(|o| NODES.contains(o) && !used.taken.contains(o))?;
        used.taken.insert(offset);
        Some(self.lease(offset))
    }

    /// An address for a pod: the one it had, else the next.
    pub(crate) fn pod(self: &Arc<Self>, had: Option<Ipv4Addr>) -> Option<Leased> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let had = had.and_then(|ip| self.offset(ip));
        let next = PODS.start + used.next_pod % (PODS.end - PODS.start);
        let mut wishes = had.into_iter().chain(next..PODS.end).chain(PODS.start..next);
        let offset = wishes.find(|o| PODS.contains(o) && !used.taken.contains(o))?;
        used.taken.insert(offset);
        used.next_pod = offset + 1 - PODS.start;
        Some(self.lease(offset))
    }

    fn lease(self: &Arc<Self>, offset: u32) -> Leased {
        Leased { ip: address(self.block, offset), offset: Some(offset), home: Arc::clone(self) }
    }

    fn offset(&self, ip: Ipv4Addr) -> Option<u32> {
        self.block().contains(&ip).then(|| u32::from(ip) & 0xffff)
    }
}

impl Leased {
    /// The address of somebody else, as a pod on the host's network has it: nothing to give back.
    pub(crate) fn borrowed(ip: Ipv4Addr, home: Arc<Addresses>) -> Self {
        Self { ip, offset: None, home }
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if let Some(offset) = self.offset {
            let mut used = self.home.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.taken.remove(&offset);
        }
    }
}

fn address(block: u8, offset: u32) -> Ipv4Addr {
    Ipv4Addr::from((127 << 24) | (u32::from(block) << 16) | offset)
}

/// The addresses on which nothing can be bound.
fn missing(
    needed: impl Iterator<Item = Ipv4Addr>,
    has: impl Fn(Ipv4Addr) -> Result<bool, Error>,
) -> Result<Vec<Ipv4Addr>, Error> {
    let mut missing = Vec::new();
    for ip in needed {
        if !has(ip)? {
            missing.push(ip);
        }
    }
    Ok(missing)
}

/// The commands that add the addresses, with neighbours gathered into one loop.
pub(crate) fn commands(missing: &[Ipv4Addr]) -> String {
    let mut text = String::new();
    let mut rest = missing;
    while let Some(first) = rest.first() {
        let [a, b, c, from] = first.octets();
        let run = rest
            .iter()
            .zip(u32::from(*first)..)
            .take_while(|(ip, next)| u32::from(**ip) == *next && ip.octets()[2] == c)
            .count();
        // Writing to a String can't fail.
        let _ = if run == 1 {
            writeln!(text, "    sudo ifconfig lo0 alias {first} up")
        } else {
            let to = usize::from(from) + run - 1;
            writeln!(
                text,
                "    for i in $(seq {from} {to}); do sudo ifconfig lo0 alias {a}.{b}.{c}.$i up; done"
            )
        };
        rest = &rest[run..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> Arc<Addresses> {
        Addresses::choose(AddressPlan::Block(99), 3, 3, false).unwrap()
    }

    #[test]
    fn a_node_gets_the_address_with_its_number_and_keeps_the_one_it_had() {
        let addresses = quiet();
        let third = addresses.node(None, Some(3)).unwrap();
        assert_eq!(third.ip, Ipv4Addr::new(127, 99, 0, 3));
        let unnumbered = addresses.node(None, None).unwrap();
        assert_eq!(unnumbered.ip, Ipv4Addr::new(127, 99, 0, 1));
        let had = addresses.node(Some(Ipv4Addr::new(127, 99, 0, 9)), Some(7)).unwrap();
        assert_eq!(had.ip, Ipv4Addr::new(127, 99, 0, 9));
        let foreign = addresses.node(Some(Ipv4Addr::new(10, 0, 0, 9)), Some(3)).unwrap();
        assert_eq!(foreign.ip, Ipv4Addr::new(127, 99, 0, 2));
    }

    #[test]
    fn a_pod_address_is_given_back_but_not_reused_at_once() {
        let addresses = quiet();
        let first = addresses.pod(None).unwrap();
        let ip = first.ip;
        drop(first);
        assert_ne!(addresses.pod(None).unwrap().ip, ip);
        assert_eq!(addresses.pod(Some(ip)).unwrap().ip, ip);
    }

    #[test]
    fn two_worlds_never_hold_one_block() {
        let one = Addresses::choose(AddressPlan::Block(251), 1, 1, true).unwrap();
        let two = Addresses::choose(AddressPlan::Block(251), 1, 1, true);
        assert!(matches!(two, Err(Error::BlockTaken { block: 251 })));
        drop(one);
        assert!(Addresses::choose(AddressPlan::Block(251), 1, 1, true).is_ok());
    }

    #[test]
    fn missing_addresses_are_named_by_the_commands_that_add_them() {
        let needed = (1..=3).map(|i| address(16, i)).chain([address(16, LOCK)]);
        let none = missing(needed, |_| Ok(false)).unwrap();
        assert_eq!(
            commands(&none),
            "    for i in $(seq 1 3); do sudo ifconfig lo0 alias 127.16.0.$i up; done\n    \
             sudo ifconfig lo0 alias 127.16.255.254 up\n"
        );
        let first_only = missing((1..=3).map(|i| address(16, i)), |ip| Ok(ip.octets()[3] == 1));
        assert_eq!(first_only.unwrap(), [address(16, 2), address(16, 3)]);
    }
}
