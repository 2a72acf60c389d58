//! One config file that is ours, in a folder: what stands there, what is to stand there next, and
//! the step from the one to the other, which is all or nothing.
//!
//! ```text
//! haproxy.cfg                 live: what the daemon loads
//! haproxy.cfg.candidate       to be checked, and installed by a rename
//! haproxy.cfg.candidate.part  being written; never read
//! ```
//!
//! What was added to the name comes last, so that a daemon which includes `*.cfg` or `*.conf` of the
//! folder does not load a candidate.

pub(crate) mod fault;
mod file;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaway_core::{ErrorKind, ProviderError};

use self::fault::told;

/// Ours to write, everybody's to look into: the daemon may run as a user of its own. Nobody else may
/// write, as what stands here is loaded by a daemon that often starts as root.
const FOLDER_MODE: u32 = 0o755;
/// Everybody's to read, for the same reason: the file says what a Service says, and no secret.
const FILE_MODE: u32 = 0o644;
/// The longest file that is read: some hundred thousand Services. What is longer was not made by us.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// A config file that is ours, with its candidate beside it.
///
/// One writer only may use it: see [`Lock`](crate::Lock). Every error names the path, and leaves the
/// live file as it was.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Paths>);

#[derive(Debug)]
struct Paths {
    folder: PathBuf,
    live: PathBuf,
    candidate: PathBuf,
    part: PathBuf,
}

/// What tells one state of the live file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    inode: u64,
    /// Nanoseconds since 1970.
    modified: i128,
    length: u64,
}

impl Folder {
    /// The file `file_name` in the folder at `path`, which is made if it is missing (0755, whatever
    /// the umask). The modes of a folder that was there are left alone.
    pub async fn open(
        path: impl Into<PathBuf>,
        file_name: &'static str,
    ) -> Result<Self, ProviderError> {
        let folder = path.into();
        let beside = |end: &str| folder.join(format!("{file_name}{end}"));
        let (live, candidate, part) = (beside(""), beside(".candidate"), beside(".candidate.part"));
        let paths = Self(Arc::new(Paths { folder, live, candidate, part }));
        paths.blocking(|paths| make(&paths.folder)).await?;
        Ok(paths)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0.folder
    }

    /// Where the file stands that the daemon loads.
    pub fn live_path(&self) -> &Path {
        &self.0.live
    }

    /// Where the file stands that is to be checked.
    pub fn candidate_path(&self) -> &Path {
        &self.0.candidate
    }

    /// The text of the live file, if there is one.
    pub async fn live(&self) -> Result<Option<String>, ProviderError> {
        self.blocking(|paths| file::read(&paths.live, MOST_BYTES)).await
    }

    /// The text of the candidate, if there is one.
    pub async fn candidate(&self) -> Result<Option<String>, ProviderError> {
        self.blocking(|paths| file::read(&paths.candidate, MOST_BYTES)).await
    }

    /// Makes `text` the candidate. It is on the disk, all of it, before it has the candidate's name.
    pub async fn write(&self, text: impl Into<String>) -> Result<(), ProviderError> {
        let text = text.into();
        self.blocking(move |paths| {
            file::write(&paths.part, &text, FILE_MODE).map_err(|error| {
                // What a full disk left of it would keep the disk full. That the writing failed is
                // what is worth telling, not that this did too.
                let _ = remove(&paths.part);
                told("can't be written", &paths.part, error)
            })?;
            rename(&paths.part, &paths.candidate)
        })
        .await
    }

    /// Makes the candidate the live file, at once and for good: a reader sees the old file or the new
    /// one, and so does whoever looks after a power cut.
    pub async fn install(&self) -> Result<(), ProviderError> {
        self.blocking(|paths| {
            rename(&paths.candidate, &paths.live)?;
            fs::File::open(&paths.folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| told("can't be brought to the disk", &paths.folder, error))
        })
        .await
    }

    /// Takes the candidate away, if there is one.
    pub async fn discard(&self) -> Result<(), ProviderError> {
        self.blocking(|paths| {
            remove(&paths.part)?;
            remove(&paths.candidate)
        })
        .await
    }

    /// What tells whether the live file was edited or replaced; nothing if there is none.
    pub async fn stamp(&self) -> Result<Option<Stamp>, ProviderError> {
        self.blocking(|paths| match fs::metadata(&paths.live) {
            Ok(found) => Ok(Some(Stamp {
                inode: found.ino(),
                modified: i128::from(found.mtime()) * 1_000_000_000
                    + i128::from(found.mtime_nsec()),
                length: found.len(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(told("can't be looked at", &paths.live, error)),
        })
        .await
    }

    /// Disks may be slow, so what asks them leaves the workers of the runtime alone.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Paths) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T, ProviderError> {
        let paths = Arc::clone(&self.0);
        fault::blocking(move || work(&paths)).await
    }
}

/// The text of a file that is somebody else's to write, and short.
pub(crate) async fn read(path: &Path) -> Result<Option<String>, ProviderError> {
    const MOST_BYTES: u64 = 4096;
    let path = path.to_owned();
    fault::blocking(move || file::read(&path, MOST_BYTES)).await
}

/// The folder, and those above it. Only what was made here gets its modes set.
fn make(folder: &Path) -> Result<(), ProviderError> {
    let fault = |error| told("can't be made", folder, error);
    if fs::metadata(folder).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(above).map_err(fault)?;
    }
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        Ok(()) => {
            let modes = fs::Permissions::from_mode(FOLDER_MODE);
            fs::set_permissions(folder, modes).map_err(fault)
        }
        // Somebody else made it a moment ago, unless it is something else.
        Err(_) if fs::metadata(folder).is_ok_and(|found| found.is_dir()) => Ok(()),
        Err(error) => Err(fault(error)),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), ProviderError> {
    fs::rename(from, to).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            let message = format!("{} is gone: somebody else took it away", from.display());
            return ProviderError::new(ErrorKind::Conflict, fault::OPERATION, message);
        }
        told("can't be replaced", to, error)
    })
}

fn remove(path: &Path) -> Result<(), ProviderError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(told("can't be removed", path, error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
