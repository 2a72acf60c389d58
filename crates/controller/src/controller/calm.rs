use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// Tells when nothing has gone on at a provider for so long that what it has may be vouched for.
#[derive(Debug)]
pub(super) struct Calm {
    span: Duration,
    /// Those at which nothing goes on: when each is due, none once it was.
    due: BTreeMap<&'static str, Option<Instant>>,
}

impl Calm {
    pub(super) const fn new(span: Duration) -> Self {
        Self { span, due: BTreeMap::new() }
    }

    /// Notes whether anything goes on at a provider. True if it is due.
    pub(super) fn note(&mut self, provider: &'static str, busy: bool, now: Instant) -> bool {
        if busy {
            self.due.remove(provider);
            return false;
        }
        let due = self.due.entry(provider).or_insert(Some(now + self.span));
        let is_due = due.is_some_and(|due| due <= now);
        if is_due {
            *due = None;
        }
        is_due
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.values().copied().flatten().min()
    }

    /// Tries once more, if nothing goes on until then.
    pub(super) fn again(&mut self, provider: &'static str, when: Instant) {
        if let Some(due) = self.due.get_mut(provider) {
            *due = Some(when);
        }
    }

    /// Something has changed that concerns all of them.
    pub(super) fn stir(&mut self) {
        self.due.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(5);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_due_once_after_each_time_that_something_went_on() {
        let (mut calm, start) = (Calm::new(SPAN), Instant::now());
        for round in 0..3 {
            let start = start + round * 60 * SECOND;
            assert!(!calm.note("toy", true, start));
            assert_eq!(calm.next(), None);
            assert!(!calm.note("toy", false, start + SECOND));
            assert_eq!(calm.next(), Some(start + SECOND + SPAN));
            assert!(!calm.note("toy", false, start + SPAN));
            assert!(calm.note("toy", false, start + SECOND + SPAN));
            assert!(!calm.note("toy", false, start + 9 * SPAN));
            assert_eq!(calm.next(), None);
        }
    }

    #[test]
    fn what_goes_on_meanwhile_begins_the_time_anew() {
        let (mut calm, start) = (Calm::new(SPAN), Instant::now());
        calm.note("toy", false, start);
        calm.note("toy", true, start + 4 * SECOND);
        assert!(!calm.note("toy", false, start + SPAN));
        calm.stir();
        assert!(!calm.note("toy", false, start + 2 * SPAN));
        assert!(calm.note("toy", false, start + 3 * SPAN));
    }

    #[test]
    fn it_is_tried_again_only_where_nothing_went_on() {
        let (mut calm, start) = (Calm::new(Duration::ZERO), Instant::now());
        assert!(calm.note("toy", false, start));
        calm.again("toy", start + SPAN);
        assert!(!calm.note("toy", false, start + SECOND));
        assert!(calm.note("toy", false, start + SPAN));
        calm.note("toy", true, start + SPAN);
        calm.again("toy", start + 2 * SPAN);
        assert_eq!(calm.next(), None);
    }
}
