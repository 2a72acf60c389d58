//! What a test may do past the calls.

use std::collections::BTreeMap;

use super::super::Fault;
use super::world::World;
use super::{Cloud, Trouble};

impl Cloud {
    /// Everything as it is by now.
    pub fn state(&self) -> World {
        self.open().world.clone()
    }

    /// Changes anything, past every rule.
    pub fn edit<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.open().world)
    }

    /// How often each action was called, by its name; also where it was refused.
    pub fn calls(&self) -> BTreeMap<&'static str, usize> {
        self.open().calls.clone()
    }

    /// Counts from nought again.
    pub fn reset_calls(&self) {
        self.open().calls.clear();
    }

    /// Lets the next writing call fail without effect.
    pub fn fail_next(&self, fault: Fault) {
        self.open().trouble = Some(Trouble::Fails(fault));
    }

    /// Lets the answer to the next writing call get lost, whatever its effect was.
    pub fn lose_next(&self) {
        self.open().trouble = Some(Trouble::IsLost);
    }

    /// Stops an instance: it gets no traffic, and can't be registered.
    pub fn stop(&self, instance: &str) {
        self.open().world.stopped.insert(instance.to_owned());
    }

    /// Starts an instance again.
    pub fn start(&self, instance: &str) {
        self.open().world.stopped.remove(instance);
    }
}
