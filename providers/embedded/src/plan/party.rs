use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{
    BalancerKey, ErrorKind, Family, Goal, LbSpec, Member, Plan, Protocol, ProviderError, ServiceUid,
};
use seaway_pool::{POOL, Past, Request, Slot, Wish, fitting, shown, slots};

use super::{Step, Terms};
use crate::dataplane::{self, Listener, Tuning};
use crate::observe::Observed;
use crate::{group, settings};

/// A port of an address.
type Door = (u16, dataplane::Protocol);

/// The Services of one key that are to be served, the oldest first, and who has which port of theirs.
#[derive(Default)]
pub(super) struct Party<'a> {
    pub guests: Vec<Guest<'a>>,
    /// With what its Service is called.
    doors: BTreeMap<Door, (ServiceUid, String)>,
    /// The addresses of all: of each family, those of the oldest that has the family.
    lead: BTreeMap<Family, Lead>,
}

/// A Service that is to be served.
pub(super) struct Guest<'a> {
    pub uid: &'a ServiceUid,
    pub spec: &'a Arc<LbSpec>,
    pub tuning: Tuning,
    pub shown: Vec<IpAddr>,
    /// The name of its pool.
    pub pool: Option<String>,
    pub slots: Vec<Slot>,
    /// The addresses for these slots, if it has them all.
    pub chosen: Option<Vec<IpAddr>>,
}

/// Who decides about the address of a family.
struct Lead {
    name: String,
    asks: Option<IpAddr>,
    hopes: Option<IpAddr>,
    has: Option<IpAddr>,
}

impl<'a> Party<'a> {
    /// Who can't be served is refused in `plan`, and keeps what it has but for ports of older ones.
    pub(super) fn read(
        terms: Terms<'_>,
        key: &BalancerKey,
        goal: &'a Goal,
        seen: &Observed,
        plan: &mut Plan<Step>,
    ) -> Self {
        let mut party = Self::default();
        let is_here = |uid: &ServiceUid| match key {
            BalancerKey::Own(own) => own == uid,
            BalancerKey::Shared(_) => true,
        };
        let members = goal.members.iter().filter(|(uid, _)| is_here(uid));
        let mut present = Vec::new();
        for (uid, member) in members {
            match member.spec() {
                Some(spec) => present.push((uid, member, spec)),
                // It stays as it is, so its ports are nobody else's, however old it may be.
                None => party.keep(uid, &format!("with the uid {uid}"), seen),
            }
        }
        present.sort_by_key(|(uid, _, spec)| (spec.created, *uid));
        for (uid, member, spec) in present {
            match party.guest(terms, (uid, member, spec), seen) {
                Ok(guest) => party.admit(guest),
                Err(error) => {
                    plan.refused.insert(uid.clone(), error);
                    party.keep(uid, &spec.service.to_string(), seen);
                }
            }
        }
        party
    }

    /// Whose this port of a Service is to be, if not its own.
    pub(super) fn other_owner(&self, port: &Listener, uid: &ServiceUid) -> Option<&ServiceUid> {
        self.doors.get(&door(port)).map(|(owner, _)| owner).filter(|owner| *owner != uid)
    }

    fn keep(&mut self, uid: &ServiceUid, name: &str, seen: &Observed) {
        let open = seen.seat(uid).and_then(|seat| seat.open.as_ref());
        for listener in open.iter().flat_map(|open| &open.listeners) {
            self.doors.entry(door(listener)).or_insert_with(|| (uid.clone(), name.to_owned()));
        }
    }

