use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use seaway_box::supervisor::{self, Program, Supervisor};
use seaway_core::{ErrorKind, ProviderError};
use tokio::sync::Mutex;

use crate::NAME;
use crate::config::Config;
use crate::runtime::Socket;

/// The master process: ours, or that of the box.
#[derive(Debug)]
pub(crate) struct Process {
    master: Socket,
    pid_file: PathBuf,
    /// What we would start, if we are to.
    program: Option<Program>,
    supervisor: Mutex<Option<Supervisor>>,
}

impl Process {
    pub(crate) fn new(config: &Config) -> Self {
        let master = Socket::new(config.master_socket());
        let program = config.start.then(|| program(config));
        Self { master, pid_file: config.pid_file(), program, supervisor: Mutex::default() }
    }

    /// Whether it is ours to start.
    pub(crate) const fn is_ours(&self) -> bool {
        self.program.is_some()
    }

    /// Whether there is a master process.
    pub(crate) async fn runs(&self) -> Result<bool, ProviderError> {
        Ok(self.master.is_live().await || self.pid().await?.is_some())
    }

    /// Takes over the process that an earlier Seaway started.
    pub(crate) async fn adopt(&self) -> Result<(), ProviderError> {
        let Some(program) = &self.program else { return Ok(()) };
        let mut supervisor = self.supervisor.lock().await;
        if supervisor.is_none()
            && let Some(pid) = supervisor::pid_in(&self.pid_file).await?
        {
            *supervisor = Supervisor::adopt(program.clone(), pid)?;
        }
        Ok(())
    }

    /// Starts it, if it is ours and does not run.
    pub(crate) async fn start(&self) -> Result<(), ProviderError> {
        self.adopt().await?;
        let Some(program) = &self.program else {
            let message = "HAProxy does not run on this box: start it, or set \
                           providers.haproxy.start = true";
            return Err(ProviderError::new(ErrorKind::Unavailable, NAME, message));
        };
        let mut supervisor = self.supervisor.lock().await;
        match &*supervisor {
            Some(supervisor) => supervisor.hurry(),
            None => *supervisor = Some(Supervisor::start(program.clone())?),
        }
        Ok(())
    }

    /// Has the master process load its files again. What it says of them, if it says something.
    pub(crate) async fn reload(&self) -> Result<(), ProviderError> {
        // Since 2.7 it answers once it is done: `Success=0`, `--` and its complaints if it failed.
        if let Some(answer) = self.master.ask("reload").await? {
            if let Some((_, complaints)) = answer.split_once("Success=0") {
                let words = complaints.trim_start_matches(['\n', '-']).trim();
                return Err(refused(words));
            }
            // A master that may not be told so says why; one of before 2.7 says nothing at all.
            let said = answer.trim();
            if said.is_empty() || said.contains("Success=1") {
                return Ok(());
            }
            return Err(refused(said));
        }
        let Some(pid) = self.pid().await? else {
            let message = format!(
                "HAProxy can't be told to reload: nobody listens on {}, and {} names no process of \
                 its; start it with `-W -S {0}`, or set master-socket or pid-file",
                self.master.path().display(),
                self.pid_file.display()
            );
            return Err(ProviderError::new(ErrorKind::Unavailable, NAME, message));
        };
        kill_process(pid, Signal::USR2).map_err(|error| {
            let message = format!("process {pid:?} can't be sent SIGUSR2: {error}");
            ProviderError::new(ErrorKind::PermissionDenied, NAME, message).because(error)
        })
    }

    /// The last that it said of what went wrong, if it says it to us.
    pub(crate) async fn complaints(&self) -> Option<String> {
        let words = self.supervisor.lock().await.as_ref()?.last_words();
        let alerts = words.iter().filter(|line| line.contains("[ALERT]"));
        alerts.last().cloned()
    }

    /// Ends it, if it is ours.
    pub(crate) async fn close(&self, grace: std::time::Duration) {
        let supervisor = self.supervisor.lock().await.take();
        if let Some(supervisor) = supervisor {
            // Workers go on with what is open, and end with the last connection.
            supervisor.stop(Signal::USR1, grace).await;
        }
    }

    /// The process that the file names, if it is one of HAProxy's: ids come up again.
    async fn pid(&self) -> Result<Option<Pid>, ProviderError> {
        let Some(number) = supervisor::pid_in(&self.pid_file).await? else { return Ok(None) };
        let name = tokio::fs::read_to_string(format!("/proc/{number}/comm")).await;
        let alive = name.is_ok_and(|name| name.trim() == NAME);
        Ok(i32::try_from(number).ok().filter(|_| alive).and_then(Pid::from_raw))
    }
}

fn refused(words: &str) -> ProviderError {
    let words: String = words.chars().take(400).collect();
    let message = format!("it did not take the new config and goes on with what it had: {words}");
    ProviderError::new(ErrorKind::Unavailable, NAME, message)
}

fn program(config: &Config) -> Program {
    let socket = format!("{},mode,600,level,admin", config.master_socket().display());
    let file = config.file();
    let files = config.files(&file);
    Program::new(NAME, &config.binary)
        .args(["-W", "-S", socket.as_str(), "-p"])
        .args([config.pid_file()])
        .args(files.into_iter().map(std::path::Path::to_path_buf))
}
