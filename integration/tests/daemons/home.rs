//! Where a daemon lives: the folder that Seaway writes to, and the processes that read it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use crate::kind::Kind;

/// How Seaway marks the file that it writes.
const MARK: &str = "# seaway ";

/// The folder of a daemon. No daemon outlives it.
#[derive(Debug)]
pub(crate) struct Home {
    above: TempDir,
    folder: PathBuf,
}

/// The processes of a daemon that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Processes {
    /// The first one, which leads the others.
    pub(crate) master: u32,
    /// The others, those included that are about to end.
    pub(crate) workers: BTreeSet<u32>,
}

impl Home {
    pub(crate) fn new(kind: Kind) -> Self {
        let above = TempDir::new().unwrap();
        // The daemon may give up being root.
        fs::set_permissions(above.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let folder = above.path().join(kind.name());
        Self { above, folder }
    }

    /// The folder that Seaway writes to; it makes it.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// A place beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.above.path().join(name)
    }

    /// The config file that is Seaway's, and what stands in it.
    pub(crate) fn file(&self) -> Option<(PathBuf, String)> {
        let mut paths =
            fs::read_dir(&self.folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        paths.find_map(|path| {
            let unfinished = path.to_string_lossy().contains(".candidate");
            let text = fs::read_to_string(&path).ok().filter(|_| !unfinished)?;
            text.starts_with(MARK).then_some((path, text))
        })
    }

    /// What stands in the config file; nothing if there is none.
    pub(crate) fn text(&self) -> String {
        self.file().map(|(_, text)| text).unwrap_or_default()
    }

    /// What runs here, if anything does.
    pub(crate) fn processes(&self) -> Option<Processes> {
        let named = all().filter(|pid| self.is_named_by(*pid));
        let master = named.into_iter().find(|pid| group(*pid) == Some(*pid))?;
        let workers = all().filter(|pid| *pid != master && group(*pid) == Some(master)).collect();
        Some(Processes { master, workers })
    }

    /// Whether a process was started with this folder, and for longer than to check a file.
    fn is_named_by(&self, pid: u32) -> bool {
        let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else { return false };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&*self.folder.to_string_lossy())
            && !line.contains(".candidate")
            && !line.contains(" -t ")
    }
}

impl Processes {
    /// Ends the first one, and leaves the others to themselves.
    pub(crate) fn kill_master(&self) {
        let _ = kill_process(pid(self.master), Signal::KILL);
    }

    /// Ends all of them, at once and without warning.
    pub(crate) fn kill(&self) {
        let _ = kill_process_group(pid(self.master), Signal::KILL);
    }

    /// Whether these are no others than `before`: a daemon that was reloaded has new workers.
    pub(crate) fn are_of(&self, before: &Self) -> bool {
        self.master == before.master && self.workers.is_subset(&before.workers)
    }
}

impl Drop for Home {
    #[expect(clippy::disallowed_methods, reason = "nothing can be awaited here")]
    fn drop(&mut self) {
        // A controller that is being killed may have started another one a moment ago.
        let mut quiet = 0;
        for _ in 0..200 {
            match self.processes() {
                Some(processes) => {
                    processes.kill();
                    quiet = 0;
                }
                None => quiet += 1,
            }
            if quiet == 3 {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.cast_signed()).unwrap()
}

/// Every process of this machine.
fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The process group of a process that lives.
fn group(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may have any characters in it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    let lives = !matches!(words.next()?, "Z" | "X");
    words.nth(1)?.parse().ok().filter(|_| lives)
}
