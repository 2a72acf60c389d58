//! Whatever is wrong, the message names the thing and the remedy: on the terminal, and as an Event on
//! the Service that it concerns.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod cluster;
mod config;
mod flags;
mod permission;
mod pool;
mod port;
mod service;

use seaway_integration::{Ended, Process};

/// Runs `seaway` with `args`: it must end at once with an exit code that says so, and a message on
/// stderr that has all of `parts`.
async fn refused(args: &[&str], parts: &[&str]) -> Ended {
    let ended = Process::run(args, "").await;
    assert!(matches!(ended.code, Some(1 | 2)), "{args:?}: {ended:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{args:?} does not say {part:?}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}
