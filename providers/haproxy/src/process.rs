use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use seaway_box::supervisor::{self, Program, State, Supervisor};
use seaway_core::{ErrorKind, ProviderError};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::NAME;
use crate::check::alert;
use crate::config::Config;
use crate::runtime::Socket;

/// How long a master process may have its socket and not listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(5);
const LISTENS_EVERY: Duration = Duration::from_millis(20);

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
        if let Some(answer) = self.order().await? {
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

    /// Its answer to the order to reload; nothing if it has no socket. A master that has just started,
    /// or is loading its files, has its socket and does not listen yet; a signal would be lost then.
    async fn order(&self) -> Result<Option<String>, ProviderError> {
        let deadline = Instant::now() + LISTENS_WITHIN;
        loop {
            let answer = self.master.ask("reload").await?;
            let there = tokio::fs::try_exists(self.master.path()).await.unwrap_or_default();
            if answer.is_some() || !there || Instant::now() >= deadline {
                return Ok(answer);
            }
            sleep(LISTENS_EVERY).await;
        }
    }

    /// Why it is down, if it is ours and is.
    pub(crate) async fn down(&self) -> Option<String> {
        match self.supervisor.lock().await.as_ref()?.state() {
            State::Down { why } => Some(why.to_string()),
            State::Up { .. } | State::Stopped => None,
        }
    }

    /// What it said of what went wrong last, if it says it to us: the first alert of its last life, as
    /// those that follow tell what came of it.
    pub(crate) async fn complaint(&self) -> Option<String> {
        let words = self.supervisor.lock().await.as_ref()?.last_words();
        first_of_last(&words).map(ToOwned::to_owned)
    }

    /// Ends it, if it is ours.
    pub(crate) async fn close(&self, grace: Duration) {
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

/// `[ALERT]    (9417) : Starting frontend …`: the process is in brackets.
fn first_of_last(words: &[String]) -> Option<&str> {
    let process = |line: &str| {
        let (start, _) = line.strip_prefix("[ALERT]")?.split_once(')')?;
        Some(start.trim().to_owned())
    };
    let last = words.iter().rev().find_map(|line| process(line))?;
    let first = words.iter().find(|line| process(line).as_ref() == Some(&last))?;
    alert(first)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_alert_of_the_last_life_is_told() {
        let words = [
            "[ALERT]    (1) : Starting frontend a: cannot bind socket [192.0.2.1:80]",
            "[ALERT]    (1) : [haproxy.main()] Some protocols failed to start",
            "[NOTICE]   (2) : haproxy version is 2.6.12-1+deb12u4",
            "[ALERT]    (2) : Starting frontend b: cannot bind socket [192.0.2.1:81]",
            "[ALERT]    (2) : [haproxy.main()] Some protocols failed to start",
        ]
        .map(str::to_owned);
        let told = first_of_last(&words);
        assert_eq!(told, Some("Starting frontend b: cannot bind socket [192.0.2.1:81]"));
        assert_eq!(first_of_last(&words[2..3]), None);
    }
}
