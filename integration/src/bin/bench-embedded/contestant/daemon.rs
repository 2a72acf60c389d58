use std::fs::File;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use seaway_integration::daemon;
use tempfile::TempDir;

/// A daemon in the foreground, which ends when this is dropped. Its config and what it says are in a
/// folder of its own.
#[derive(Debug)]
pub(super) struct Daemon {
    name: &'static str,
    child: Child,
    folder: TempDir,
}

impl Daemon {
    /// Starts one with this config; `args` tells how, for the path of the config.
    pub(super) fn start(name: &'static str, config: &str, args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(daemon(name));
        command.args(args).arg(&path).current_dir(folder.path());
        let log = File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().unwrap();
        Self { name, child, folder }
    }

    /// Panics with what it said if it has ended.
    pub(super) fn runs(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
            panic!("{} has ended, {status}:\n{log}", self.name);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Not killed: a master of Nginx has workers to end.
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        let _ = kill_process(id, Signal::TERM);
        let _ = self.child.wait();
    }
}

/// How many cores there are to work on.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().unwrap().get()
}
