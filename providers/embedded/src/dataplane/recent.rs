use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// A table that knows which of its values was unused for longest.
///
/// Values keep the time of their last use themselves, so that a use needs no access to the
/// table: `order` holds what was known when it was last looked at, which is never later than the
/// truth. So the first entry whose time is still the truth is the oldest of all.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    values: HashMap<K, Known<V>>,
    order: BTreeSet<(u64, K)>,
}

#[derive(Debug)]
struct Known<V> {
    used: u64,
    value: V,
}

/// A value that knows when it was last used, on one clock for the whole table.
pub(super) trait LastUse {
    fn last_use(&self) -> u64;
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Copy + Eq + Hash + Ord, V: LastUse> Recent<K, V> {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key).map(|known| &known.value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values.get_mut(key).map(|known| &mut known.value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let used = value.last_use();
        self.remove(&key);
        self.order.insert((used, key));
        self.values.insert(key, Known { used, value });
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let known = self.values.remove(key)?;
        self.order.remove(&(known.used, *key));
        Some(known.value)
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.order.clear();
    }

    /// Removes and returns the value that was unused for longest.
    pub(super) fn pop_oldest(&mut self) -> Option<V> {
        let (_, key) = self.oldest()?;
        self.remove(&key)
    }

    /// Removes and returns one value whose last use was before `limit`.
    pub(super) fn pop_unused_since(&mut self, limit: u64) -> Option<V> {
        let (used, key) = self.oldest()?;
        if used < limit { self.remove(&key) } else { None }
    }

    fn oldest(&mut self) -> Option<(u64, K)> {
        loop {
            let (_, key) = *self.order.first()?;
            let known = self.values.get_mut(&key)?;
            let used = known.value.last_use();
            if used == known.used {
                return Some((used, key));
            }
            self.order.remove(&(known.used, key));
            self.order.insert((used, key));
            known.used = used;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    struct Used(Rc<Cell<u64>>, char);

    impl LastUse for Used {
        fn last_use(&self) -> u64 {
            self.0.get()
        }
    }

    fn table(uses: &[(u8, u64, char)]) -> (Recent<u8, Used>, Vec<Rc<Cell<u64>>>) {
        let mut table = Recent::default();
        let mut clocks = Vec::new();
        for &(key, used, name) in uses {
            let clock = Rc::new(Cell::new(used));
            table.insert(key, Used(Rc::clone(&clock), name));
            clocks.push(clock);
        }
        (table, clocks)
    }

    #[test]
    fn the_oldest_is_the_one_unused_for_longest_at_this_moment() {
        let (mut table, clocks) = table(&[(1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c')]);
        clocks[0].set(25);
        assert_eq!(table.pop_oldest().unwrap().1, 'b');
        assert_eq!(table.pop_oldest().unwrap().1, 'a');
        assert_eq!(table.pop_oldest().unwrap().1, 'c');
        assert!(table.pop_oldest().is_none());
    }

    #[test]
    fn only_what_is_unused_for_long_enough_goes() {
        let (mut table, clocks) = table(&[(1, 10, 'a'), (2, 20, 'b')]);
        clocks[0].set(100);
        assert_eq!(table.pop_unused_since(50).unwrap().1, 'b');
        assert!(table.pop_unused_since(50).is_none());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_removed_or_replaced_key_leaves_nothing_behind() {
        let (mut table, _clocks) = table(&[(1, 10, 'a'), (1, 30, 'b'), (2, 20, 'c')]);
        assert_eq!(table.pop_oldest().unwrap().1, 'c');
        assert_eq!(table.remove(&1).unwrap().1, 'b');
        assert!(table.pop_oldest().is_none());
        assert!(table.order.is_empty());
    }
}
