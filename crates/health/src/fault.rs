use std::io;

/// Whether a connect that failed so says something about the target, or the way to it. The rest is
/// this machine's own: no descriptor, port or memory left, no permission, and so on.
pub fn blames_target(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::TimedOut
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_machine_that_runs_out_of_something_blames_no_target() {
        let check = |errno, blamed| {
            let error = io::Error::from_raw_os_error(errno);
            assert_eq!(blames_target(&error), blamed, "{error}");
        };
        // ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT.
        for errno in [111, 104, 113, 101, 110] {
            check(errno, true);
        }
        // EMFILE, ENFILE, EADDRNOTAVAIL, ENOMEM, EACCES.
        for errno in [24, 23, 99, 12, 13] {
            check(errno, false);
        }
    }
}
