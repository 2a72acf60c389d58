//! One life of a daemon: a process that we started, or found.

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpgid, getpid, kill_process_group};
use seaway_core::ProviderError;
use tokio::process::Child;

use super::group::swept;
use super::handle::{Handle, Vigil};
use super::program::Program;
use super::voice::Voice;
use crate::command;

/// A daemon that runs, or ran until a moment ago. Dropping it leaves it alone.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    handle: Handle,
    vigil: Vigil,
    /// Ours to wait for, if we started it.
    child: Option<Child>,
    /// The process group that it leads: its workers are in it.
    group: Option<Pid>,
}

impl Process {
    /// Starts `program`, speaking into `voice`.
    pub(super) fn start(program: &Program, voice: &Voice) -> Result<Self, ProviderError> {
        let fault = |error| command::unstartable(&program.path, error);
        let mut command = command::clean(&program.path);
        command.args(&program.args);
        command.stdout(voice.end().map_err(fault)?).stderr(voice.end().map_err(fault)?);
        let mut child = command.spawn().map_err(fault)?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let watched = pid.ok_or_else(|| Errno::SRCH.into()).and_then(|pid| {
            let handle = Handle::open(pid)?;
            Ok((pid, Vigil::over(&handle)?, handle))
        });
        match watched {
            Ok((pid, vigil, handle)) => {
                Ok(Self { pid, handle, vigil, child: Some(child), group: Some(pid) })
            }
            Err(error) => {
                // What can't be watched must not run: another would be started beside it.
                let _ = child.start_kill();
                Err(fault(error))
            }
        }
    }

    /// The process `pid`, if it runs and is `program`.
    pub(super) fn find(program: &Program, pid: Pid) -> io::Result<Option<Self>> {
        let handle = match Handle::open(pid) {
            // The second is what a thread of a process gives, which is nobody's daemon.
            Err(error) if is(&error, Errno::SRCH) || is(&error, Errno::INVAL) => return Ok(None),
            found => found?,
        };
        if pid == getpid() || !runs(pid, &program.path) {
            return Ok(None);
        }
        let group = getpgid(Some(pid)).ok().filter(|group| *group == pid);
        // Whoever lives now was the owner of the id all the time, so it was judged itself.
        if !handle.is_alive() {
            return Ok(None);
        }
        let vigil = Vigil::over(&handle)?;
        Ok(Some(Self { pid, handle, vigil, child: None, group }))
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_pid().cast_unsigned()
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Sends a signal to the daemon, which passes it on to its workers as it sees fit.
    pub(super) fn signal(&self, signal: Signal) {
        // It may have ended by itself, which is what is waited for next.
        let _ = self.handle.signal(signal);
    }

    /// Ends the daemon and its workers, at once.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Waits until the daemon has ended, and says how. Its workers are gone then, too: they would
    /// hold the ports that its successor needs. May be given up, and begun again.
    pub(super) async fn ended(&mut self) -> String {
        self.vigil.ended().await;
        // Before it is waited for, so that the id of the group can't be another's yet.
        self.kill();
        let how = match &mut self.child {
            Some(child) => child.wait().await.map_or_else(|e| e.to_string(), |s| s.to_string()),
            None => "ended".to_owned(),
        };
        if let Some(group) = self.group {
            swept(group).await;
        }
        how
    }
}

fn is(error: &io::Error, errno: Errno) -> bool {
    Errno::from_io_error(error) == Some(errno)
}

/// Whether `pid` is a process of the program at `path`. Its name is looked at where the kernel keeps
/// it and where its file is: the one is cut off, and may be another's for a script; the other is not
/// shown to every user. An upgrade of the program may have deleted the file since.
fn runs(pid: Pid, path: &Path) -> bool {
    const CUT: usize = 15;
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return false };
    let kept = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let cut = name.as_bytes().get(..CUT).unwrap_or(name.as_bytes());
    let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let exe = exe.file_name().map(|file| file.to_string_lossy()).unwrap_or_default();
    kept.trim_end().as_bytes() == cut || exe.trim_end_matches(" (deleted)") == name
}
