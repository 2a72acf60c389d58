use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{Report, ServiceUid, Warning};

use crate::queue::QueueKey;

/// What the owners of Services were warned of, and where it was found. Each warning is told when it
/// appears, not with each pass.
#[derive(Debug, Default)]
pub(super) struct Warned(BTreeMap<QueueKey, BTreeMap<ServiceUid, BTreeSet<Warning>>>);

impl Warned {
    /// Folds what a pass over `key` found, and returns what is new.
    pub(super) fn fold(&mut self, key: &QueueKey, report: &Report) -> Vec<(ServiceUid, Warning)> {
        let mut found = BTreeMap::new();
        let mut fresh = Vec::new();
        for (uid, member) in &report.members {
            let new = member.warnings.iter().filter(|warning| !self.knows(key, uid, warning));
            fresh.extend(new.map(|warning| (uid.clone(), warning.clone())));
            if !member.warnings.is_empty() {
                found.insert(uid.clone(), member.warnings.clone());
            }
        }
        // A pass that failed need not have come as far as to find it again.
        if report.error.is_some() {
            for (uid, warnings) in self.0.remove(key).unwrap_or_default() {
                found.entry(uid).or_default().extend(warnings);
            }
        }
        if found.is_empty() {
            self.0.remove(key);
        } else {
            self.0.insert(key.clone(), found);
        }
        fresh
    }

    /// Whether a warning was told before. The key that found it is asked first: the others are many,
    /// and matter only to a Service that moves.
    fn knows(&self, key: &QueueKey, uid: &ServiceUid, warning: &Warning) -> bool {
        let has = |at: &BTreeMap<ServiceUid, BTreeSet<Warning>>| {
            at.get(uid).is_some_and(|known| known.contains(warning))
        };
        self.0.get(key).is_some_and(has) || self.0.values().any(has)
    }
}

#[cfg(test)]
mod tests {
    use seaway_core::{ErrorKind, Key, MemberReport, ProviderError, Readiness};

    use super::*;

    fn key(name: &str) -> QueueKey {
        QueueKey { provider: "toy", key: Key::shared(name) }
    }

    fn report(warnings: &[&str]) -> Report {
        let member = MemberReport {
            readiness: Readiness::Gone,
            error: None,
            warnings: warnings.iter().map(|text| Warning::new("Odd", *text)).collect(),
            settled: true,
        };
        Report { members: [("u".into(), member)].into(), ..Report::default() }
    }

    /// A pass over `at` finds these, and tells those.
    fn check(warned: &mut Warned, at: &str, found: &[&str], told: &[&str]) {
        let fresh = warned.fold(&key(at), &report(found)).into_iter();
        let texts: Vec<_> = fresh.map(|(_, warning)| warning.message).collect();
        assert_eq!(texts, told);
    }

    #[test]
    fn a_warning_is_told_when_it_appears_and_again_after_it_had_gone() {
        let mut warned = Warned::default();
        check(&mut warned, "a", &["x"], &["x"]);
        check(&mut warned, "a", &["x"], &[]);
        check(&mut warned, "a", &["x", "y"], &["y"]);
        check(&mut warned, "a", &["y"], &[]);
        check(&mut warned, "a", &["x"], &["x"]);
        warned.fold(&key("a"), &Report::default());
        assert!(warned.0.is_empty(), "the Service is not there any more");
    }

    #[test]
    fn a_service_that_moves_is_told_nothing_twice() {
        let mut warned = Warned::default();
        check(&mut warned, "a", &["x"], &["x"]);
        check(&mut warned, "b", &["x"], &[]);
        check(&mut warned, "a", &[], &[]);
        check(&mut warned, "b", &["x"], &[]);
    }

    #[test]
    fn a_pass_that_failed_forgets_nothing() {
        let mut warned = Warned::default();
        check(&mut warned, "a", &["x"], &["x"]);
        let error = ProviderError::new(ErrorKind::Unavailable, "test", "test");
        warned.fold(&key("a"), &Report { error: Some(error), ..report(&[]) });
        check(&mut warned, "a", &["x"], &[]);
    }
}
