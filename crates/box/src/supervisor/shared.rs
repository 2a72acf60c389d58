//! What a supervisor and its task both know.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};

use super::handle::Handle;
use super::process::Process;

/// Whether a daemon runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Up {
        /// Its process.
        pid: u32,
        /// Which of its lives this is, from 1: an id may come up again.
        life: u64,
    },
    /// It died, or could not be started, and is tried again soon.
    Down {
        /// How it ended, or why it could not be started.
        why: Arc<str>,
    },
    /// It was told to stop, and has.
    Stopped,
}

#[derive(Debug)]
pub(super) struct Shared {
    state: watch::Sender<State>,
    running: Mutex<Running>,
    hurry: Notify,
}

#[derive(Debug)]
struct Running {
    handle: Option<Handle>,
    lives: u64,
}

impl Shared {
    /// With the first life.
    pub(super) fn of(process: &Process) -> Self {
        let (state, _) = watch::channel(State::Stopped);
        let running = Mutex::new(Running { handle: None, lives: 0 });
        let shared = Self { state, running, hurry: Notify::new() };
        shared.up(process);
        shared
    }

    pub(super) fn up(&self, process: &Process) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.lives += 1;
        let life = running.lives;
        running.handle = Some(process.handle());
        drop(running);
        self.state.send_replace(State::Up { pid: process.pid(), life });
    }

    /// Nothing runs, which is `state`.
    pub(super) fn down(&self, state: State) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).handle = None;
        self.state.send_replace(state);
    }

    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    pub(super) fn changed(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn handle(&self) -> Option<Handle> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).handle.clone()
    }

    /// Ends the wait of a daemon that is down. One that runs must not be spared its next wait.
    pub(super) fn hurry(&self) {
        if matches!(self.state(), State::Down { .. }) {
            self.hurry.notify_one();
        }
    }

    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
    }
}
