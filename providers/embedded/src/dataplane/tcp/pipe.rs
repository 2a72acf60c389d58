use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::ready;

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Bytes that a pipe is to hold; one that may not hold as many will do.
const SIZE: usize = 512 * 1024;
/// Pipes that there may be in the process. What receivers that don't read hold in the kernel is
/// bounded by it; a user may have 64 MiB in pipes (`fs.pipe-user-pages-soft`). Who finds none copies.
const MOST: usize = 128;
/// Empty pipes that a thread keeps.
const KEPT: usize = 8;

static PIPES: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static FREE: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

/// Carries bytes from one socket to another within the kernel (splice(2)): nobody copies them.
#[derive(Debug)]
pub(super) struct Pipe {
    end: OwnedFd,
    start: OwnedFd,
    inside: usize,
}

impl Pipe {
    /// An empty one, if one is to be had.
    pub(super) fn take() -> Option<Self> {
        FREE.with_borrow_mut(Vec::pop).or_else(Self::make)
    }

    fn make() -> Option<Self> {
        PIPES.try_update(Relaxed, Relaxed, |pipes| (pipes < MOST).then_some(pipes + 1)).ok()?;
        let Ok((end, start)) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC) else {
            PIPES.fetch_sub(1, Relaxed);
            return None;
        };
        // Fails if the user's pipes hold too much already.
        let _ = fcntl_setpipe_size(&start, SIZE);
        Some(Self { end, start, inside: 0 })
    }

    /// Keeps it for the next connection, if it is empty.
    pub(super) fn give_back(self) {
        if self.inside == 0 {
            FREE.with_borrow_mut(|free| {
                if free.len() < KEPT {
                    free.push(self);
                }
            });
        }
    }

    /// Takes what there is, into an empty pipe; 0: the end of the stream.
    pub(super) async fn fill(&mut self, from: &TcpStream) -> io::Result<usize> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let take = || Ok(splice(from, None, &self.start, None, SIZE, flags)?);
        self.inside = poll_fn(|cx| {
            loop {
                ready!(from.poll_read_ready(cx))?;
                let taken = from.try_io(Interest::READABLE, take);
                if !taken.as_ref().is_err_and(super::relay::is_later) {
                    return taken.into();
                }
            }
        })
        .await?;
        Ok(self.inside)
    }

    /// Gives some of what was taken; 0: it was all given before.
    pub(super) async fn empty(&mut self, to: &TcpStream) -> io::Result<usize> {
        if self.inside == 0 {
            return Ok(0);
        }
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let give = || Ok(splice(&self.end, None, to, None, self.inside, flags)?);
        let given = poll_fn(|cx| {
            loop {
                ready!(to.poll_write_ready(cx))?;
                let given = to.try_io(Interest::WRITABLE, give);
                if !given.as_ref().is_err_and(super::relay::is_later) {
                    return given.into();
                }
            }
        })
        .await?;
        self.inside -= given;
        Ok(given)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        PIPES.fetch_sub(1, Relaxed);
    }
}
