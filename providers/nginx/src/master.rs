//! The running daemon: its process, its signals, its last words.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::process::{Pid, kill_process, test_kill_process};
use seaway_box::supervisor::{self, Program, Signal, Supervisor};
use seaway_core::{ErrorKind, ProviderError};
use tokio::sync::Mutex;

use crate::verdict;

/// How much of the end of a log is read.
const TAIL: u64 = 64 * 1024;

/// The daemon's master process.
#[derive(Debug)]
pub(crate) enum Master {
    /// Ours to start; nothing while it was never started.
    Ours { program: Program, pid_file: PathBuf, supervisor: Mutex<Option<Supervisor>> },
    /// Somebody else starts it, and says its process id and its words in files.
    Theirs { pid_file: PathBuf, error_log: PathBuf },
}

/// What the daemon had said at some time.
#[derive(Debug, Default)]
pub(crate) struct Mark(BTreeSet<String>);

impl Master {
    /// One that is ours, and may be running already.
    pub(crate) fn ours(program: Program, pid_file: PathBuf) -> Self {
        Self::Ours { program, pid_file, supervisor: Mutex::default() }
    }

    /// Takes over the process that an earlier Seaway started.
    pub(crate) async fn adopt(&self) -> Result<(), ProviderError> {
        let Self::Ours { program, pid_file, supervisor } = self else { return Ok(()) };
        let mut supervisor = supervisor.lock().await;
        if supervisor.is_none()
            && let Some(pid) = supervisor::pid_in(pid_file).await?
        {
            *supervisor = Supervisor::adopt(program.clone(), pid)?;
        }
        Ok(())
    }

    /// The process, if it runs.
    pub(crate) async fn pid(&self) -> Result<Option<u32>, ProviderError> {
        let pid_file = match self {
            Self::Ours { pid_file, supervisor, .. } => {
                if let Some(supervisor) = &*supervisor.lock().await {
                    return Ok(supervisor.pid());
                }
                pid_file
            }
            Self::Theirs { pid_file, .. } => pid_file,
        };
        let pid = supervisor::pid_in(pid_file).await?;
        Ok(pid.filter(|pid| process(*pid).is_some_and(alive)))
    }

    /// Has it load its config again; starts it if it is ours and does not run.
    pub(crate) async fn reload(&self) -> Result<(), ProviderError> {
        match self {
            Self::Ours { program, supervisor, .. } => {
                let mut supervisor = supervisor.lock().await;
                match supervisor.as_ref().map(|one| (one, one.state())) {
                    Some((one, supervisor::State::Up { .. })) => one.signal(Signal::HUP),
                    Some((one, supervisor::State::Down { .. })) => {
                        one.hurry();
                        Ok(())
                    }
                    Some((_, supervisor::State::Stopped)) | None => {
                        *supervisor = Some(Supervisor::start(program.clone())?);
                        Ok(())
                    }
                }
            }
            Self::Theirs { pid_file, .. } => {
                let Some(pid) = self.pid().await?.and_then(process) else {
                    let message = format!(
                        "nginx is not running, by {}: sudo systemctl start nginx",
                        pid_file.display()
                    );
                    return Err(ProviderError::new(ErrorKind::Unavailable, "reload", message));
                };
                kill_process(pid, Signal::HUP).map_err(|error| unsignalled(pid, error))
            }
        }
    }

    /// Ends it if it is ours, open connections after `grace` at the latest.
    pub(crate) async fn close(&self, grace: std::time::Duration) {
        if let Self::Ours { supervisor, .. } = self {
            let supervisor = supervisor.lock().await.take();
            if let Some(supervisor) = supervisor {
                supervisor.stop(Signal::QUIT, grace).await;
            }
        }
    }

    /// What it has said until now.
    pub(crate) async fn mark(&self) -> Mark {
        Mark(self.lines().await.into_iter().collect())
    }

    /// What it has against its config since then, each once, in its own words.
    pub(crate) async fn complaints(&self, since: &Mark) -> Vec<String> {
        let mut told = Vec::new();
        for line in self.lines().await.iter().filter(|line| !since.0.contains(*line)) {
            if let Some(words) = verdict::complaint(line)
                && !told.iter().any(|known| known == words)
            {
                told.push(words.to_owned());
            }
        }
        told
    }

    async fn lines(&self) -> Vec<String> {
        match self {
            Self::Ours { supervisor, .. } => {
                let supervisor = supervisor.lock().await;
                supervisor.as_ref().map(Supervisor::last_words).unwrap_or_default()
            }
            Self::Theirs { error_log, .. } => {
                // Who may not read the log is told without it.
                let tail = tail(error_log.clone()).await.unwrap_or_default();
                tail.lines().map(str::to_owned).collect()
            }
        }
    }
}

async fn tail(path: PathBuf) -> std::io::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncSeekExt};
    let mut file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    file.seek(std::io::SeekFrom::Start(length.saturating_sub(TAIL))).await?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn process(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// One that we may not signal is alive all the same.
fn alive(pid: Pid) -> bool {
    !matches!(test_kill_process(pid), Err(Errno::SRCH))
}

fn unsignalled(pid: Pid, error: Errno) -> ProviderError {
    let process = pid.as_raw_nonzero();
    if error == Errno::PERM {
        let message = format!(
            "nginx (process {process}) may not be told by this user: run Seaway as root, or give it \
             CAP_KILL"
        );
        return ProviderError::new(ErrorKind::PermissionDenied, "reload", message);
    }
    let message = format!("nginx (process {process}) could not be told: {error}");
    ProviderError::new(ErrorKind::Unavailable, "reload", message)
}