    fn guest(
        &self,
        terms: Terms<'_>,
        (uid, member, spec): (&'a ServiceUid, &Member, &'a Arc<LbSpec>),
        seen: &Observed,
    ) -> Result<Guest<'a>, ProviderError> {
        let tuning = settings::tuning(spec)?;
        group::check(spec)?;
        let request = Request::of(spec)?;
        let pool = self.agreed_pool(&request)?;
        let request = Request { pool, ..request };
        request.check(spec, terms.pools)?;
        self.agree(&request)?;
        self.ports_free(spec)?;
        let ranges = terms.pools.get(request.pool.as_deref())?;
        let mates = seen.seats.iter().filter(|(other, _)| *other != uid);
        let mates: Vec<_> = mates.flat_map(|(_, seat)| seat.addresses.iter().copied()).collect();
        let shown = shown(&member.published);
        let held = seen.seat(uid).map_or(&[][..], |seat| &seat.addresses);
        let past = Past { shown: &shown, held, mates: &mates };
        let mut slots = slots(ranges, &request, spec, past);
        for slot in &mut slots {
            if let Some(lead) = self.lead.get(&slot.family) {
                // Until it has one, the others stay where they are, or go where the pool puts all.
                let nowhere = !held.iter().any(|ip| Family::of(*ip) == slot.family);
                let hopes = || lead.hopes.filter(|_| nowhere).map(Wish::Rather);
                slot.wish = lead.has.map(Wish::Only).or_else(hopes);
            }
        }
        let chosen = fitting(ranges, &slots, held);
        Ok(Guest { uid, spec, tuning, shown, pool: request.pool, slots, chosen })
    }

    fn admit(&mut self, guest: Guest<'a>) {
        let name = guest.spec.service.to_string();
        for (at, slot) in guest.slots.iter().enumerate() {
            self.lead.entry(slot.family).or_insert_with(|| Lead {
                name: name.clone(),
                asks: match slot.wish {
                    Some(Wish::Only(ip)) => Some(ip),
                    Some(Wish::Rather(_)) | None => None,
                },
                hopes: slot.wish.map(|wish| match wish {
                    Wish::Only(ip) | Wish::Rather(ip) => ip,
                }),
                has: guest.chosen.as_ref().and_then(|chosen| chosen.get(at).copied()),
            });
        }
        for door in doors(guest.spec) {
            self.doors.insert(door, (guest.uid.clone(), name.clone()));
        }
        self.guests.push(guest);
    }

    /// The pool of the oldest, if this one names no other.
    fn agreed_pool(&self, request: &Request) -> Result<Option<String>, ProviderError> {
        let Some(oldest) = self.guests.first() else { return Ok(request.pool.clone()) };
        let pool = &oldest.pool;
        match &request.pool {
            Some(other) if pool.as_ref() != Some(other) => {
                let ours = pool.as_ref().map_or_else(
                    || "the one without a name".to_owned(),
                    |name| format!("{name:?}"),
                );
                let message = format!(
                    "{other:?} is not the pool of the group, which is {ours}, as its oldest Service \
                     says; name the same, or none, or use another group"
                );
                Err(ProviderError::new(ErrorKind::InvalidSpec, POOL, message))
            }
            Some(_) | None => Ok(pool.clone()),
        }
    }

    /// Refuses who asks for another address than the group has.
    fn agree(&self, request: &Request) -> Result<(), ProviderError> {
        for ip in &request.addresses {
            let Some(lead) = self.lead.get(&Family::of(*ip)) else { continue };
            let ours = lead.asks.or(lead.has);
            if ours != Some(*ip) {
                let ours = ours.map_or_else(|| "none yet".to_owned(), |ip| ip.to_string());
                let message = format!(
                    "{ip} is not the address of the group, which is {ours}: {}, which is older, \
                     decides; ask for the same, or for none, or use another group",
                    lead.name
                );
                return Err(ProviderError::new(ErrorKind::Conflict, request.key, message));
            }
        }
        Ok(())
    }

    fn ports_free(&self, spec: &LbSpec) -> Result<(), ProviderError> {
        let taken = doors(spec).find_map(|door| Some((door, self.doors.get(&door)?)));
        let Some(((port, protocol), (_, name))) = taken else { return Ok(()) };
        let message = format!(
            "port {port}/{protocol} of the group is taken by the Service {name}; use another port, or \
             another group"
        );
        Err(ProviderError::new(ErrorKind::Conflict, "spec.ports", message))
    }
}

fn door(listener: &Listener) -> Door {
    (listener.address.port(), listener.protocol)
}

fn doors(spec: &LbSpec) -> impl Iterator<Item = Door> {
    spec.ports.iter().filter_map(|port| match port.protocol {
        Protocol::Tcp => Some((port.port, dataplane::Protocol::Tcp)),
        Protocol::Udp => Some((port.port, dataplane::Protocol::Udp)),
        // Refused by the capabilities.
        Protocol::Sctp => None,
    })
}
