use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpgrp, kill_process_group};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// The processes that live for a folder: those that have it on their command line, which no others
/// have, and all of their process groups.
#[derive(Debug, Default)]
pub struct Crew {
    groups: HashSet<Pid>,
    /// All of them.
    pub members: Vec<Pid>,
}

impl Crew {
    /// Those there are now.
    pub fn of(folder: &Path) -> Self {
        let mut crew = Self::default();
        crew.find(folder);
        crew
    }

    /// Those there are once all that were replaced are gone: after a reload, the workers of before
    /// end when they have no connections. `most` are there then at most.
    pub async fn at_rest(folder: &Path, most: usize) -> Self {
        let began = Instant::now();
        loop {
            let crew = Self::of(folder);
            if crew.members.len() <= most || began.elapsed() > PATIENCE {
                return crew;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Ends them all. When this returns, they have nothing open any more.
    #[expect(clippy::disallowed_methods, reason = "a drop can't wait otherwise")]
    pub fn end(folder: &Path) {
        let began = Instant::now();
        let mut crew = Self::default();
        loop {
            crew.find(folder);
            if crew.members.is_empty() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "they don't end: {crew:?}");
            for group in &crew.groups {
                // It may be gone.
                let _ = kill_process_group(*group, Signal::KILL);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// A group that was found once is remembered: its members don't all tell whose they are.
    fn find(&mut self, folder: &Path) {
        let alive = alive();
        let own = getpgrp();
        let groups = alive.iter().filter(|(pid, group)| *group != own && names(*pid, folder));
        self.groups.extend(groups.map(|(_, group)| *group));
        let members = alive.iter().filter(|(_, group)| self.groups.contains(group));
        self.members = members.map(|(pid, _)| *pid).collect();
    }
}

/// The processes that have not ended, and their groups.
fn alive() -> Vec<(Pid, Pid)> {
    let mut alive = Vec::new();
    for item in fs::read_dir("/proc").unwrap() {
        let Ok(stat) = fs::read_to_string(item.unwrap().path().join("stat")) else { continue };
        // `pid (name) state parent group …`; a name may have anything in it.
        let pid = stat.split_once(' ').and_then(|(pid, _)| process(pid));
        let fields = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect::<Vec<_>>());
        let (Some(pid), Some([state, _, group, ..])) = (pid, fields.as_deref()) else { continue };
        if let (false, Some(group)) = (matches!(*state, "Z" | "X"), process(group)) {
            alive.push((pid, group));
        }
    }
    alive
}

fn names(pid: Pid, folder: &Path) -> bool {
    let folder = folder.as_os_str().as_bytes();
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.windows(folder.len()).any(|part| part == folder)
}

fn process(text: &str) -> Option<Pid> {
    // One that is ending has the group -1.
    text.parse().ok().filter(|number| *number > 0).and_then(Pid::from_raw)
}
