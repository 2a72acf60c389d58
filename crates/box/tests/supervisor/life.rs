//! Coming up, dying, and coming up again.

use std::path::Path;

use rustix::process::{getpgid, getpid};
use seaway_box::supervisor::{Program, Signal, State, Supervisor};
use seaway_core::ErrorKind;
use tempfile::TempDir;

use crate::lab::{ENDLESS, LONG, NEVER, QUICK, another, group, is_there, says, script, until};

#[tokio::test]
async fn a_daemon_runs_apart_from_our_terminal_and_its_words_are_kept() {
    let supervisor = Supervisor::start(script(ENDLESS)).unwrap();
    let pid = supervisor.pid().unwrap();
    assert!(supervisor.is_running());
    assert_eq!(supervisor.state(), State::Up { pid, life: 1 });
    says(&supervisor, "up").await;
    assert!(group(pid).contains(&pid));
    assert_ne!(getpgid(Some(getpid())).unwrap().as_raw_pid().cast_unsigned(), pid);
    supervisor.stop(Signal::TERM, LONG).await;
}

#[tokio::test]
async fn the_last_twenty_lines_are_kept_without_what_is_not_text() {
    let numbers = "i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo \"line $i\"; done";
    let daemon = format!("{numbers}; printf 'a\\tb\\033\\377\\n\\n' >&2; printf 'no end'; exit 1");
    let supervisor = Supervisor::start(script(&daemon).backoff(NEVER)).unwrap();
    let mut changed = supervisor.changed();
    let down = changed.wait_for(|state| matches!(state, State::Down { .. })).await.unwrap().clone();
    assert_eq!(down, State::Down { why: "exit status: 1".into() });
    // All was taken in before the end was told.
    let words = supervisor.last_words();
    let mut wanted: Vec<_> = (33..=50).map(|i| format!("line {i}")).collect();
    wanted.extend(["a b \u{fffd}".to_owned(), "no end".to_owned()]);
    assert_eq!(words, wanted);
}

#[tokio::test]
async fn a_daemon_that_is_killed_comes_back() {
    let supervisor = Supervisor::start(script(ENDLESS)).unwrap();
    let first = supervisor.pid().unwrap();
    supervisor.signal(Signal::KILL).unwrap();
    let second = another(&supervisor, first).await;
    assert_eq!(supervisor.state(), State::Up { pid: second, life: 2 });
    assert!(!is_there(first), "a zombie is left");
    supervisor.stop(Signal::TERM, LONG).await;
}

#[tokio::test]
async fn the_workers_of_a_dead_daemon_do_not_hold_its_place() {
    let daemon = "sleep 1000 & sleep 1000 & echo up; wait";
    let supervisor = Supervisor::start(script(daemon).backoff(NEVER)).unwrap();
    let pid = supervisor.pid().unwrap();
    says(&supervisor, "up").await;
    assert_eq!(group(pid).len(), 3);
    let mut changed = supervisor.changed();
    supervisor.signal(Signal::KILL).unwrap();
    changed.wait_for(|state| matches!(state, State::Down { .. })).await.unwrap();
    assert!(group(pid).is_empty(), "a worker is left");
}

#[tokio::test]
async fn a_daemon_that_dies_at_once_is_tried_again_and_again() {
    let place = TempDir::new().unwrap();
    let count = place.path().join("count");
    let daemon =
        format!("echo x >> {0}; [ $(wc -l < {0}) -ge 5 ] || exit 1; {ENDLESS}", count.display());
    let supervisor = Supervisor::start(script(&daemon)).unwrap();
    let fifth = || matches!(supervisor.state(), State::Up { life: 5, .. }).then_some(());
    until("the fifth life", fifth).await;
    says(&supervisor, "up").await;
    supervisor.stop(Signal::TERM, LONG).await;
}

#[tokio::test]
async fn a_daemon_that_waits_for_its_next_try_can_be_hurried() {
    let supervisor = Supervisor::start(script(ENDLESS).backoff(NEVER)).unwrap();
    let first = supervisor.pid().unwrap();
    // Without effect on one that runs, or its next death would be followed at once.
    supervisor.hurry();
    let mut changed = supervisor.changed();
    supervisor.signal(Signal::KILL).unwrap();
    changed.wait_for(|state| matches!(state, State::Down { .. })).await.unwrap();
    assert!(!supervisor.is_running());
    let error = supervisor.signal(Signal::HUP).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "toy is not running"));
    supervisor.hurry();
    another(&supervisor, first).await;
    supervisor.stop(Signal::TERM, LONG).await;
}

#[tokio::test]
async fn a_program_that_is_absent_is_told_at_once() {
    let error = Supervisor::start(Program::new("toy", "/no/such/toy")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("`/no/such/toy` is not there: install it"), "{error}");
}

#[tokio::test]
async fn a_program_that_goes_away_is_told_and_tried_until_it_is_back() {
    let place = TempDir::new().unwrap();
    let (here, there) = (place.path().join("sh"), place.path().join("away"));
    std::os::unix::fs::symlink(shell(), &here).unwrap();
    let program = Program::new("toy", &here).args(["-c", ENDLESS]).backoff(QUICK);
    let supervisor = Supervisor::start(program).unwrap();
    let first = supervisor.pid().unwrap();
    std::fs::rename(&here, &there).unwrap();
    supervisor.signal(Signal::KILL).unwrap();
    until("it is told to be absent", || match supervisor.state() {
        State::Down { why } => why.contains("is not there: install it").then_some(()),
        State::Up { .. } | State::Stopped => None,
    })
    .await;
    std::fs::rename(&there, &here).unwrap();
    another(&supervisor, first).await;
    supervisor.stop(Signal::TERM, LONG).await;
}

fn shell() -> &'static Path {
    Path::new("/bin/sh")
}
