//! Who writes the daemon of this box: one process only, whoever leads.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use seaway_core::{ErrorKind, ProviderError};

use crate::folder::fault::{self, told};

/// The name of the file in the folder.
const FILE: &str = "seaway.lock";
/// A process id is short; what is longer was not written here.
const MOST_BYTES: u64 = 32;

/// The right to write the daemon of a box, for as long as the value lives.
///
/// It is a `flock`, so the kernel takes it from a process that dies, `kill -9` included, and the
/// daemons that the process starts don't inherit it. The file itself stays: if it were removed, two
/// processes could each lock one of that name.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock of `folder`, which must be there. Who has it already is an error that names the
    /// process, at once: nobody waits here.
    pub async fn take(folder: &Path) -> Result<Self, ProviderError> {
        let path = folder.join(FILE);
        fault::blocking(move || Self::grab(path)).await
    }

    /// Where the lock is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn grab(path: PathBuf) -> Result<Self, ProviderError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| told("can't be opened", &path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&path, &file)),
            Err(TryLockError::Error(error)) => return Err(told("can't be locked", &path, error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(|error| told("can't be written", &path, error))?;
        Ok(Self { file, path })
    }
}

impl Drop for Lock {
    /// A child that is being started has a copy of the file until it runs its program, and with it
    /// the lock: closing the file alone would not give it back at once. No name is left behind
    /// either. If one of both fails, the end of the process does it.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn held(path: &Path, file: &File) -> ProviderError {
    let mut text = String::new();
    let read = file.take(MOST_BYTES).read_to_string(&mut text);
    let holder = match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => format!("process {pid}"),
        _ => "another process".to_owned(),
    };
    let message = format!(
        "{} is held by {holder}: one Seaway writes a daemon; stop the other, or give each a `folder` \
         of its own",
        path.display()
    );
    ProviderError::new(ErrorKind::Conflict, "lock of the box", message)
}
