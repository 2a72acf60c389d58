//! Running a command that is to end by itself, such as a daemon's check of its config.

mod gather;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use seaway_core::{ErrorKind, ProviderError};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use self::gather::Gathered;

/// What a command said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it ended with the code 0.
    pub success: bool,
    /// The code that it ended with; nothing if a signal ended it.
    pub code: Option<i32>,
    /// The first 64 KiB of its output. What is not UTF-8 there is replaced.
    pub stdout: String,
    /// The first 64 KiB of its complaints. What is not UTF-8 there is replaced.
    pub stderr: String,
}

/// Where Debian has its daemons. Who is not root may not have it on `PATH`.
const SYSTEM: &str = "/usr/sbin";

/// The daemon of this name: as it is found on `PATH`, or else in `/usr/sbin`.
pub fn daemon(name: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH").is_some_and(|places| {
        std::env::split_paths(&places).any(|place| place.join(name).is_file())
    });
    let system = Path::new(SYSTEM).join(name);
    if !on_path && system.is_file() { system } else { PathBuf::from(name) }
}

/// Runs `program` (a path, or a name that is looked up on `PATH`) with `args`, without a shell and
/// without input. Of the environment it gets `PATH`, and a language that its words can be read in.
///
/// It is killed, with all that it started, when it has not ended after `patience`; that is an error.
/// Ending with another code than 0 is not. A future that is dropped kills the command.
pub async fn run<A: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = A>,
    patience: Duration,
) -> Result<Said, ProviderError> {
    let mut command = clean(program);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| unstartable(program, error))?;
    let mut stdout = Gathered::of(child.stdout.take());
    let mut stderr = Gathered::of(child.stderr.take());

    let all = async { tokio::join!(child.wait(), stdout.read(), stderr.read()).0 };
    let ended = match timeout(patience, all).await {
        Ok(ended) => ended,
        // It ended, but left something behind that has its output open: it said what it had to say.
        Err(_) if child.id().is_none() => child.wait().await,
        Err(_) => {
            kill(&mut child).await;
            let words = [stderr.text(), stdout.text()].concat();
            return Err(overdue(program, patience, words.trim()));
        }
    };
    let ended = ended.map_err(|error| {
        let message = format!("`{}` can't be waited for: {error}", program.display());
        ProviderError::new(ErrorKind::Unexpected, OPERATION, message).because(error)
    })?;
    let (stdout, stderr) = (stdout.text(), stderr.text());
    Ok(Said { success: ended.success(), code: ended.code(), stdout, stderr })
}

const OPERATION: &str = "command";

/// A command without input and without what only Seaway is to know: its environment may hold the
/// keys to a cloud. It has a process group of its own, so that a Ctrl-C at the terminal is not for it.
pub(crate) fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").stdin(Stdio::null()).process_group(0);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// The error of a program that could not be started, with the remedy.
pub(crate) fn unstartable(program: &Path, error: io::Error) -> ProviderError {
    let name = program.display();
    let (kind, message) = if error.kind() == io::ErrorKind::NotFound {
        let place = if program.components().count() > 1 { "there" } else { "on PATH" };
        let remedy = "install it, or name its path as `binary`";
        (ErrorKind::Unavailable, format!("`{name}` is not {place}: {remedy}"))
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        let remedy = "let the user that Seaway runs as execute it";
        (ErrorKind::PermissionDenied, format!("`{name}` can't be started: {error}; {remedy}"))
    } else {
        (ErrorKind::Unavailable, format!("`{name}` can't be started: {error}"))
    };
    ProviderError::new(kind, OPERATION, message).because(error)
}

fn overdue(program: &Path, patience: Duration, words: &str) -> ProviderError {
    let name = program.display();
    let words = if words.is_empty() { "nothing" } else { words };
    // It lands in Events, which have room for a few lines.
    let words: String = words.chars().take(400).collect();
    let message =
        format!("`{name}` did not end within {patience:?} and was killed; it said: {words}");
    ProviderError::new(ErrorKind::Unavailable, OPERATION, message)
}

/// Ends the command with all that it started, and waits until it has ended. While it has not been
/// waited for, its id is nobody else's.
async fn kill(child: &mut Child) {
    if let Some(group) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // It may have ended by itself in the meantime.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait().await;
}
