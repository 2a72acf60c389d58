//! The security groups of ours, by their places.

use super::{Firewall, Ground, Observed};
use crate::plan::Place;

impl Observed {
    /// The ids of the first security groups of its own.
    pub(crate) fn own_groups(&self, count: u8) -> impl Iterator<Item = String> {
        let own: Vec<_> = self.firewalls.range(..count).map(|(_, it)| it.id.clone()).collect();
        own.into_iter()
    }

    /// The one at a place; of the shared ones, those of `ground` if this is no ground itself.
    pub(crate) fn firewall<'a>(
        &'a self,
        place: &Place,
        ground: Option<&'a Ground>,
    ) -> Option<&'a Firewall> {
        let ground = self.ground.as_deref().or(ground);
        match place {
            Place::Backend => ground?.backend.as_ref(),
            Place::Open => ground?.open.as_ref(),
            Place::Own(number) => self.firewalls.get(number),
        }
    }

    pub(super) fn edit_firewall(&mut self, place: &Place, edit: impl FnOnce(&mut Firewall)) {
        self.change_firewall(place, |mut firewall| {
            if let Some(firewall) = &mut firewall {
                edit(firewall);
            }
            firewall
        });
    }

    /// Makes something else of the one at a place, or of there being none.
    pub(super) fn change_firewall(
        &mut self,
        place: &Place,
        change: impl FnOnce(Option<Firewall>) -> Option<Firewall>,
    ) {
        let slot = match place {
            Place::Own(number) => {
                let changed = change(self.firewalls.remove(number));
                self.firewalls.extend(changed.map(|it| (*number, it)));
                return;
            }
            Place::Backend => self.ground_mut().map(|ground| &mut ground.backend),
            Place::Open => self.ground_mut().map(|ground| &mut ground.open),
        };
        if let Some(slot) = slot {
            *slot = change(slot.take());
        }
    }
}
