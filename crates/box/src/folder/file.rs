//! Reading and writing one file, all of it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use seaway_core::{ErrorKind, ProviderError};

use super::fault::{OPERATION, told};

/// The text at `path`, if there is a file there. What is not a file, is longer than `most` bytes or
/// is not UTF-8 is not ours, and an error.
pub(super) fn read(path: &Path, most: u64) -> Result<Option<String>, ProviderError> {
    let fault = |error| told("can't be read", path, error);
    let foreign = |what: &str| {
        let message = format!("{} {what}: somebody else made it", path.display());
        ProviderError::new(ErrorKind::Conflict, OPERATION, message)
    };
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(error)),
    };
    let found = file.metadata().map_err(fault)?;
    if !found.is_file() {
        return Err(foreign("is not a file"));
    }
    // What grows while it is read must not be longer either.
    let mut bytes = Vec::with_capacity(usize::try_from(found.len().min(most)).unwrap_or(0));
    file.take(most + 1).read_to_end(&mut bytes).map_err(fault)?;
    if found.len() > most || bytes.len() as u64 > most {
        return Err(foreign(&format!("has more than {most} bytes")));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        foreign(&format!("is not UTF-8 after byte {at}"))
    })
}

/// Opening a pipe that nobody writes to waits for ever, unless told not to.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// A new file at `path` with `text`, on the disk when this returns. What a crash left there goes
/// first: a file that is opened anew can't be a link to elsewhere, nor have the modes of another.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    // The umask took from the mode what the daemon may need.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}
