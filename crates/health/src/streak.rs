use std::time::Duration;

use crate::ask::Failure;
use crate::key::CheckKey;

/// How soon a target that failed its very first check is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What the answers of one target so far make of it.
#[derive(Debug)]
pub(crate) struct Streak {
    pub(crate) up: bool,
    /// It has passed once: until then it may be taken for up on trust only.
    pub(crate) proven: bool,
    passed: u32,
    failed: u32,
}

impl Streak {
    pub(crate) fn new(up: bool) -> Self {
        Self { up, proven: false, passed: 0, failed: 0 }
    }

    pub(crate) fn note(&mut self, answer: &Result<(), Failure>, key: &CheckKey) {
        match answer {
            Ok(()) => {
                (self.passed, self.failed) = (self.passed.saturating_add(1), 0);
                self.up = self.up || self.passed >= key.rise;
                self.proven = true;
            }
            // Trouble of our own says nothing about the target.
            Err(Failure::Ours(_)) => {}
            Err(Failure::Target(_)) => {
                (self.passed, self.failed) = (0, self.failed.saturating_add(1));
                self.up = self.up && self.proven && self.failed < key.fall;
            }
        }
    }

    /// The time until the next check, before jitter. A target that never passed is asked again soon:
    /// often its node is about to open the port, as kube-proxy does some time after a Service gets
    /// its NodePort.
    pub(crate) fn pause(&self, key: &CheckKey) -> Duration {
        // No failure of its own: it has passed, or the trouble is ours.
        if self.failed == 0 || self.proven {
            return key.interval;
        }
        FIRST_PAUSE.saturating_mul(1 << (self.failed - 1).min(16)).min(key.interval)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::IpAddr;

    use super::*;
    use crate::HealthCheck;

    /// The verdicts after each answer: `+` passed, `-` failed, `?` trouble of our own.
    fn check(up: bool, answers: &str, verdicts: &str) {
        let key = key();
        let mut streak = Streak::new(up);
        let got: String = answers
            .chars()
            .map(|answer| {
                streak.note(&of(answer), &key);
                if streak.up { 'U' } else { 'd' }
            })
            .collect();
        assert_eq!(got, verdicts, "{answers}");
    }

    fn key() -> CheckKey {
        let health = HealthCheck { rise: 2, fall: 3, ..HealthCheck::default() };
        health.key(IpAddr::from([192, 0, 2, 1]), Some(80))
    }

    fn of(answer: char) -> Result<(), Failure> {
        match answer {
            '+' => Ok(()),
            '-' => Err(Failure::Target("refused".to_owned())),
            _ => Err(Failure::Ours(io::Error::from_raw_os_error(24))),
        }
    }

    #[test]
    fn a_target_turns_after_so_many_answers_in_a_row() {
        check(false, "+-++", "dddU");
        check(true, "+--+---+-++", "UUUUUUddddU");
    }

    #[test]
    fn a_target_that_was_taken_on_trust_goes_down_with_its_first_failure() {
        check(true, "-++", "ddU");
        check(true, "+-", "UU");
    }

    #[test]
    fn trouble_of_our_own_neither_counts_nor_resets() {
        check(true, "????", "UUUU");
        check(true, "+--?-", "UUUUd");
        check(false, "+?+", "ddU");
    }

    #[test]
    fn a_target_that_never_passed_is_asked_again_soon() {
        let (key, mut streak) = (key(), Streak::new(true));
        let mut pauses = |answers: &str| -> Vec<_> {
            let after = |answer| {
                streak.note(&of(answer), &key);
                streak.pause(&key).as_millis()
            };
            answers.chars().map(after).collect()
        };
        assert_eq!(pauses("?"), [2000], "asking sooner would not help");
        assert_eq!(pauses("-------"), [50, 100, 200, 400, 800, 1600, 2000]);
        assert_eq!(pauses("+-"), [2000, 2000]);
    }
}
