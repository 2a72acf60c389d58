//! What a supervisor starts.

use std::ffi::OsString;
use std::path::PathBuf;

use super::backoff::Backoff;

/// A daemon that stays in the foreground, and how it is started.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is called in logs and errors.
    pub name: &'static str,
    /// The path of it, or a name that is looked up on `PATH`.
    pub path: PathBuf,
    /// What it is started with.
    pub args: Vec<OsString>,
    /// How long it waits for its next try when it died.
    pub backoff: Backoff,
}

impl Program {
    /// The program at `path`, without arguments.
    pub fn new(name: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { name, path: path.into(), args: Vec::new(), backoff: Backoff::default() }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets the waits between the tries.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }
}
