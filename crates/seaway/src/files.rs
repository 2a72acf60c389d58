use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one: every connection takes two, and the soft
/// limit is low for the sake of programs that use `select`.
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Refused only where the hard limit is more than the kernel gives; the soft one stays then.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}

/// Reads a text of `most` bytes, and no more: some files never end.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<String> {
    read_from(File::open(path)?, most)
}

/// The same of what is open already.
pub(crate) fn read_from(file: impl Read, most: u64) -> io::Result<String> {
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > most {
        let limit = most / 1024;
        return Err(io::Error::other(format!(
            "it is longer than {limit} KiB: is it the right one?"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_read_to_the_limit_only() {
        let error = read(Path::new("/dev/zero"), 4096).unwrap_err().to_string();
        assert!(error.contains("longer than 4 KiB"), "{error}");
        assert_eq!(read_from(&b"abc"[..], 3).unwrap(), "abc");
        assert!(read_from(&b"abcd"[..], 3).is_err());
    }
}
