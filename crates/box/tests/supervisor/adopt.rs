//! A daemon outlives the Seaway that started it, and the next one takes it over.

use std::path::Path;
use std::process::Stdio;

use seaway_box::supervisor::{Program, Signal, State, Supervisor, pid_in};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::lab::{ENDLESS, LONG, NEVER, another, group, is_there, says, script, until};

/// A shell that is nobody's daemon yet. It waits for a word that never comes, without a child that
/// would be left behind, and ends with the test at the latest.
async fn bystander(program: &Path) -> Child {
    let mut command = Command::new(program);
    command.args(["-c", "read never; exit"]).process_group(0).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    // The kernel gives it its name a moment after it has started.
    let name = program.file_name().unwrap().to_str().unwrap();
    let comm = format!("/proc/{}/comm", child.id().unwrap());
    let is_named = || (std::fs::read_to_string(&comm).unwrap().trim() == name).then_some(());
    until("it has its name", is_named).await;
    child
}

#[tokio::test]
async fn a_daemon_goes_on_when_its_supervisor_is_gone_and_talks_to_the_next() {
    // More than a pipe has room for, to nobody, and then a sign of life on request.
    let flood =
        "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo \"a line that nobody reads $i\"; done";
    let place = TempDir::new().unwrap();
    let flooded = place.path().join("flooded");
    let daemon = format!(
        "trap '{flood}; : > {}' USR1; trap 'echo hello' USR2; {ENDLESS}",
        flooded.display()
    );
    let first = Supervisor::start(script(&daemon)).unwrap();
    let pid = first.pid().unwrap();
    says(&first, "up").await;
    let mut changed = first.changed();
    drop(first);
    // The task of the first is gone, too.
    while changed.changed().await.is_ok() {}

    let signal = |signal| {
        let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    };
    signal(Signal::USR1);
    until("the flood is over", || flooded.exists().then_some(())).await;

    let second = Supervisor::adopt(script(&daemon), pid).unwrap().unwrap();
    assert_eq!(second.state(), State::Up { pid, life: 1 });
    // There is room again once what was said to nobody has been taken in.
    until("hello", || {
        second.signal(Signal::USR2).unwrap();
        second.last_words().iter().any(|word| word == "hello").then_some(())
    })
    .await;
    second.stop(Signal::TERM, LONG).await;
    until("nothing is left of it", || group(pid).is_empty().then_some(())).await;
}

#[tokio::test]
async fn an_adopted_daemon_that_dies_is_started_as_our_own() {
    let bystander = bystander(Path::new("sh")).await;
    let pid = bystander.id().unwrap();
    let supervisor = Supervisor::adopt(script(ENDLESS), pid).unwrap().unwrap();
    supervisor.signal(Signal::KILL).unwrap();
    let next = another(&supervisor, pid).await;
    assert_eq!(supervisor.state(), State::Up { pid: next, life: 2 });
    says(&supervisor, "up").await;
    supervisor.stop(Signal::TERM, LONG).await;
    assert!(!is_there(next));
}

#[tokio::test]
async fn the_words_of_a_daemon_that_speaks_to_another_are_left_to_it() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};

    let script = "trap 'echo hello >&2' USR2; while :; do sleep 1000 & wait; done";
    let mut command = Command::new("sh");
    command.args(["-c", &format!("echo up >&2; {script}")]).process_group(0);
    let mut bystander = command.stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(bystander.stderr.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("up"));
    let pid = bystander.id().unwrap();
    let program = Program::new("toy", "sh").backoff(NEVER);
    let supervisor = Supervisor::adopt(program, pid).unwrap().unwrap();
    until("the trap is set", || {
        supervisor.signal(Signal::CONT).unwrap();
        (group(pid).len() > 1).then_some(())
    })
    .await;
    supervisor.signal(Signal::USR2).unwrap();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("hello"));
    assert_eq!(supervisor.last_words(), [""; 0]);
    supervisor.stop(Signal::KILL, LONG).await;
    assert!(bystander.wait().await.is_ok() || !is_there(pid));
}

#[tokio::test]
async fn an_id_that_is_not_the_daemons_is_not_adopted() {
    let mut bystander = bystander(Path::new("sh")).await;
    let pid = bystander.id().unwrap();
    let adopt = |path: &str, pid| Supervisor::adopt(Program::new("toy", path), pid).unwrap();
    assert!(adopt("/usr/sbin/haproxy", pid).is_none(), "another program");
    assert!(adopt("sh", 0).is_none(), "no id");
    assert!(adopt("sh", u32::MAX).is_none(), "no id");
    assert!(adopt("sh", i32::MAX.cast_unsigned()).is_none(), "an id beyond all");
    let us = std::env::current_exe().unwrap();
    assert!(adopt(us.to_str().unwrap(), std::process::id()).is_none(), "ourselves");
    bystander.kill().await.unwrap();
    assert!(adopt("sh", pid).is_none(), "it has ended");
}

#[tokio::test]
async fn a_daemon_that_goes_by_another_name_is_known_by_its_file() {
    let place = TempDir::new().unwrap();
    let alias = place.path().join("alias");
    std::os::unix::fs::symlink("/bin/sh", &alias).unwrap();
    let mut bystander = bystander(&alias).await;
    let pid = bystander.id().unwrap();
    let file = std::fs::canonicalize("/bin/sh").unwrap();
    for path in [file, alias] {
        let program = Program::new("toy", path).backoff(NEVER);
        assert!(Supervisor::adopt(program, pid).unwrap().is_some());
    }
    bystander.kill().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_is_read_as_far_as_it_holds_an_id() {
    let place = TempDir::new().unwrap();
    let read = async |text: &str| {
        let path = place.path().join("pid");
        std::fs::write(&path, text).unwrap();
        pid_in(&path).await.unwrap()
    };
    assert_eq!(read("42\n").await, Some(42));
    // A master of HAProxy names its workers too.
    assert_eq!(read(" 42 \n43\n").await, Some(42));
    assert_eq!((read("").await, read("none").await), (None, None));
    assert_eq!(pid_in(Path::new("/no/such.pid")).await.unwrap(), None);
}
