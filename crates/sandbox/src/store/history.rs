//! The changes that a watch can still be told of.

use super::object::Object;
use std::{collections::VecDeque, sync::Arc};

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Added,
    Modified,
    Deleted,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) happened: Happened,
    /// After the change; for a deletion the last state, at the revision of the deletion.
    pub(crate) object: Arc<Object>,
    /// Before the change.
    pub(crate) previous: Option<Arc<Object>>,
}

/// A bounded window of changes, oldest first.
#[derive(Debug)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    capacity: usize,
    forgotten: u64,
}

impl History {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { changes: VecDeque::new(), capacity: capacity.max(1), forgotten: 0 }
    }

    pub(crate) fn push(&mut self, change: Change) {
        if self.changes.len() == self.capacity
            && let Some(oldest) = self.changes.pop_front()
        {
            self.forgotten = oldest.object.revision();
        }
        self.changes.push_back(change);
    }

    /// All changes after `revision`, or the oldest revision that could have been asked for.
    pub(crate) fn since(&self, revision: u64) -> Result<Vec<Change>, u64> {
        if revision < self.forgotten {
            return Err(self.forgotten);
        }
        let first = self.changes.partition_point(|c| c.object.revision() <= revision);
        Ok(self.changes.range(first..).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_full_window_forgets_the_oldest_change() {
        let mut history = History::new(2);
        for revision in 1..=3 {
            let object = Arc::new(Object::new(json!({}), revision));
            history.push(Change { happened: Happened::Added, object, previous: None });
        }
        assert_eq!(history.since(0).unwrap_err(), 1);
        assert_eq!(history.since(1).unwrap().len(), 2);
        assert_eq!(history.since(2).unwrap().len(), 1);
        assert!(history.since(3).unwrap().is_empty());
        assert!(history.since(9).unwrap().is_empty());
    }
}
