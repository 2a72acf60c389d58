use tokio::signal::unix::{SignalKind, signal};

/// Waits until somebody wants this process to end: by Ctrl-C, by a closed terminal, or as a service is
/// stopped.
pub async fn stopped() {
    let on = |kind| signal(kind).unwrap();
    let (mut interrupt, mut hangup, mut terminate) =
        (on(SignalKind::interrupt()), on(SignalKind::hangup()), on(SignalKind::terminate()));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Ends a program that takes no arguments, if it was given any.
#[expect(clippy::print_stderr, reason = "it is for programs")]
pub fn takes_no_arguments() {
    let mut arguments = std::env::args();
    let program = arguments.next().unwrap_or_default();
    if let Some(first) = arguments.next() {
        eprintln!("{program}: {first}: it takes no arguments; SEAWAY_BIN names the seaway to show");
        std::process::exit(2);
    }
}
