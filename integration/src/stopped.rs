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

/// Runs a demonstration to its end, or until somebody wants it to end. It takes no arguments.
#[expect(clippy::print_stderr, reason = "it is for programs")]
pub async fn demonstrate(show: impl Future<Output = ()>) {
    let mut arguments = std::env::args();
    let program = arguments.next().unwrap_or_default();
    if let Some(first) = arguments.next() {
        eprintln!("{program}: {first}: it takes no arguments; SEAWAY_BIN names the seaway to show");
        std::process::exit(2);
    }
    tokio::select! {
        biased;
        // The cluster hears of it as well: whoever goes on would only see it end.
        () = stopped() => println!("stopped     before the end; nothing is left running"),
        () = show => {}
    }
}
