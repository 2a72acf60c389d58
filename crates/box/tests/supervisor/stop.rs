//! Ending a daemon: softly, less softly, and at once.

use std::time::Duration;

use seaway_box::supervisor::{Signal, State, Supervisor};

use crate::lab::{ENDLESS, LONG, NEVER, group, is_there, says, script};

#[tokio::test]
async fn a_soft_signal_lets_a_daemon_end_as_it_likes() {
    let daemon = format!("trap 'echo bye; exit 0' USR1; {ENDLESS}");
    let supervisor = Supervisor::start(script(&daemon)).unwrap();
    let pid = supervisor.pid().unwrap();
    says(&supervisor, "up").await;
    supervisor.stop(Signal::USR1, LONG).await;
    assert_eq!(supervisor.last_words().last().map(String::as_str), Some("bye"));
    assert_eq!((supervisor.state(), supervisor.pid()), (State::Stopped, None));
    assert!(!is_there(pid), "a zombie is left");
    assert!(group(pid).is_empty(), "a worker is left");
}

#[tokio::test]
async fn who_does_not_hear_the_soft_signal_hears_the_next() {
    let daemon = format!("trap '' USR1; trap 'echo term; exit 0' TERM; {ENDLESS}");
    let supervisor = Supervisor::start(script(&daemon)).unwrap();
    let pid = supervisor.pid().unwrap();
    says(&supervisor, "up").await;
    supervisor.stop(Signal::USR1, Duration::from_secs(1)).await;
    assert_eq!(supervisor.last_words().last().map(String::as_str), Some("term"));
    assert!(group(pid).is_empty(), "a worker is left");
}

#[tokio::test]
async fn who_hears_nothing_is_killed_with_its_workers() {
    let daemon = format!("trap '' USR1 TERM; {ENDLESS}");
    let supervisor = Supervisor::start(script(&daemon)).unwrap();
    let pid = supervisor.pid().unwrap();
    says(&supervisor, "up").await;
    supervisor.stop(Signal::USR1, Duration::from_millis(50)).await;
    assert!(!is_there(pid), "a zombie is left");
    assert!(group(pid).is_empty(), "a worker is left");
}

#[tokio::test]
async fn what_has_stopped_stays_so_and_can_be_stopped_again() {
    let supervisor = Supervisor::start(script(ENDLESS)).unwrap();
    tokio::join!(supervisor.stop(Signal::TERM, LONG), supervisor.stop(Signal::TERM, LONG));
    supervisor.hurry();
    supervisor.stop(Signal::TERM, LONG).await;
    assert_eq!(supervisor.state(), State::Stopped);
}

#[tokio::test]
async fn a_daemon_that_is_down_is_not_started_any_more() {
    let supervisor = Supervisor::start(script("exit 1").backoff(NEVER)).unwrap();
    let mut changed = supervisor.changed();
    changed.wait_for(|state| matches!(state, State::Down { .. })).await.unwrap();
    supervisor.stop(Signal::TERM, LONG).await;
    assert_eq!(supervisor.state(), State::Stopped);
}

#[tokio::test]
async fn a_stop_goes_on_when_nobody_waits_for_it() {
    let daemon = format!("trap '' USR1; {ENDLESS}");
    let supervisor = Supervisor::start(script(&daemon)).unwrap();
    says(&supervisor, "up").await;
    let mut changed = supervisor.changed();
    {
        let stop = supervisor.stop(Signal::USR1, Duration::from_millis(50));
        tokio::pin!(stop);
        // Once is enough to give the order.
        assert!(ask_once(stop.as_mut()).await.is_none());
    }
    drop(supervisor);
    changed.wait_for(|state| *state == State::Stopped).await.unwrap();
}

/// Asks a future once.
async fn ask_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = &mut future => Some(output),
        () = std::future::ready(()) => None,
    }
}
