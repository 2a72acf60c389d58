use std::path::Path;
use std::time::Duration;

use seaway_box::{Complaint, command};
use seaway_core::{ErrorKind, ProviderError};

use crate::config::Config;

/// 5,000 servers take a third of a second.
const PATIENCE: Duration = Duration::from_mins(1);

/// Has HAProxy read `file`, after what the user has.
pub(crate) async fn check(config: &Config, file: &Path) -> Result<(), Complaint> {
    let args = [Path::new("-c")].into_iter().chain(config.files(file));
    let said =
        command::run(&config.binary, args, PATIENCE).await.map_err(|error| unchecked(&error))?;
    if said.success {
        return Ok(());
    }
    Err(complaint(&said.stderr, file))
}

fn unchecked(error: &ProviderError) -> Complaint {
    Complaint { kind: error.kind(), line: None, message: error.message().to_owned() }
}

/// What HAProxy has against the file, of what it wrote: its first alert about a line of it, or else
/// the first alert.
pub(crate) fn complaint(said: &str, file: &Path) -> Complaint {
    let alerts: Vec<_> = said.lines().filter_map(alert).collect();
    let place = format!("[{}:", file.display());
    let located = alerts.iter().find_map(|alert| {
        let (_, rest) = alert.split_once(place.as_str())?;
        let (line, words) = rest.split_once(']')?;
        Some((line.parse().ok()?, words.trim_start_matches([' ', ':'])))
    });
    if let Some((line, words)) = located {
        let (line, message) = (Some(line), format!("{words} (line {line})"));
        return Complaint { kind: ErrorKind::InvalidSpec, line, message };
    }
    // Nothing that a Service asked for: the user's own file, or one that can't be read.
    let words = alerts.first().map_or_else(|| said.trim(), |alert| *alert);
    let words = if words.is_empty() { "it refused the file without a word" } else { words };
    let message = words.chars().take(400).collect();
    Complaint { kind: ErrorKind::Unavailable, line: None, message }
}

/// `[ALERT]    (321) : config : parsing [FILE:4] : unknown keyword …`
pub(crate) fn alert(line: &str) -> Option<&str> {
    let (_, words) = line.strip_prefix("[ALERT]")?.split_once(" : ")?;
    Some(words.strip_prefix("config : ").unwrap_or(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 2.6.12 writes it.
    const SAID: &str = "\
[NOTICE]   (26449) : haproxy version is 2.6.12-1+deb12u4
[ALERT]    (26449) : config : parsing [/a/user.cfg:2] : 'stats socket' : unknown keyword 'foo'. Did you mean 'tfo' maybe ?
[ALERT]    (26449) : config : parsing [/a/haproxy.cfg:4] : unknown keyword 'bad' in 'defaults' section
[ALERT]    (26449) : config : [/a/haproxy.cfg:6] : 'server a/x' : invalid port '99999999'
[ALERT]    (26449) : config : Fatal errors found in configuration.
";

    #[test]
    fn the_first_alert_about_the_file_is_told_with_its_line() {
        let complaint = complaint(SAID, Path::new("/a/haproxy.cfg"));
        assert_eq!((complaint.kind, complaint.line), (ErrorKind::InvalidSpec, Some(4)));
        assert_eq!(complaint.message, "unknown keyword 'bad' in 'defaults' section (line 4)");
    }

    #[test]
    fn a_server_line_is_found_too() {
        let said: String =
            SAID.lines().filter(|line| !line.contains(":4]")).collect::<Vec<_>>().join("\n");
        let complaint = complaint(&said, Path::new("/a/haproxy.cfg"));
        assert_eq!(complaint.line, Some(6));
        assert_eq!(complaint.message, "'server a/x' : invalid port '99999999' (line 6)");
    }

    #[test]
    fn an_alert_about_another_file_is_nobodys_fault() {
        let complaint = complaint(SAID, Path::new("/b/haproxy.cfg"));
        assert_eq!((complaint.kind, complaint.line), (ErrorKind::Unavailable, None));
        assert!(complaint.message.starts_with("parsing [/a/user.cfg:2] : 'stats socket'"));
    }
}
