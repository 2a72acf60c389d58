//! A daemon of ours: started, watched, started again when it dies, and never ended by our own end.
//!
//! ```text
//! program  what is started, and how
//! process  one life of it: its workers, its end
//! group    whom it leaves behind
//! handle   its signals, and the watch over its end
//! voice    what it says: to the log, and the last of it for messages
//! keeper   the task that keeps it alive
//! backoff  how long it waits for its next try
//! shared   what the supervisor and its task both know
//! ```
//!
//! The daemon has a process group of its own, which its workers are in, and a pipe for its words that
//! needs nobody to read it. So it goes on when Seaway is killed, or updated, and the next Seaway
//! [adopts](Supervisor::adopt) it. What else may end it with Seaway is the box's affair: systemd does,
//! unless Seaway's unit says `KillMode=process`, and so does a container that ends.
//!
//! Linux only (pidfd, since 5.3).

mod backoff;
mod group;
mod handle;
mod keeper;
mod process;
mod program;
mod shared;
mod voice;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;
use seaway_core::{ErrorKind, ProviderError};
use tokio::sync::{mpsc, oneshot, watch};

pub use rustix::process::Signal;

pub use self::backoff::Backoff;
pub use self::program::Program;
pub use self::shared::State;

use self::keeper::{Keeper, Stop};
use self::process::Process;
use self::shared::Shared;
use self::voice::{Voice, Words};

const OPERATION: &str = "daemon";

/// What keeps a daemon alive. Dropping it leaves the daemon as it is, alive or not.
///
/// Starting, adopting and stopping need a runtime of tokio's with I/O and time.
#[derive(Debug)]
pub struct Supervisor {
    name: &'static str,
    shared: Arc<Shared>,
    words: Words,
    orders: mpsc::Sender<Stop>,
}

impl Supervisor {
    /// Starts `program`. That it can't be started is an error; that it ends soon is not, and seen in
    /// the [state](Self::state).
    pub fn start(program: Program) -> Result<Self, ProviderError> {
        let voice = mute(&program)?;
        let process = Process::start(&program, &voice)?;
        tracing::info!(daemon = program.name, pid = process.pid(), "started");
        Ok(Self::keep(program, process, voice))
    }

    /// Takes over the process `pid`, which an earlier Seaway started, and starts `program` when it
    /// dies. Nothing if it does not run, or is another program: ids come up again, and what a file
    /// says may be of before the box was started.
    ///
    /// If the daemon is the leader of its process group, what is left of the group when it ends is
    /// ended, too.
    pub fn adopt(program: Program, pid: u32) -> Result<Option<Self>, ProviderError> {
        let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        let found = Process::find(&program, pid).map_err(|error| {
            let message = format!("{} (process {pid}) can't be watched: {error}", program.name);
            ProviderError::new(ErrorKind::Unavailable, OPERATION, message).because(error)
        })?;
        let Some(process) = found else { return Ok(None) };
        let voice = Voice::of(program.name, pid).map_or_else(|| mute(&program), Ok)?;
        tracing::info!(daemon = program.name, pid = process.pid(), "adopted");
        Ok(Some(Self::keep(program, process, voice)))
    }

    fn keep(program: Program, process: Process, voice: Voice) -> Self {
        let (orders, received) = mpsc::channel(1);
        let (name, words) = (program.name, voice.words());
        let shared = Arc::new(Shared::of(&process));
        let keeper = Keeper { program, voice, shared: Arc::clone(&shared), orders: received };
        tokio::spawn(keeper.keep(process));
        Self { name, shared, words, orders }
    }

    /// Whether the daemon runs.
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// The process of the daemon, if it runs.
    pub fn pid(&self) -> Option<u32> {
        match self.state() {
            State::Up { pid, .. } => Some(pid),
            State::Down { .. } | State::Stopped => None,
        }
    }

    /// Whether the daemon runs, and if not, why.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// Tells each change of the state. Who looks late sees the latest only.
    pub fn changed(&self) -> watch::Receiver<State> {
        self.shared.changed()
    }

    /// The last lines that the daemon said, 20 at most, the latest last. What an earlier life of it
    /// said is among them, and so is what it said before it was adopted, as far as nobody had read it.
    pub fn last_words(&self) -> Vec<String> {
        self.words.last()
    }

    /// Sends a signal to the daemon itself, not to its workers.
    pub fn signal(&self, signal: Signal) -> Result<(), ProviderError> {
        let name = self.name;
        let Some(handle) = self.shared.handle() else {
            let message = format!("{name} is not running");
            return Err(ProviderError::new(ErrorKind::Unavailable, OPERATION, message));
        };
        handle.signal(signal).map_err(|error| {
            let message = format!("{name} could not be sent {signal:?}: {error}");
            ProviderError::new(ErrorKind::Unavailable, OPERATION, message).because(error)
        })
    }

    /// Tries at once to start a daemon that is down: what it died of has changed.
    pub fn hurry(&self) {
        self.shared.hurry();
    }

    /// Ends the daemon, and does not start it again: by the signal `soft`, by `SIGTERM` if it still
    /// runs after `grace`, by `SIGKILL` if it still runs after as long again, 5 seconds at most. When
    /// this returns, nothing is left of it or its workers.
    ///
    /// It goes on if it is not waited for. Stopping what has stopped does nothing.
    pub async fn stop(&self, soft: Signal, grace: Duration) {
        let (done, is_done) = oneshot::channel();
        // Where nobody takes the order, or drops it, the daemon has stopped already.
        if self.orders.send(Stop { soft, grace, done }).await.is_ok() {
            let _ = is_done.await;
        }
    }
}

/// The process that the file at `path` names, if there is such a file.
pub async fn pid_in(path: &Path) -> Result<Option<u32>, ProviderError> {
    let text = crate::folder::read(path).await?;
    Ok(text.and_then(|text| text.lines().next()?.trim().parse().ok()))
}

fn mute(program: &Program) -> Result<Voice, ProviderError> {
    Voice::new(program.name).map_err(|error| {
        let message = format!("no pipe for what {} says: {error}", program.name);
        ProviderError::new(ErrorKind::QuotaExceeded, OPERATION, message).because(error)
    })
}
