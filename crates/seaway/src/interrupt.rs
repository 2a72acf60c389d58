use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A SIGINT that comes so soon after the first is the same key press: a terminal sends it to every
/// process of the group, and some of them pass it on.
const SAME: Duration = Duration::from_secs(1);

/// Cancelled by the first SIGINT or SIGTERM. A second SIGINT ends the process at once.
pub(crate) fn token() -> Result<CancellationToken> {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    let mut interrupt = signal(SignalKind::interrupt()).context("can't listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("can't listen for SIGTERM")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        cancelled.cancel();
        tokio::time::sleep(SAME).await;
        // What came meanwhile is one pending signal at most.
        let _ = futures::FutureExt::now_or_never(interrupt.recv());
        interrupt.recv().await;
        std::process::exit(130);
    });
    Ok(token)
}
