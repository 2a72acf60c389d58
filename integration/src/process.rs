use std::ffi::OsStr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::DEADLINE;
use crate::binary::binary;
use crate::until::until;

/// One `seaway` process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// How a process ended, and all that it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

#[derive(Debug)]
struct Lines {
    seen: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Process {
    /// Starts `seaway` with these arguments.
    pub fn start(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        Self::spawn(Self::command(args))
    }

    /// What [`Self::start`] starts, to be changed before [`Self::spawn`].
    pub fn command(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Self::program(binary());
        command.args(args);
        command
    }

    /// Another program, to be changed before [`Self::spawn`]. What this machine is set up with, for
    /// clusters, clouds and proxies, must not decide a story: the program does not hear of it.
    pub fn program(program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["KUBECONFIG", "SEAWAY_LOG", "RUST_LOG"].contains(&&*text)
                || text.starts_with("AWS_")
                || text.starts_with("GOOGLE_")
                || text.to_lowercase().ends_with("_proxy")
            {
                command.env_remove(&name);
            }
        }
        command
    }

    /// Starts a command, with all that it says kept here.
    pub fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let stdout = Lines::read(child.stdout.take().unwrap());
        let stderr = Lines::read(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// Runs `seaway` to its end, with `input` on stdin.
    pub async fn run(args: impl IntoIterator<Item = impl AsRef<OsStr>>, input: &str) -> Ended {
        let mut process = Self::start(args);
        let mut stdin = process.child.stdin.take().unwrap();
        // Who does not read it may have ended already.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        process.ended().await
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the process has ended")
    }

    /// What it has written to stdout so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits for a whole line on stdout with all of `parts`, and returns it.
    pub async fn says(&self, parts: &[&str]) -> String {
        self.stdout.until(parts).await
    }

    /// Waits for a whole line on stderr with all of `parts`, and returns it.
    pub async fn complains(&self, parts: &[&str]) -> String {
        self.stderr.until(parts).await
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits for its end.
    pub async fn ended(self) -> Ended {
        self.ended_within(DEADLINE).await
    }

    /// Waits for its end, and panics if it takes longer than `limit`.
    pub async fn ended_within(mut self, limit: Duration) -> Ended {
        let Ok(status) = timeout(limit, self.child.wait()).await else {
            panic!("seaway still runs after {limit:?}");
        };
        let code = status.unwrap().code();
        // The pipes end with the process: what it said last is in them still.
        for lines in [&mut self.stdout, &mut self.stderr] {
            timeout(DEADLINE, &mut lines.reader).await.expect("its pipes are open").unwrap();
        }
        Ended { code, stdout: self.stdout(), stderr: self.stderr() }
    }

    /// Ends it as a user does, and asserts that it ends well.
    pub async fn interrupt(self) -> Ended {
        self.signal(Signal::INT);
        let ended = self.ended().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    /// Ends it without warning, as `kill -9` does; it is gone when this returns.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("--- stdout\n{}--- stderr\n{}---\n", self.stdout(), self.stderr())
                    .as_bytes(),
            );
        }
    }
}

impl Lines {
    fn read(pipe: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let seen = Arc::new(Mutex::new(String::new()));
        let text = Arc::clone(&seen);
        let reader = tokio::spawn(async move {
            let mut pipe = BufReader::new(pipe);
            let mut line = String::new();
            while pipe.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                text.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self { seen, reader }
    }

    fn text(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    async fn until(&self, parts: &[&str]) -> String {
        until(&format!("a line with {parts:?}"), async || {
            let text = self.text();
            let mut lines = text.lines();
            lines.find(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned)
        })
        .await
    }
}
