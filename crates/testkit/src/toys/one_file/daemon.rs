//! The daemon of the box, and the files that it reads.

use std::sync::Mutex;

use seaway_core::{ClusterId, ErrorKind, ProviderError};
use tokio::sync::Notify;
use tokio::task::yield_now;

use super::Config;
use crate::Fault;

/// What the daemon says of a config that it won't take: one bad line spoils it all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The first bad line, counted from zero.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// The files of the box, and what the daemon runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The cluster that owns the live config: its first line.
    pub owner: Option<ClusterId>,
    /// The config that the daemon loads.
    pub live: Config,
    /// The config that is written beside it.
    pub candidate: Option<Config>,
    /// What the daemon runs, since its last load.
    pub running: Option<Config>,
    /// The file that the administrator of the box keeps.
    pub users_file: String,
}

/// A daemon with one config.
#[derive(Debug, Default)]
pub struct Daemon {
    state: Mutex<State>,
    fault: Mutex<Option<Fault>>,
    stirs: Notify,
}

impl Daemon {
    /// Lets the next writing call go wrong.
    pub fn inject(&self, fault: Fault) {
        *self.fault.lock().unwrap() = Some(fault);
    }

    /// Everything, past every rule.
    pub fn state(&self) -> State {
        self.state.lock().unwrap().clone()
    }

    /// Changes anything, past every rule.
    pub fn tamper(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// The same, in such a way that who watches the box sees it.
    pub fn stir(&self, change: impl FnOnce(&mut State)) {
        self.tamper(change);
        self.stirs.notify_one();
    }

    /// Waits until something is not as it was.
    pub async fn stirred(&self) {
        self.stirs.notified().await;
    }

    /// What there is of this cluster's.
    ///
    /// # Errors
    /// A conflict, if the live config belongs to another cluster.
    pub async fn read(&self, cluster: &ClusterId) -> Result<State, ProviderError> {
        yield_now().await;
        let state = self.state();
        own(&state, cluster)?;
        Ok(state)
    }

    /// Writes a config beside the live one.
    ///
    /// # Errors
    /// The fault that was injected.
    pub async fn write(&self, config: Config) -> Result<(), ProviderError> {
        self.change(|state| state.candidate = Some(config)).await
    }

    /// Whether the daemon would take what is written beside the live config.
    ///
    /// # Errors
    /// The fault that was injected, or else inside what the daemon says.
    pub async fn check(&self) -> Result<Result<(), Rejected>, ProviderError> {
        self.change(|state| {
            let lines = state.candidate.iter().flatten();
            for (line, (_, entry)) in lines.enumerate() {
                if let Some(option) = entry.option.as_ref().filter(|text| text.contains("bad")) {
                    let message = format!("line {line}: unknown option {option:?}");
                    return Err(Rejected { line, message });
                }
            }
            Ok(())
        })
        .await
    }

    /// Puts what is written beside the live config in its place, in one go.
    ///
    /// # Errors
    /// A conflict, if the live config belongs to another cluster.
    pub async fn install(&self, cluster: &ClusterId) -> Result<(), ProviderError> {
        self.change(|state| {
            own(state, cluster)?;
            if let Some(config) = state.candidate.take() {
                state.owner = Some(cluster.clone());
                state.live = config;
            }
            Ok(())
        })
        .await?
    }

    /// Loads the live config.
    ///
    /// # Errors
    /// The fault that was injected.
    pub async fn reload(&self) -> Result<(), ProviderError> {
        self.change(|state| state.running = Some(state.live.clone())).await
    }

    /// Removes what is written beside the live config.
    ///
    /// # Errors
    /// The fault that was injected.
    pub async fn discard(&self) -> Result<(), ProviderError> {
        self.change(|state| state.candidate = None).await
    }

    async fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, ProviderError> {
        yield_now().await;
        if self.fault.lock().unwrap().take().is_some() {
            let why = "the daemon does not answer on its socket";
            return Err(ProviderError::new(ErrorKind::Unavailable, "socket", why));
        }
        let answer = change(&mut self.state.lock().unwrap());
        yield_now().await;
        Ok(answer)
    }
}

fn own(state: &State, cluster: &ClusterId) -> Result<(), ProviderError> {
    match &state.owner {
        Some(owner) if owner != cluster => {
            let why = format!("the config belongs to the cluster {owner}");
            Err(ProviderError::new(ErrorKind::Conflict, "config", why))
        }
        _ => Ok(()),
    }
}
