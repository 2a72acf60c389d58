//! The process group of a daemon: whom it leaves behind.

use std::fs;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, test_kill_process_group, waitpgid};
use tokio::time::{Instant, sleep};

/// How long those who were killed may take to be gone.
const MOST: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);

/// Waits until nobody lives in `group`, all of whom were killed. Orphans that nobody else waits for
/// come to us if we are the first process of a container, so they are waited for here.
pub(super) async fn swept(group: Pid) {
    let end = Instant::now() + MOST;
    while Instant::now() < end {
        while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
        if test_kill_process_group(group) == Err(Errno::SRCH) || !is_alive(group) {
            return;
        }
        sleep(POLL).await;
    }
}

/// Whether somebody in `group` is more than a zombie. Some init processes let those lie for seconds,
/// and they hold nothing that anybody needs.
fn is_alive(group: Pid) -> bool {
    // Who can't look must take it that there is somebody.
    let Ok(entries) = fs::read_dir("/proc") else { return true };
    let group = group.to_string();
    entries.filter_map(Result::ok).any(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        lives_in(&stat, &group)
    })
}

/// What a line of `/proc/PID/stat` says. The name in it may hold anything, so it is read from behind:
/// the state, the parent and the group come next (proc(5)).
fn lives_in(stat: &str, group: &str) -> bool {
    let Some((_, rest)) = stat.rsplit_once(')') else { return false };
    let mut words = rest.split_whitespace();
    let state = words.next();
    words.nth(1) == Some(group) && !matches!(state, Some("Z" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zombie_does_not_live_and_a_name_does_not_mislead() {
        assert!(lives_in("7 (a) Z 1 9) S 1 42 42 0", "42"));
        assert!(!lives_in("7 (sh) S 1 42 42 0", "43"));
        assert!(!lives_in("7 (sh) Z 1 42 42 0", "42"));
        assert!(!lives_in("", "42"));
    }
}
