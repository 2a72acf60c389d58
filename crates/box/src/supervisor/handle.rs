//! A process by a descriptor that is its own: a signal never hits another that got its id later.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::watch;

/// The way to signal a process.
#[derive(Clone, Debug)]
pub(super) struct Handle(Arc<OwnedFd>);

impl Handle {
    pub(super) fn open(pid: Pid) -> io::Result<Self> {
        Ok(Self(Arc::new(pidfd_open(pid, PidfdFlags::empty())?)))
    }

    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(pidfd_send_signal(&self.0, signal)?)
    }

    /// Whether the process has not ended; a zombie has.
    pub(super) fn is_alive(&self) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        matches!(poll(&mut fds, Some(&Timespec::default())), Ok(0))
    }
}

/// Tells the end of a process, be it a child of ours or not.
///
/// A thread of its own waits for it: tokio would watch the descriptor too, but by an interface that
/// takes `unsafe`.
#[derive(Debug)]
pub(super) struct Vigil {
    has_ended: watch::Receiver<bool>,
    /// The thread goes when this is dropped.
    _stay: io::PipeWriter,
}

impl Vigil {
    pub(super) fn over(handle: &Handle) -> io::Result<Self> {
        let handle = handle.clone();
        let (leave, stay) = io::pipe()?;
        let (end, has_ended) = watch::channel(false);
        thread::Builder::new().name("vigil".to_owned()).spawn(move || {
            let mut fds =
                [PollFd::new(&handle.0, PollFlags::IN), PollFd::new(&leave, PollFlags::IN)];
            // What fails here was interrupted, or found no memory just now.
            while poll(&mut fds, None).is_err() {}
            let [process, _] = fds;
            end.send_replace(!process.revents().is_empty());
        })?;
        Ok(Self { has_ended, _stay: stay })
    }

    /// Waits until the process has ended. May be given up, and begun again.
    pub(super) async fn ended(&mut self) {
        // The thread goes after it told the end, or when this is no more.
        let _ = self.has_ended.wait_for(|ended| *ended).await;
    }
}
