use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::recent::{LastUse, Recent};

/// Which target each client had last, for one balancer: TCP and UDP, all listeners.
///
/// The time counts from a client's last new connection or flow, as kube-proxy counts it.
#[derive(Debug)]
pub(super) struct Affinity {
    /// Microseconds; 0: off.
    timeout: AtomicU64,
    clients: Mutex<Recent<IpAddr, Stuck>>,
    most: usize,
    born: Instant,
}

#[derive(Debug)]
struct Stuck {
    node: Arc<str>,
    used: u64,
}

impl LastUse for Stuck {
    fn last_use(&self) -> u64 {
        self.used
    }
}

impl Affinity {
    pub(super) fn new(most: usize) -> Self {
        let clients = Mutex::default();
        Self { timeout: AtomicU64::new(0), clients, most: most.max(1), born: Instant::now() }
    }

    pub(super) fn set(&self, timeout: Option<Duration>) {
        let micros = timeout.map_or(0, |timeout| micros(timeout).max(1));
        self.timeout.store(micros, Relaxed);
        if micros == 0 {
            self.clients().clear();
        }
    }

    /// The client's target: the last one if `usable` has it still, else what `choose` says.
    ///
    /// One lock spans both, so that two first connections of a client get the same target.
    pub(super) fn stick<T>(
        &self,
        client: IpAddr,
        usable: impl FnOnce(&str) -> Option<T>,
        choose: impl FnOnce() -> Option<(Arc<str>, T)>,
    ) -> Option<T> {
        let timeout = self.timeout.load(Relaxed);
        if timeout == 0 {
            return choose().map(|(_, target)| target);
        }
        let now = micros(self.born.elapsed());
        let mut clients = self.clients();
        while clients.pop_unused_since(now.saturating_sub(timeout)).is_some() {}
        if let Some(stuck) = clients.get_mut(&client)
            && let Some(target) = usable(&stuck.node)
        {
            stuck.used = now;
            return Some(target);
        }
        let (node, target) = choose()?;
        if clients.get(&client).is_none() && clients.len() >= self.most {
            clients.pop_oldest();
        }
        clients.insert(client, Stuck { node, used: now });
        Some(target)
    }

    /// Sends the client elsewhere the next time, if `node` is where it was.
    pub(super) fn forget(&self, client: IpAddr, node: &str) {
        let mut clients = self.clients();
        if clients.get(&client).is_some_and(|stuck| &*stuck.node == node) {
            clients.remove(&client);
        }
    }

    fn clients(&self) -> MutexGuard<'_, Recent<IpAddr, Stuck>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(affinity: &Affinity, client: u8, next: &str) -> String {
        let client = IpAddr::from([10, 0, 0, client]);
        let usable = |node: &str| Some(node.to_owned());
        affinity.stick(client, usable, || Some((next.into(), next.to_owned()))).unwrap()
    }

    #[test]
    fn a_client_stays_until_it_is_forgotten() {
        let affinity = Affinity::new(10);
        affinity.set(Some(Duration::from_mins(1)));
        assert_eq!(ask(&affinity, 1, "a"), "a");
        assert_eq!(ask(&affinity, 1, "b"), "a");
        affinity.forget([10, 0, 0, 1].into(), "b");
        assert_eq!(ask(&affinity, 1, "b"), "a");
        affinity.forget([10, 0, 0, 1].into(), "a");
        assert_eq!(ask(&affinity, 1, "b"), "b");
    }

    #[test]
    fn without_a_timeout_nothing_is_remembered() {
        let affinity = Affinity::new(10);
        assert_eq!(ask(&affinity, 1, "a"), "a");
        assert_eq!(ask(&affinity, 1, "b"), "b");
        affinity.set(Some(Duration::from_mins(1)));
        assert_eq!(ask(&affinity, 1, "a"), "a");
        affinity.set(None);
        affinity.set(Some(Duration::from_mins(1)));
        assert_eq!(ask(&affinity, 1, "b"), "b");
    }

    #[test]
    fn a_client_whose_target_is_not_usable_moves() {
        let affinity = Affinity::new(10);
        affinity.set(Some(Duration::from_mins(1)));
        assert_eq!(ask(&affinity, 1, "a"), "a");
        let client = IpAddr::from([10, 0, 0, 1]);
        let moved = affinity.stick(client, |_| None, || Some(("b".into(), "b".to_owned())));
        assert_eq!(moved.unwrap(), "b");
        assert_eq!(ask(&affinity, 1, "c"), "b");
    }

    #[test]
    fn the_table_is_bounded() {
        let affinity = Affinity::new(3);
        affinity.set(Some(Duration::from_mins(1)));
        for client in 0..200 {
            ask(&affinity, client, "a");
        }
        assert_eq!(affinity.clients().len(), 3);
        assert_eq!(ask(&affinity, 199, "b"), "a");
    }
}
