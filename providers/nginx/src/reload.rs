use std::net::SocketAddr;
use std::time::Duration;

use seaway_core::{Digest, ErrorKind, ProviderError};
use tokio::time::{Instant, sleep};

use crate::frame::{self, Running};
use crate::master::Master;

/// How long the daemon may take to have workers with a new config.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long until it is told again: a daemon that has just written its process id may lose a signal,
/// if that comes before it waits for any.
const AGAIN: Duration = Duration::from_secs(3);
/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(20);
/// How many answers in a row must be the new ones: the old workers go on for 100 ms after the new
/// ones have begun, and either may answer.
const STEADY: u32 = 8;

/// Has the daemon load what stands in its file, and waits until its workers have `frame`.
pub(crate) async fn reload(
    master: &Master,
    address: SocketAddr,
    frame: &Digest,
    hint: &str,
) -> Result<Running, ProviderError> {
    let mark = master.mark().await;
    // One that is only started has no workers of before.
    let enough = if master.pid().await?.is_none() { 1 } else { STEADY };
    master.reload().await?;
    let deadline = Instant::now() + PATIENCE;
    let (mut steady, mut told) = (0, Instant::now());
    loop {
        // A worker that is about to end may close the connection without an answer.
        let answer = frame::ask(address).await;
        if matches!(&answer, Ok(Some(digest)) if digest == frame) {
            steady += 1;
            if steady >= enough {
                return Ok(Running { frame: Some(frame.clone()) });
            }
        } else {
            steady = 0;
            let complaints = master.complaints(&mark).await;
            if Instant::now() > deadline || complaints.iter().any(|words| is_final(words)) {
                return Err(refused(&complaints, answer.err(), hint));
            }
            if complaints.is_empty() && told.elapsed() > AGAIN {
                master.reload().await?;
                told = Instant::now();
            }
        }
        sleep(PAUSE).await;
    }
}

/// It tries again for a while to listen where it could not, and only says then that it has given up.
fn is_final(words: &str) -> bool {
    !words.starts_with("bind() to ")
}

fn refused(complaints: &[String], error: Option<ProviderError>, hint: &str) -> ProviderError {
    if !complaints.is_empty() {
        let words: String = complaints.join("; ").chars().take(800).collect();
        let message = format!("nginx does not take the config, and goes on as it was: {words}");
        return ProviderError::new(ErrorKind::Unavailable, "reload", message);
    }
    if let Some(error) = error {
        return error;
    }
    let message = format!("nginx does not run with the new config after {PATIENCE:?}: {hint}");
    ProviderError::new(ErrorKind::Unavailable, "reload", message)
}
