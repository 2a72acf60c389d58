//! What the daemon says, line by line: to the log, and the last of it for messages.
//!
//! The daemon outlives Seaway, and must neither die of a pipe that nobody reads any more, nor stand
//! still because it is full. So it gets an end of the pipe that reads as well as writes, which keeps
//! the pipe whole whoever goes, and that never blocks: what has no room is lost. A Seaway that adopts
//! the daemon opens the same pipe again.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::io::read;
use rustix::process::Pid;
use tokio::net::unix::pipe::{OpenOptions, Receiver};

/// How many lines are kept.
const LAST: usize = 20;
/// The longest line, in bytes; what is longer is told in pieces.
const LONGEST: usize = 4096;
/// What a pipe has room for (pipe(7)).
const ROOM: usize = 64 * 1024;

/// The last lines that a daemon said, the latest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(Arc<Mutex<VecDeque<String>>>);

impl Words {
    pub(super) fn last(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// The pipe that a daemon speaks into.
#[derive(Debug)]
pub(super) struct Voice {
    daemon: &'static str,
    ear: Receiver,
    /// What was heard of a line that has not come to its end.
    heard: Vec<u8>,
    words: Words,
}

impl Voice {
    /// A new pipe.
    pub(super) fn new(daemon: &'static str) -> io::Result<Self> {
        let (ear, _other) = io::pipe()?;
        Self::at(daemon, &itself(ear.as_raw_fd()))
    }

    /// The pipe that `pid` speaks into, if it was made here. A pipe that the daemon can't read itself
    /// leads to somebody else, who is to have all that it says.
    pub(super) fn of(daemon: &'static str, pid: Pid) -> Option<Self> {
        const STDERR: i32 = 2;
        let place = format!("/proc/{pid}/fd/{STDERR}");
        let pipe = fs::read_link(&place).ok()?.to_str()?.starts_with("pipe:");
        let told = fs::read_to_string(format!("/proc/{pid}/fdinfo/{STDERR}")).ok()?;
        let flags = told.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let flags = OFlags::from_bits_retain(u32::from_str_radix(flags.trim(), 8).ok()?);
        let both = flags & OFlags::RWMODE == OFlags::RDWR;
        (pipe && both).then(|| Self::at(daemon, &place).ok()).flatten()
    }

    fn at(daemon: &'static str, place: &str) -> io::Result<Self> {
        let ear = OpenOptions::new().read_write(true).open_receiver(place)?;
        Ok(Self { daemon, ear, heard: Vec::new(), words: Words::default() })
    }

    pub(super) fn words(&self) -> Words {
        self.words.clone()
    }

    /// An end for a daemon. It is opened anew each time: what a daemon sets on its end is not for ours.
    pub(super) fn end(&self) -> io::Result<Stdio> {
        open(&itself(self.ear.as_raw_fd())).map(Stdio::from)
    }

    /// Listens as long as it is let. Nothing that was heard is lost when it is not let on.
    pub(super) async fn listen(&mut self) -> Infallible {
        let mut piece = [0; LONGEST];
        loop {
            if self.ear.readable().await.is_err() {
                // The runtime is going down, and this task with it.
                return std::future::pending().await;
            }
            // An error is an empty pipe, as we hold the other end too.
            let count = self.ear.try_read(&mut piece).unwrap_or(0);
            self.take_in(piece.get(..count).unwrap_or_default());
        }
    }

    /// Takes in all that was said until now, and tells it although the last line did not come to its
    /// end: nobody will go on.
    pub(super) fn finish(&mut self) {
        let mut piece = [0; LONGEST];
        for _ in 0..ROOM / LONGEST {
            // Not by way of the runtime, which may not have looked at the pipe yet.
            let count = read(&self.ear, &mut piece).unwrap_or(0);
            self.take_in(piece.get(..count).unwrap_or_default());
        }
        self.tell();
    }

    fn take_in(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.tell(),
                byte => self.heard.push(*byte),
            }
            if self.heard.len() == LONGEST {
                self.tell();
            }
        }
    }

    fn tell(&mut self) {
        let line = String::from_utf8_lossy(&self.heard).replace(char::is_control, " ");
        self.heard.clear();
        let line = line.trim_end();
        if !line.is_empty() {
            tracing::info!(daemon = self.daemon, "{line}");
            self.words.add(line.to_owned());
        }
    }
}

fn itself(descriptor: i32) -> String {
    format!("/proc/self/fd/{descriptor}")
}

fn open(place: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(place, flags, Mode::empty())?)
}
