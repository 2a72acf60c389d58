//! What the daemon's parser says of a file.

use std::path::Path;

use seaway_box::Complaint;
use seaway_core::ErrorKind;

/// Address not available.
const NOT_LOCAL: &str = "(99: ";
/// Permission denied.
const DENIED: &str = "(13: ";

/// What `nginx -t` has against a file; `text` is what stands in it.
///
/// `same_rights`: whether the daemon has no more rights than we have. Otherwise a port that we may
/// not listen on says nothing: all of the file was read by then.
pub(crate) fn read(
    words: &str,
    file: &Path,
    text: &str,
    same_rights: bool,
) -> Result<(), Complaint> {
    let message = words.lines().find_map(complaint).unwrap_or_else(|| words.trim());
    if let Some(bind) = message.strip_prefix("bind() to ") {
        if bind.contains(DENIED) && !same_rights {
            return Ok(());
        }
        let line = bind.split_whitespace().next().and_then(|address| listener(text, address));
        let kind = if bind.contains(DENIED) {
            ErrorKind::PermissionDenied
        } else {
            ErrorKind::Unavailable
        };
        let message = if bind.contains(NOT_LOCAL) {
            let address = bind.split_whitespace().next().unwrap_or_default();
            format!(
                "{message}: the address of {address} is not on this machine; put it there, name an \
                 `interface`, or: sudo sysctl net.ipv4.ip_nonlocal_bind=1 net.ipv6.ip_nonlocal_bind=1"
            )
        } else {
            message.to_owned()
        };
        return Err(Complaint { kind, line, message });
    }
    let line = place(message, file);
    let kind = if line.is_some() { ErrorKind::InvalidSpec } else { ErrorKind::Unavailable };
    Err(Complaint { kind, line, message: message.to_owned() })
}

/// The message of a line that tells why a config can't be used: without the time and the process.
pub(crate) fn complaint(line: &str) -> Option<&str> {
    let (_, message) = line.split_once("[emerg] ")?;
    let process = message.split_once(": ").filter(|(head, _)| {
        !head.is_empty() && head.chars().all(|c| c.is_ascii_digit() || c == '#')
    });
    Some(process.map_or(message, |(_, message)| message).trim())
}

/// The line that a message names, if it is one of this file.
fn place(message: &str, file: &Path) -> Option<usize> {
    let (_, place) = message.rsplit_once(" in ")?;
    let (path, line) = place.rsplit_once(':')?;
    (Path::new(path) == file).then(|| line.parse().ok())?
}

/// The line on which somebody wants to listen at this address.
fn listener(text: &str, address: &str) -> Option<usize> {
    let line = text.lines().position(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("listen")
            && words.next().is_some_and(|word| word.trim_end_matches(';') == address)
    })?;
    Some(line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "server {\n  listen 192.0.2.1:80 backlog=9;\n  listen [::2]:53 udp;\n}\n";

    fn read(words: &str, same_rights: bool) -> Result<(), Complaint> {
        super::read(words, Path::new("/a/b.candidate"), TEXT, same_rights)
    }

    #[test]
    fn a_line_of_the_file_is_to_blame() {
        let words = "nginx: [emerg] unknown directive \"x\" in /a/b.candidate:7\nnginx: failed\n";
        let complaint = read(words, true).unwrap_err();
        assert_eq!((complaint.kind, complaint.line), (ErrorKind::InvalidSpec, Some(7)));
        assert_eq!(complaint.message, "unknown directive \"x\" in /a/b.candidate:7");
        let other = read("2026/11/23 13:37:56 [emerg] 1#1: no x in /a/c:7", true).unwrap_err();
        assert_eq!((other.kind, other.line), (ErrorKind::Unavailable, None));
        assert_eq!(other.message, "no x in /a/c:7");
        assert_eq!(read("killed\n", true).unwrap_err().message, "killed");
    }

    #[test]
    fn an_address_that_can_not_be_had_is_found_in_the_file() {
        let words =
            |address| format!("nginx: [emerg] bind() to {address} failed (99: Cannot assign)");
        let complaint = read(&words("[::2]:53"), true).unwrap_err();
        assert_eq!((complaint.kind, complaint.line), (ErrorKind::Unavailable, Some(3)));
        assert!(complaint.message.contains("ip_nonlocal_bind"), "{}", complaint.message);
        assert_eq!(read(&words("192.0.2.1:80"), true).unwrap_err().line, Some(2));
        assert_eq!(read(&words("192.0.2.1:8"), true).unwrap_err().line, None);
    }

    #[test]
    fn a_port_that_only_the_daemon_may_have_says_nothing() {
        let words = "nginx: [emerg] bind() to 192.0.2.1:80 failed (13: Permission denied)";
        assert_eq!(read(words, false), Ok(()));
        assert_eq!(read(words, true).unwrap_err().kind, ErrorKind::PermissionDenied);
    }
}
