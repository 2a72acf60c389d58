use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use seaway_core::ServiceUid;

use crate::cluster::ServiceName;

/// Which Service has which name. A clone shows the same: so whoever tells people of Services reads it
/// without asking the loop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Arc<RwLock<Arc<BTreeMap<ServiceName, ServiceUid>>>>);

impl Names {
    /// All of them as they are now. Nobody waits for whoever looks through them.
    pub(crate) fn all(&self) -> Arc<BTreeMap<ServiceName, ServiceUid>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who has this name.
    pub(super) fn get(&self, name: &ServiceName) -> Option<ServiceUid> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// `uid` has this name from now on.
    pub(super) fn give(&self, name: ServiceName, uid: &ServiceUid) {
        // Most changes of a Service leave its name, and a write may have to copy all of them.
        if self.get(&name).as_ref() != Some(uid) {
            self.change(|names| drop(names.insert(name, uid.clone())));
        }
    }

    /// `uid` has this name no more; another one may.
    pub(super) fn take(&self, name: &ServiceName, uid: &ServiceUid) {
        if self.get(name).as_ref() == Some(uid) {
            self.change(|names| drop(names.remove(name)));
        }
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<ServiceName, ServiceUid>)) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut names));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> ServiceName {
        ("default".to_owned(), "web".to_owned())
    }

    #[test]
    fn a_name_is_that_of_the_newest_service_that_has_it() {
        let names = Names::default();
        let seen = names.clone();
        names.give(name(), &"old".into());
        let before = seen.all();
        names.give(name(), &"new".into());
        names.take(&name(), &"old".into());
        assert_eq!(seen.get(&name()), Some("new".into()));
        assert_eq!(before[&name()], "old".into(), "who looks sees what was there then");
        names.take(&name(), &"new".into());
        assert!(seen.all().is_empty());
    }
}
