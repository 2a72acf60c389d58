use std::time::Duration;

use tokio::time::Instant;

/// How long the first change waits for those that come with it.
const DELAY: Duration = Duration::from_millis(20);
/// How long further changes are gathered after the first one.
const SPAN: Duration = Duration::from_secs(1);

/// Gathers changes of nodes: the first is acted on at once, those of the next second together at its
/// end. So a burst costs a load balancer two passes at most.
#[derive(Debug, Default)]
pub(super) struct Window {
    end: Option<Instant>,
    gathered: bool,
}

impl Window {
    /// Notes a change. Returns when it is to be acted on, if it is not gathered.
    pub(super) fn change(&mut self, now: Instant) -> Option<Instant> {
        if self.end.is_some() {
            self.gathered = true;
            return None;
        }
        self.end = Some(now + SPAN);
        Some(now + DELAY)
    }

    /// When to call [`Self::tick`].
    pub(super) fn end(&self) -> Option<Instant> {
        self.end
    }

    /// Whether changes wait to be acted on.
    pub(super) const fn gathers(&self) -> bool {
        self.gathered
    }

    /// Ends the window if it is time. True if changes were gathered, which are to be acted on now.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        if self.end.is_none_or(|end| now < end) {
            return false;
        }
        let gathered = std::mem::take(&mut self.gathered);
        self.end = gathered.then(|| now + SPAN);
        gathered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_change_is_acted_on_within_100_ms_and_a_burst_costs_two_passes() {
        let (mut window, start) = (Window::default(), Instant::now());
        assert!(window.change(start).unwrap() <= start + 100 * MS);
        for n in 1..50 {
            assert_eq!(window.change(start + n * 10 * MS), None);
            assert!(!window.tick(start + n * 10 * MS));
        }
        let end = window.end().unwrap();
        assert!(window.tick(end), "all that was gathered");
        assert!(!window.tick(end + SPAN), "nothing came since");
        assert_eq!(window.end(), None);
        assert!(window.change(end + 2 * SPAN).is_some(), "the next one is a first one again");
    }

    #[test]
    fn changes_that_never_end_are_acted_on_once_a_second() {
        let (mut window, start) = (Window::default(), Instant::now());
        window.change(start);
        let mut passes = 0;
        for n in 0..1000 {
            let now = start + n * 10 * MS;
            window.change(now);
            passes += u32::from(window.tick(now));
        }
        assert_eq!(passes, 9);
    }
}
