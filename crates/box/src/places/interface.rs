use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Error;
use super::netlink::Talk;

/// The number by which we know our own addresses on an interface again: the kernel keeps it with
/// each address as its protocol (`IFA_PROTO`, Linux 5.18 and later), and `ip address` of iproute2
/// 6.4 and later shows it as `proto`.
///
/// Whoever may have addresses on the same interface takes another number, or each would take off
/// what the other has put there. The kernel itself has 1, 2 and 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub(super) u8);

impl Mark {
    /// The mark unless a provider has its own: 83, an `S`. It is nobody's, neither in the kernel's
    /// list nor in iproute2's, and no routing protocol's either, whose numbers some use here.
    /// `echo 83 seaway >>/etc/iproute2/rt_addrprotos` makes `ip address` say the name.
    pub const SEAWAY: Self = Self(83);

    /// A mark by its number; `None` if it is one of the kernel's (0 to 3).
    pub const fn new(number: u8) -> Option<Self> {
        if number > 3 { Some(Self(number)) } else { None }
    }
}

/// How an address that is on an interface stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A daemon can listen on it.
    Usable,
    /// Not yet usable: the kernel still asks the link whether another machine has it. That takes a
    /// second or two, and does not begin before the interface is up. IPv6 only, and not where nobody
    /// could be asked, as on `lo` and on dummies.
    Tentative,
    /// Never usable: another machine on the link has it.
    Duplicate,
}

/// An address that is on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whether it has our mark.
    pub ours: bool,
    /// How it stands.
    pub standing: Standing,
}

/// A network interface that our addresses are put on, each for itself (/32, /128).
///
/// Nothing is kept between two calls: the kernel is asked anew each time, so an interface that goes
/// and comes back, under another index even, is found again by its name.
///
/// - Only an address with our mark is ever taken off. One that is there without it, of whatever
///   prefix length, is left, and is as good as one that we have put there.
/// - A kernel before 5.18 drops the mark. Addresses are put there all the same, but are nobody's
///   afterwards: none is ever taken off.
/// - The mark knows no owner beyond its number. Where two clusters, or two folders, share an
///   interface, each must only take off what is of its own pool.
/// - An IPv6 address is put there as deprecated (`preferred_lft 0`, RFC 4862, section 5.5.4): it
///   serves, but the machine does not choose it for connections that it opens itself.
#[derive(Clone, Debug)]
pub struct Interface {
    name: String,
    mark: Mark,
}

impl Interface {
    /// The interface with this name, on which our addresses have this mark.
    ///
    /// # Errors
    /// If there is no such interface.
    pub async fn open(name: impl Into<String>, mark: Mark) -> Result<Self, Error> {
        let name = name.into();
        Talk::begin(&name).await?;
        Ok(Self { name, mark })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All addresses that are on it, ours and others.
    pub async fn places(&self) -> Result<BTreeMap<IpAddr, Place>, Error> {
        Talk::begin(&self.name).await?.places(self.mark).await
    }

    /// The addresses with our mark, however they stand.
    pub async fn ours(&self) -> Result<BTreeSet<IpAddr>, Error> {
        let places = self.places().await?;
        Ok(places.into_iter().filter(|(_, place)| place.ours).map(|(ip, _)| ip).collect())
    }

    /// Puts an address there, unless it is there already, and tells how it stands.
    /// [`Standing::Duplicate`] comes as an error instead.
    ///
    /// # Errors
    /// [`Error::Duplicate`] is told anew by each call for as long as it holds: an address of ours is
    /// taken off and put there again, so that the link is asked once more in the meantime.
    pub async fn put(&self, ip: IpAddr) -> Result<Standing, Error> {
        self.put_all(&BTreeSet::from([ip])).await
    }

    /// Puts many addresses there as [`Interface::put`] does one, and tells how the worst of them
    /// stands. What is there is listed twice, however many they are.
    ///
    /// # Errors
    /// Of a duplicate once all others are there; of anything else at once.
    pub async fn put_all(&self, ips: &BTreeSet<IpAddr>) -> Result<Standing, Error> {
        let talk = Talk::begin(&self.name).await?;
        let before = talk.places(self.mark).await?;
        let mut duplicate = None;
        for ip in ips {
            match before.get(ip) {
                None => talk.add(*ip, self.mark).await?,
                Some(Place { ours, standing: Standing::Duplicate }) => {
                    if *ours {
                        talk.remove(*ip).await?;
                        talk.add(*ip, self.mark).await?;
                    }
                    duplicate.get_or_insert(*ip);
                }
                Some(_) => {}
            }
        }
        let after = talk.places(self.mark).await?;
        let mut worst = Standing::Usable;
        for ip in ips {
            // One that is gone again was taken off by somebody: it is put there next time.
            let standing = after.get(ip).map_or(Standing::Tentative, |place| place.standing);
            if standing == Standing::Duplicate {
                duplicate.get_or_insert(*ip);
            }
            worst = worst.max(standing);
        }
        match duplicate {
            None => Ok(worst),
            Some(address) => Err(Error::Duplicate { interface: self.name.clone(), address }),
        }
    }

    /// Takes an address off that has our mark, and tells whether there was one. Any other is left.
    pub async fn take(&self, ip: IpAddr) -> Result<bool, Error> {
        let talk = Talk::begin(&self.name).await?;
        let ours = talk.places(self.mark).await?.get(&ip).is_some_and(|place| place.ours);
        if ours { talk.remove(ip).await } else { Ok(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_kernel_are_no_marks() {
        assert_eq!([0, 1, 2, 3].map(Mark::new), [None; 4]);
        assert_eq!(Mark::new(83), Some(Mark::SEAWAY));
    }
}
