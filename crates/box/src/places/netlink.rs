use std::collections::BTreeMap;
use std::future::ready;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures::{StreamExt, TryStreamExt};
use rtnetlink::packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressProtocol, CacheInfo,
};
use rtnetlink::packet_route::link::{LinkAttribute, LinkFlags};
use rtnetlink::{AddressMessageBuilder, Handle};
use tokio::task::JoinSet;

use super::{Error, Mark, Place, Standing};

/// `EACCES`, which std tells as it tells `EPERM`. Of an address it means that IPv6 is off.
const IPV6_OFF: i32 = 13;

/// What the kernel says of a name that no interface has, or can have: `ENODEV`, `EINVAL`, `ERANGE`.
const NO_SUCH_NAME: [i32; 3] = [19, 22, 34];

/// A talk with the kernel about one interface.
#[derive(Debug)]
pub(super) struct Talk {
    interface: String,
    index: u32,
    /// Whether there are others to be asked, whose address a new one could be.
    shared: bool,
    handle: Handle,
    /// Carries what is said; it ends with the talk.
    _carrier: JoinSet<()>,
}

impl Talk {
    pub(super) async fn begin(interface: &str) -> Result<Self, Error> {
        let doing = || format!("look for the interface {interface}");
        let (carrier, handle, _) = rtnetlink::new_connection()
            .map_err(|source| Error::Kernel { doing: doing(), source })?;
        let mut tasks = JoinSet::new();
        tasks.spawn(carrier);
        let mut found = Box::pin(handle.link().get().match_name(interface).execute());
        let link = match found.next().await {
            Some(Ok(link)) => link.header,
            None => {
                let source = io::Error::other("the kernel gave no answer");
                return Err(Error::Kernel { doing: doing(), source });
            }
            Some(Err(error)) => {
                let source = told(error);
                if source.raw_os_error().is_some_and(|code| NO_SUCH_NAME.contains(&code)) {
                    return Err(no_interface(&handle, interface).await);
                }
                return Err(Error::Kernel { doing: doing(), source });
            }
        };
        drop(found);
        Ok(Self {
            interface: interface.to_owned(),
            index: link.index,
            shared: !link.flags.intersects(LinkFlags::Loopback | LinkFlags::Noarp),
            handle,
            _carrier: tasks,
        })
    }

    pub(super) async fn places(&self, mark: Mark) -> Result<BTreeMap<IpAddr, Place>, Error> {
        let listed = self.handle.address().get().set_link_index_filter(self.index).execute();
        let messages: Vec<_> = listed.try_collect().await.map_err(|error| {
            let doing = format!("list the addresses of {}", self.interface);
            Error::Kernel { doing, source: told(error) }
        })?;
        let mut places = BTreeMap::new();
        for (ip, place) in messages.iter().filter_map(|message| read(message, mark)) {
            // IPv4 may have one address twice, with two prefix lengths: one of both may be ours.
            let known = places.entry(ip).or_insert(place);
            known.ours |= place.ours;
            known.standing = known.standing.min(place.standing);
        }
        Ok(places)
    }

    /// Puts an address there. If it has come there in the meantime, that is as good.
    pub(super) async fn add(&self, ip: IpAddr, mark: Mark) -> Result<(), Error> {
        let mut request = self.handle.address().add(self.index, ip, full_length(ip));
        let attributes = &mut request.message_mut().attributes;
        attributes.push(AddressAttribute::Protocol(AddressProtocol::Other(mark.0)));
        if ip.is_ipv6() {
            // For ever, but preferred for no time.
            let mut times = CacheInfo::default();
            times.ifa_valid = u32::MAX;
            attributes.push(AddressAttribute::CacheInfo(times));
            if !self.shared {
                // The kernel would ask nobody either, but be a moment late to see it.
                attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
            }
        }
        let source = match request.execute().await.map_err(told) {
            Ok(()) => return Ok(()),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(source) => source,
        };
        if source.raw_os_error() == Some(IPV6_OFF) {
            return Err(Error::NoIpv6 { interface: self.interface.clone(), address: ip });
        }
        Err(refused(format!("put {ip} on {}", self.interface), source))
    }

    /// Takes an address off, and tells whether it was there.
    pub(super) async fn remove(&self, ip: IpAddr) -> Result<bool, Error> {
        let request = self.handle.address().del(alone(self.index, ip));
        match request.execute().await.map_err(told) {
            Ok(()) => Ok(true),
            // It has gone in the meantime.
            Err(source) if source.kind() == io::ErrorKind::AddrNotAvailable => Ok(false),
            Err(source) => Err(refused(format!("take {ip} off {}", self.interface), source)),
        }
    }
}

/// What a listed address is; `None` if it is none of this machine's.
fn read(message: &AddressMessage, mark: Mark) -> Option<(IpAddr, Place)> {
    let mut flags = AddressFlags::from_bits_retain(u32::from(message.header.flags.bits()));
    let (mut local, mut address, mut marked) = (None, None, false);
    for attribute in &message.attributes {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the list is the kernel's")]
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => address = Some(*ip),
            AddressAttribute::Flags(all) => flags = *all,
            AddressAttribute::Protocol(protocol) => marked = u8::from(*protocol) == mark.0,
            _ => {}
        }
    }
    // Of a link with one peer, the other attribute is the address of that peer.
    let ip = local.or(address)?;
    let standing = if flags.contains(AddressFlags::Dadfailed) {
        Standing::Duplicate
    } else if flags.contains(AddressFlags::Tentative) && !flags.contains(AddressFlags::Optimistic) {
        Standing::Tentative
    } else {
        Standing::Usable
    };
    let ours = marked && message.header.prefix_len == full_length(ip);
    Some((ip, Place { ours, standing }))
}

const fn full_length(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn alone(index: u32, ip: IpAddr) -> AddressMessage {
    match ip {
        IpAddr::V4(ip) => {
            AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(ip, 32).build()
        }
        IpAddr::V6(ip) => {
            AddressMessageBuilder::<Ipv6Addr>::new().index(index).address(ip, 128).build()
        }
    }
}

async fn no_interface(handle: &Handle, interface: &str) -> Error {
    let links: Vec<_> =
        handle.link().get().execute().filter_map(|link| ready(link.ok())).collect().await;
    let mut there: Vec<_> = links
        .into_iter()
        .flat_map(|link| link.attributes)
        .filter_map(
            |attribute| {
                if let LinkAttribute::IfName(name) = attribute { Some(name) } else { None }
            },
        )
        .collect();
    there.sort_unstable();
    Error::NoInterface { interface: interface.to_owned(), there }
}

fn refused(doing: String, source: io::Error) -> Error {
    if source.kind() == io::ErrorKind::PermissionDenied {
        Error::NotAllowed { doing }
    } else {
        Error::Kernel { doing, source }
    }
}

fn told(error: rtnetlink::Error) -> io::Error {
    if let rtnetlink::Error::NetlinkError(message) = error {
        message.to_io()
    } else {
        io::Error::other(error.to_string())
    }
}
