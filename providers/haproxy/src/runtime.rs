//! The Runtime API: commands over a unix socket.
//!
//! ```text
//! info   what the process tells of itself
//! state  the servers: where they are, and whether they are up
//! stat   the servers: whether they have connections, and what the last check said
//! ```

mod info;
mod stat;
mod state;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use seaway_core::{ErrorKind, ProviderError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

pub(crate) use self::info::Info;
pub(crate) use self::stat::{Words, busy, words};
pub(crate) use self::state::{FIRST_RESULT, Op, Row, rows};

/// How long an answer may take in all. 100,000 servers are told in a second or so.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer that is read.
const LONGEST: u64 = 512 * 1024 * 1024;

/// One socket of HAProxy's.
#[derive(Clone, Debug)]
pub(crate) struct Socket(PathBuf);

impl Socket {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The answer to one command; nothing if nobody listens.
    ///
    /// Each command has a connection of its own, at whose end the answer ends: nothing in an answer
    /// can be taken for the end of it.
    pub(crate) async fn ask(&self, command: &str) -> Result<Option<String>, ProviderError> {
        match timeout(PATIENCE, self.exchange(command)).await {
            Ok(Ok(answer)) => Ok(Some(answer)),
            Ok(Err(error)) if deserted(&error) => Ok(None),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(_) => Err(self.silent()),
        }
    }

    /// The same, where somebody must listen.
    pub(crate) async fn tell(&self, command: &str) -> Result<String, ProviderError> {
        self.ask(command).await?.ok_or_else(|| {
            let message = format!(
                "nobody listens on {}: HAProxy does not run, or runs without our file",
                self.0.display()
            );
            ProviderError::new(ErrorKind::Unavailable, OPERATION, message)
        })
    }

    /// Whether somebody listens.
    pub(crate) async fn is_live(&self) -> bool {
        matches!(timeout(PATIENCE, UnixStream::connect(&self.0)).await, Ok(Ok(_)))
    }

    async fn exchange(&self, command: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.0).await?;
        stream.write_all(format!("{command}\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn failed(&self, error: io::Error) -> ProviderError {
        let path = self.0.display();
        let (kind, remedy) = if error.kind() == io::ErrorKind::PermissionDenied {
            let remedy = "; run Seaway as the user that HAProxy is started by";
            (ErrorKind::PermissionDenied, remedy)
        } else {
            (ErrorKind::Unavailable, "")
        };
        ProviderError::new(kind, OPERATION, format!("{path}: {error}{remedy}")).because(error)
    }

    fn silent(&self) -> ProviderError {
        let message = format!("{}: no answer within {PATIENCE:?}", self.0.display());
        ProviderError::new(ErrorKind::Unavailable, OPERATION, message)
    }
}

const OPERATION: &str = "HAProxy's socket";

/// No socket, a socket without a process, or a process that ended over the answer.
fn deserted(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
    )
}

#[cfg(test)]
mod tests;
