use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use seaway_core::{Digest, ErrorKind, ProviderError};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What stands before the digest in the answer.
const HEAD: &str = "seaway-";
/// How long the workers may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the running daemon tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The frame that its workers have; none if they have no config of ours.
    pub frame: Option<Digest>,
}

/// The line by which the workers tell the frame that they have.
pub(crate) fn line(frame: &Digest) -> String {
    format!("  return \"{HEAD}{frame}\";")
}

/// Asks the workers which frame they have; nothing if nobody listens.
///
/// # Errors
/// If somebody listens who does not answer, or is not ours.
pub(crate) async fn ask(address: SocketAddr) -> Result<Option<Digest>, ProviderError> {
    match timeout(PATIENCE, answer(address)).await {
        Ok(Ok(Some(answer))) => match answer.strip_prefix(HEAD).and_then(Digest::parse) {
            Some(digest) => Ok(Some(digest)),
            // A worker that is about to end may close a connection without a word.
            None if answer.is_empty() => Err(mute(address, "it closed the connection")),
            None => Err(foreign(address)),
        },
        Ok(Ok(None)) => Ok(None),
        Ok(Err(error)) => Err(mute(address, &error.to_string())),
        Err(_) => Err(mute(address, "no answer came in time")),
    }
}

async fn answer(address: SocketAddr) -> io::Result<Option<String>> {
    let mut stream = match TcpStream::connect(address).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(None),
        other => other?,
    };
    let mut answer = Vec::new();
    let longest = HEAD.len() + 64;
    while answer.len() < longest && stream.read_buf(&mut answer).await? > 0 {}
    Ok(Some(String::from_utf8_lossy(&answer).into_owned()))
}

fn mute(address: SocketAddr, why: &str) -> ProviderError {
    let message = format!("nginx runs and does not tell its config on {address}: {why}");
    ProviderError::new(ErrorKind::Unavailable, "nginx", message)
}

fn foreign(address: SocketAddr) -> ProviderError {
    let message = format!(
        "{address} belongs to something else: name another address as \
         `providers.nginx.frame-address`"
    );
    ProviderError::new(ErrorKind::Conflict, "nginx", message)
}
