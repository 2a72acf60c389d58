//! Commands that end by themselves, or don't.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use seaway_box::command::{Said, run};
use seaway_core::{ErrorKind, ProviderError};

/// Longer than any of these commands takes.
const LONG: Duration = Duration::from_secs(30);

async fn sh(script: &str, patience: Duration) -> Result<Said, ProviderError> {
    run(Path::new("sh"), ["-c", script], patience).await
}

#[tokio::test]
async fn a_command_says_how_it_ended_and_what_it_said() {
    let said = sh("echo out; echo err >&2; exit 3", LONG).await.unwrap();
    let (stdout, stderr) = ("out\n".to_owned(), "err\n".to_owned());
    assert_eq!(said, Said { success: false, code: Some(3), stdout, stderr });
}

#[tokio::test]
async fn a_command_that_a_signal_ended_has_no_code() {
    let said = sh("kill -9 $$", LONG).await.unwrap();
    assert_eq!((said.success, said.code), (false, None));
}

#[tokio::test]
async fn a_command_gets_no_input_and_nothing_of_the_environment_but_the_path() {
    let said = run(Path::new("env"), [""; 0], LONG).await.unwrap();
    let mut names: Vec<_> = said.stdout.lines().map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, [Some("LC_ALL"), Some("PATH")]);
    assert_eq!(run(Path::new("cat"), [""; 0], LONG).await.unwrap().stdout, "");
}

#[tokio::test]
async fn arguments_meet_no_shell() {
    let said = run(Path::new("echo"), ["$(exit)", "a  b", ";"], LONG).await.unwrap();
    assert_eq!(said.stdout, "$(exit) a  b ;\n");
}

#[tokio::test]
async fn of_a_long_output_the_first_part_is_kept() {
    let said = sh("echo first; head -c 1000000 /dev/zero; echo last >&2", LONG).await.unwrap();
    assert!(said.success && said.stdout.starts_with("first\n"));
    assert_eq!((said.stdout.len(), said.stderr.as_str()), (64 * 1024, "last\n"));
}

#[tokio::test]
async fn what_does_not_end_is_killed_with_all_that_it_started() {
    let script = "sleep 1000 & echo $! $$; echo why >&2; wait";
    let error = sh(script, Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let said =
        error.message().strip_prefix("`sh` did not end within 1s and was killed; it said: why\n");
    let pids: Vec<i32> = said.unwrap().split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    // The command itself was waited for. What it started may still have to be by another.
    let [worker, leader] = pids[..] else { panic!("{pids:?}") };
    assert!(test_kill_process(Pid::from_raw(leader).unwrap()).is_err());
    while std::fs::read_to_string(format!("/proc/{worker}/stat"))
        .is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_command_leaves_behind_does_not_take_away_its_answer() {
    // What is left behind has the output open, in a session of its own, until it gives up by itself.
    let script = "setsid sleep 5 & echo done";
    let said = sh(script, Duration::from_secs(1)).await.unwrap();
    assert_eq!((said.success, said.stdout.as_str()), (true, "done\n"));
}

#[tokio::test]
async fn an_absent_program_is_told_with_its_name_and_the_remedy() {
    for (name, place) in [("seaway-no-such", "on PATH"), ("/no/such", "there")] {
        let error = run(Path::new(name), [""; 0], LONG).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let words = format!("`{name}` is not {place}: install it, or name its path as `binary`");
        assert_eq!(error.message(), words);
    }
}

#[tokio::test]
async fn a_file_that_is_no_program_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = run(file.path(), [""; 0], LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}
