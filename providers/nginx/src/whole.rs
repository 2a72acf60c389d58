//! The configs around ours.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use seaway_core::{Digest, ErrorKind, ProviderError};

use crate::config::Config;
use crate::program::Binary;

/// What a worker has open besides connections: listeners, above all.
const SPARE_FILES: u32 = 8192;

/// A config for the check of `candidate` alone: it writes nothing but its own `check.pid`.
pub(crate) fn for_check(folder: &Path, binary: &Binary, candidate: &Path) -> String {
    let mut text = modules(binary);
    let _ = writeln!(text, "pid {};", folder.join("check.pid").display());
    text.push_str("events { worker_connections 64; }\n");
    let _ = writeln!(text, "stream {{ include {}; }}", candidate.display());
    text
}

/// The main config of a daemon that is ours to start.
pub(crate) fn ours(config: &Config, binary: &Binary, live: &Path) -> String {
    let workers = config.workers.map_or_else(|| "auto".to_owned(), |count| count.to_string());
    let mut text = "# Written by Seaway at every start.\n".to_owned();
    text.push_str(&modules(binary));
    let _ = writeln!(text, "pid {};", config.pid_file().display());
    text.push_str("error_log stderr notice;\n");
    let _ = writeln!(text, "worker_processes {workers};");
    // As far as the daemon may: it goes on with fewer.
    let files = config.worker_connections.get().saturating_add(SPARE_FILES);
    let _ = writeln!(text, "worker_rlimit_nofile {files};");
    let _ = writeln!(text, "worker_shutdown_timeout {}s;", config.drain_seconds);
    let _ = writeln!(text, "events {{ worker_connections {}; }}", config.worker_connections);
    let _ = writeln!(text, "stream {{ include {}; }}", live.display());
    text
}

/// The digest of a config around ours, to be part of the frame.
pub(crate) fn digest(text: &str) -> Digest {
    Digest::of(&text)
}

/// Writes one of these. Readers see it whole or not at all.
pub(crate) async fn write(path: &Path, text: &str) -> Result<(), ProviderError> {
    let part = PathBuf::from(format!("{}.part", path.display()));
    let written = async {
        tokio::fs::write(&part, text).await?;
        tokio::fs::rename(&part, path).await
    };
    written.await.map_err(|error| {
        let message = format!("{} can't be written: {error}", path.display());
        ProviderError::new(ErrorKind::Unavailable, "config file", message).because(error)
    })
}

fn modules(binary: &Binary) -> String {
    let mut text = String::new();
    for module in &binary.modules {
        let _ = writeln!(text, "load_module {};", module.display());
    }
    text
}
