//! What the stories need: scripts as daemons, and a look at processes.

use std::fs;
use std::time::Duration;

use seaway_box::supervisor::{Backoff, Program, Supervisor};
use tokio::time::{Instant, sleep};

/// How long a thing may take that is to come soon: generous, for a machine that does other things.
const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// Waits that no test feels.
pub(crate) const QUICK: Backoff = Backoff {
    first: Duration::from_millis(1),
    most: Duration::from_millis(4),
    calm: Duration::from_hours(1),
};

/// A wait that no test lives to see the end of.
pub(crate) const NEVER: Backoff = Backoff {
    first: Duration::from_hours(1),
    most: Duration::from_hours(1),
    calm: Duration::from_hours(1),
};

/// A grace that is not waited for to its end.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// A shell with a script. It ends with a command of its own, or the shell would become that program.
pub(crate) fn script(script: &str) -> Program {
    Program::new("toy", "sh").args(["-c", script, "toy"]).backoff(QUICK)
}

/// What says a word and then lives until it is ended.
pub(crate) const ENDLESS: &str = "echo up; while :; do sleep 1000 & wait; done";

/// Tries again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {DEADLINE:?} in vain: {what}");
        sleep(POLL).await;
    }
}

/// Waits until the daemon said `line`.
pub(crate) async fn says(supervisor: &Supervisor, line: &str) {
    let said = || supervisor.last_words().iter().any(|word| word == line).then_some(());
    until(&format!("`{line}` is said"), said).await;
}

/// Waits until the daemon runs as another process than `old`.
pub(crate) async fn another(supervisor: &Supervisor, old: u32) -> u32 {
    until("another life", || supervisor.pid().filter(|pid| *pid != old)).await
}

/// Whether there is such a process; a zombie is one that nobody waited for.
pub(crate) fn is_there(pid: u32) -> bool {
    fs::metadata(format!("/proc/{pid}")).is_ok()
}

/// Who lives in the process group of `leader`. Zombies among orphans are for the init process, when
/// it pleases.
pub(crate) fn group(leader: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        entry.unwrap().file_name().to_str().and_then(|name| name.parse::<u32>().ok())
    });
    pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name may hold anything; the third word after it is the group (proc(5)).
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let words: Vec<_> = rest.split_whitespace().take(3).collect();
        matches!(words[..], [state, _, group] if state != "Z" && group == leader.to_string())
    })
    .collect()
}
