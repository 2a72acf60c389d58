//! The answers to people who ask what is known.

use super::Running;
use crate::inspect::{Ask, Inspection, Orphan};
use crate::roster::Stance;

impl Running {
    pub(super) fn answer(&mut self, ask: Ask) {
        // Who has gone away meanwhile needs no answer.
        match ask {
            Ask::Inspect(reply) => {
                let _ = reply.send(self.inspect());
            }
            Ask::Sweep(reply) => {
                let orphans = self.roster.orphans();
                let told = orphans.iter().map(Orphan::from).collect();
                if self.stance != Stance::Rehearses {
                    self.sweep_away(orphans);
                }
                let _ = reply.send(told);
            }
        }
    }

    fn inspect(&self) -> Inspection {
        Inspection {
            providers: self.roster.providers(),
            nodes: self.cluster.targets().len(),
            services: self.roster.views(),
            orphans: self.roster.orphans().iter().map(Orphan::from).collect(),
        }
    }
}
