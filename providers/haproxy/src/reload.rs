use std::io;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use seaway_box::Daemon;
use seaway_core::{Digest, ErrorKind, ProviderError};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::haproxy::Haproxy;
use crate::render::{OURS, loaded};
use crate::running::Running;
use crate::runtime::Info;
use crate::{NAME, states};

/// How often it is asked whether it is done.
const EVERY: Duration = Duration::from_millis(20);
/// How long it may take: 5,000 servers are loaded in a third of a second.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a HAProxy of ours may be down before that is told.
const DOWN_FOR: Duration = Duration::from_secs(3);
/// A worker that was not taught by the one before it teaches nobody for 5 seconds: so long it waits
/// for somebody to teach itself (`PEER_RESYNC_TIMEOUT`).
const SETTLED_SECONDS: u64 = 6;

/// Has HAProxy load its files, or starts it; returns once it runs with `frame`.
pub(crate) async fn reload(haproxy: &Haproxy, frame: &Digest) -> Result<Running, ProviderError> {
    let process = &haproxy.0.process;
    let before = haproxy.info().await?;
    let settled = match &before {
        Some(info) => settle(haproxy, info).await?,
        None => false,
    };
    let runs = before.is_some() || process.runs().await?;
    let answer = match before {
        Some(_) => haproxy.0.socket.ask("show servers state").await?,
        None => None,
    };
    let files = Files { config: haproxy.0.config.file(), folder: haproxy.0.config.folder.clone() };
    files.change(move |files| states::write(&files.config, &files.folder, answer.as_deref())).await;
    let came = async {
        if runs {
            process.reload().await?;
        } else {
            process.start().await?;
        }
        arrive(haproxy, before.as_ref(), frame).await
    };
    let now = came.await;
    files.change(|files| states::clear(&files.folder)).await;
    let now = now?;
    *haproxy.0.taught.lock().unwrap_or_else(PoisonError::into_inner) = settled.then_some(now.pid);
    let running = haproxy.running().await?;
    running.ok_or_else(|| ProviderError::new(ErrorKind::Unavailable, NAME, "it ended again"))
}

/// Where the state files are made from, and where they are.
#[derive(Clone, Debug)]
struct Files {
    config: PathBuf,
    folder: PathBuf,
}

impl Files {
    /// Without them a reload does what it did before there were any: that must not keep us from it.
    async fn change(&self, change: impl FnOnce(&Self) -> io::Result<()> + Send + 'static) {
        let files = self.clone();
        let done = spawn_blocking(move || change(&files)).await;
        if let Err(error) = done.map_err(io::Error::other).flatten() {
            let folder = self.folder.display();
            warn!("{folder}: nodes count as up until their first check after a reload: {error}");
        }
    }
}

/// Waits until the worker would teach the next one which client has which node, if it knows any.
async fn settle(haproxy: &Haproxy, info: &Info) -> Result<bool, ProviderError> {
    let taught = *haproxy.0.taught.lock().unwrap_or_else(PoisonError::into_inner);
    if taught == Some(info.pid) || info.uptime_seconds >= SETTLED_SECONDS {
        return Ok(true);
    }
    let tables = haproxy.0.socket.tell("show table").await?;
    if !remembers(&tables) {
        return Ok(false);
    }
    sleep(Duration::from_secs(SETTLED_SECONDS - info.uptime_seconds)).await;
    Ok(true)
}

/// `# table: seaway_default_web_…, type: ip, size:204800, used:8`
fn remembers(tables: &str) -> bool {
    tables.lines().filter_map(|line| line.strip_prefix("# table: ")).any(|line| {
        let used = line.rsplit_once("used:").map(|(_, used)| used.trim());
        line.starts_with(OURS) && used.is_some_and(|used| used != "0")
    })
}

/// Waits for another worker than before, that runs with `frame`.
async fn arrive(
    haproxy: &Haproxy,
    before: Option<&Info>,
    frame: &Digest,
) -> Result<Info, ProviderError> {
    let begun = Instant::now();
    let mut why = String::new();
    while begun.elapsed() < PATIENCE {
        if let Some(info) = haproxy.info().await?
            && before.is_none_or(|before| before.pid != info.pid)
            && loaded(&info.description).as_ref() == Some(frame)
        {
            return Ok(info);
        }
        // It is tried again and again, but this file will not make it run.
        if begun.elapsed() > DOWN_FOR
            && let Some(down) = haproxy.0.process.down().await
        {
            why = format!("; {down}");
            break;
        }
        sleep(EVERY).await;
    }
    let words = match haproxy.0.process.complaint().await {
        Some(words) => format!("it says: {words}"),
        None => "its log says why; does it load our file (`-f`)?".to_owned(),
    };
    let (file, waited) = (haproxy.0.config.file(), begun.elapsed().as_secs());
    let message = format!("it does not run with {} after {waited}s{why}: {words}", file.display());
    Err(ProviderError::new(ErrorKind::Unavailable, NAME, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_table_of_ours_with_clients_is_worth_a_wait() {
        let tables = |name: &str, used: u32| {
            format!("# table: {name}, type: ip, size:204800, used:{used}\n\n")
        };
        assert!(remembers(&tables("seaway_default_web_0", 8)));
        assert!(!remembers(&tables("seaway_default_web_0", 0)));
        assert!(!remembers(&tables("their_own", 8)));
        assert!(!remembers(""));
    }
}
