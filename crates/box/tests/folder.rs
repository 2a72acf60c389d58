//! The config file and its lock, on a real disk.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;

use seaway_box::{Folder, Lock};
use seaway_core::ErrorKind;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

async fn folder(place: &TempDir) -> Folder {
    Folder::open(place.path().join("above/box"), "daemon.cfg").await.unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_candidate_becomes_the_live_file_when_it_is_installed() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    assert_eq!((folder.live().await, folder.candidate().await), (Ok(None), Ok(None)));

    folder.write("one").await.unwrap();
    assert_eq!((folder.live().await, folder.candidate().await), (Ok(None), Ok(Some("one".into()))));

    folder.install().await.unwrap();
    assert_eq!((folder.live().await, folder.candidate().await), (Ok(Some("one".into())), Ok(None)));
    assert_eq!(names(&folder), ["daemon.cfg"]);
}

#[tokio::test]
async fn a_discarded_candidate_leaves_the_live_file() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    folder.write("one").await.unwrap();
    folder.install().await.unwrap();
    folder.write("two").await.unwrap();
    folder.write("three").await.unwrap();
    for _ in 0..2 {
        folder.discard().await.unwrap();
        assert_eq!(folder.live().await, Ok(Some("one".into())));
        assert_eq!(folder.candidate().await, Ok(None));
    }
    let error = folder.install().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("daemon.cfg.candidate is gone"), "{error}");
    assert_eq!(folder.live().await, Ok(Some("one".into())));
}

#[tokio::test]
async fn everybody_may_read_and_nobody_else_write() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    folder.write("one").await.unwrap();
    assert_eq!((mode(folder.path()), mode(folder.candidate_path())), (0o755, 0o644));
}

#[tokio::test]
async fn the_modes_of_a_folder_that_was_there_are_left_alone() {
    let place = TempDir::new().unwrap();
    fs::create_dir_all(place.path().join("above/box")).unwrap();
    fs::set_permissions(place.path().join("above/box"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(mode(folder(&place).await.path()), 0o700);
}

#[tokio::test]
async fn what_a_crash_left_behind_is_written_over_and_not_through() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    let part = folder.path().join("daemon.cfg.candidate.part");
    let elsewhere = place.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, &part).unwrap();
    folder.write("one").await.unwrap();
    assert_eq!(folder.candidate().await, Ok(Some("one".into())));
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    assert_eq!(names(&folder), ["daemon.cfg.candidate"]);
}

#[tokio::test]
async fn every_edit_and_every_installed_file_has_a_stamp_of_its_own() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    assert_eq!(folder.stamp().await, Ok(None));
    let mut stamps = Vec::new();
    for text in ["one", "two"] {
        folder.write(text).await.unwrap();
        folder.install().await.unwrap();
        assert_eq!(folder.stamp().await, folder.stamp().await);
        stamps.push(folder.stamp().await.unwrap().unwrap());
    }
    fs::write(folder.live_path(), "two and more").unwrap();
    stamps.push(folder.stamp().await.unwrap().unwrap());
    assert!(stamps[0] != stamps[1] && stamps[1] != stamps[2], "{stamps:?}");
}

/// What is in the way is told with its path, and nothing is changed.
async fn refused(folder: &Folder, path: &Path, kind: ErrorKind, words: &str) {
    let error = match folder.live().await {
        Err(error) => error,
        Ok(_) => match folder.write("two").await {
            Err(error) => error,
            Ok(()) => folder.install().await.unwrap_err(),
        },
    };
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    assert!(text.contains(path.to_str().unwrap()) && text.contains(words), "{text}");
}

#[tokio::test]
async fn a_folder_in_the_way_is_told_and_left() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    fs::create_dir(folder.live_path()).unwrap();
    refused(&folder, folder.live_path(), ErrorKind::Conflict, "is not a file").await;
    folder.write("two").await.unwrap();
    let error = folder.install().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(error.message().contains(folder.live_path().to_str().unwrap()), "{error}");
    assert!(folder.live_path().is_dir());
}

#[tokio::test]
async fn a_candidate_that_cannot_be_written_leaves_the_live_file() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    folder.write("one").await.unwrap();
    folder.install().await.unwrap();
    let part = folder.path().join("daemon.cfg.candidate.part");
    fs::create_dir(&part).unwrap();
    refused(&folder, &part, ErrorKind::Conflict, "can't be written").await;
    assert_eq!(folder.live().await, Ok(Some("one".into())));
}

#[tokio::test]
async fn what_is_not_text_is_told_with_the_place() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    fs::write(folder.live_path(), b"ab\xff").unwrap();
    let words = "is not UTF-8 after byte 2";
    refused(&folder, folder.live_path(), ErrorKind::Conflict, words).await;
}

#[tokio::test]
async fn a_file_without_end_is_not_read() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    let file = fs::File::create(folder.live_path()).unwrap();
    file.set_len(256 * 1024 * 1024 + 1).unwrap();
    refused(&folder, folder.live_path(), ErrorKind::Conflict, "has more than").await;
}

#[tokio::test]
async fn a_pipe_is_not_waited_for() {
    let place = TempDir::new().unwrap();
    let folder = folder(&place).await;
    let made = Command::new("mkfifo").arg(folder.live_path()).status().await.unwrap();
    assert!(made.success());
    refused(&folder, folder.live_path(), ErrorKind::Conflict, "is not a file").await;
}

#[tokio::test]
async fn a_file_where_the_folder_is_to_be_is_told() {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("above"), "mine").unwrap();
    let error = Folder::open(place.path().join("above"), "daemon.cfg").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let error = Folder::open(place.path().join("above/box"), "daemon.cfg").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(error.message().contains("above/box can't be made"), "{error}");
}

/// Nobody makes a folder in `/proc`, not even root.
#[tokio::test]
async fn a_folder_that_nobody_may_make_is_told() {
    let error = Folder::open("/proc/seaway", "daemon.cfg").await.unwrap_err();
    assert!(error.message().contains("/proc/seaway can't be made"), "{error}");
}

#[tokio::test]
async fn the_lock_is_held_once_and_names_its_holder() {
    let place = TempDir::new().unwrap();
    let lock = Lock::take(place.path()).await.unwrap();
    let error = Lock::take(place.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let holder = format!("is held by process {}:", std::process::id());
    assert!(error.message().contains(&holder), "{error}");
    assert!(error.message().contains(lock.path().to_str().unwrap()), "{error}");
    drop(lock);
    Lock::take(place.path()).await.unwrap();
}

#[tokio::test]
async fn a_process_that_is_killed_holds_no_lock() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("seaway.lock");
    // The shell that holds the lock says so, and then becomes what waits.
    let script = "exec 9>\"$0\" && flock 9 && echo held && exec sleep 1000";
    let mut holder = Command::new("sh")
        .args(["-c", script])
        .arg(&path)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("held"));
    let error = Lock::take(place.path()).await.unwrap_err();
    assert!(error.message().contains("is held by another process"), "{error}");
    holder.kill().await.unwrap();
    Lock::take(place.path()).await.unwrap();
}
