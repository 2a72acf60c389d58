//! The task that keeps a daemon alive.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Patience;
use super::process::Process;
use super::program::Program;
use super::shared::{Shared, State};
use super::voice::Voice;

/// How long a daemon that is told to end at once may take for it.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The order to end the daemon. Who gave it is told when that is done.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) soft: Signal,
    pub(super) grace: Duration,
    pub(super) done: oneshot::Sender<()>,
}

/// What a task needs to keep a daemon alive.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) program: Program,
    pub(super) voice: Voice,
    pub(super) shared: Arc<Shared>,
    pub(super) orders: mpsc::Receiver<Stop>,
}

impl Keeper {
    /// Keeps the daemon alive, beginning with `process`, until it is told to stop it. If the
    /// supervisor is dropped, the daemon is left as it is.
    pub(super) async fn keep(mut self, mut process: Process) {
        let mut patience = Patience::new(self.program.backoff);
        loop {
            let born = Instant::now();
            let why = tokio::select! {
                // Orders come first: a supervisor that was dropped must not act on an end.
                biased;
                order = self.orders.recv() => {
                    if let Some(stop) = order {
                        self.stop(process, stop).await;
                    }
                    return;
                }
                why = process.ended() => why,
                never = self.voice.listen() => match never {},
            };
            self.voice.finish();
            let wait = patience.after(born.elapsed());
            self.fell(&why, wait);
            match self.again(&mut patience, wait).await {
                Some(next) => process = next,
                None => return,
            }
        }
    }

    /// The next life, after a wait; nothing if there is to be none.
    async fn again(&mut self, patience: &mut Patience, mut wait: Duration) -> Option<Process> {
        loop {
            tokio::select! {
                biased;
                order = self.orders.recv() => {
                    if let Some(stop) = order {
                        self.shared.down(State::Stopped);
                        // Who gave the order may have gone.
                        let _ = stop.done.send(());
                    }
                    return None;
                }
                () = sleep(wait) => {}
                () = self.shared.hurried() => {}
                never = self.voice.listen() => match never {},
            }
            match Process::start(&self.program, &self.voice) {
                Ok(process) => {
                    let pid = process.pid();
                    tracing::info!(daemon = self.program.name, pid, "started again");
                    self.shared.up(&process);
                    return Some(process);
                }
                Err(error) => {
                    wait = patience.after(Duration::ZERO);
                    self.fell(error.message(), wait);
                }
            }
        }
    }

    async fn stop(mut self, mut process: Process, stop: Stop) {
        let Self { voice, .. } = &mut self;
        let all = async {
            process.signal(stop.soft);
            if timeout(stop.grace, process.ended()).await.is_err() {
                process.signal(Signal::TERM);
                if timeout(stop.grace.min(AT_ONCE), process.ended()).await.is_err() {
                    process.kill();
                    process.ended().await;
                }
            }
        };
        tokio::select! {
            () = all => {}
            never = voice.listen() => match never {},
        }
        self.voice.finish();
        tracing::info!(daemon = self.program.name, "stopped");
        self.shared.down(State::Stopped);
        // Who gave the order may have gone.
        let _ = stop.done.send(());
    }

    fn fell(&self, why: &str, wait: Duration) {
        tracing::warn!(daemon = self.program.name, why, next_try_in = ?wait, "not running");
        self.shared.down(State::Down { why: why.into() });
    }
}
