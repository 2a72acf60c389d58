//! What the disk refuses, in terms that the controller acts on.

use std::io;
use std::path::Path;

use seaway_core::{ErrorKind, ProviderError};

/// What is being done wherever a file of ours is at stake.
pub(crate) const OPERATION: &str = "config file";

/// The error of what `can't` be done with `path`, with the remedy where there is one.
pub(crate) fn told(cant: &str, path: &Path, error: io::Error) -> ProviderError {
    let (kind, remedy) = judge(error.kind());
    let message = format!("{} {cant}: {error}{remedy}", path.display());
    ProviderError::new(kind, OPERATION, message).because(error)
}

/// Runs `work`, which asks the disk, on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProviderError> + Send + 'static,
) -> Result<T, ProviderError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        let message = format!("the thread that asks the disk ended: {error}");
        Err(ProviderError::new(ErrorKind::Unexpected, OPERATION, message).because(error))
    })
}

fn judge(kind: io::ErrorKind) -> (ErrorKind, &'static str) {
    use io::ErrorKind as Io;
    if matches!(kind, Io::PermissionDenied) {
        (
            ErrorKind::PermissionDenied,
            "; give the user that Seaway runs as the right to write there",
        )
    } else if matches!(kind, Io::ReadOnlyFilesystem) {
        (ErrorKind::PermissionDenied, "; name a `folder` that can be written")
    } else if matches!(kind, Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge) {
        (ErrorKind::QuotaExceeded, "; free some space there")
    } else if matches!(kind, Io::NotADirectory | Io::IsADirectory | Io::AlreadyExists) {
        (ErrorKind::Conflict, "; move away what stands there, or name another `folder`")
    } else {
        (ErrorKind::Unavailable, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(errno: rustix::io::Errno, kind: ErrorKind, words: &str) {
        let told = told("can't be written", Path::new("/a/file"), errno.into());
        assert_eq!(told.kind(), kind, "{told}");
        let text = told.to_string();
        assert!(text.starts_with("config file: /a/file can't be written: "), "{text}");
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn what_the_disk_refuses_is_told_with_the_path_and_the_remedy() {
        use rustix::io::Errno;
        check(Errno::ACCESS, ErrorKind::PermissionDenied, "the right to write there");
        check(Errno::PERM, ErrorKind::PermissionDenied, "the right to write there");
        check(Errno::ROFS, ErrorKind::PermissionDenied, "a `folder` that can be written");
        check(Errno::NOSPC, ErrorKind::QuotaExceeded, "free some space");
        check(Errno::DQUOT, ErrorKind::QuotaExceeded, "free some space");
        check(Errno::ISDIR, ErrorKind::Conflict, "move away what stands there");
        check(Errno::NOTDIR, ErrorKind::Conflict, "move away what stands there");
        check(Errno::IO, ErrorKind::Unavailable, "error");
    }
}
