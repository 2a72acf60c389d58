use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::relay::is_later;
use crate::dataplane::budget::Budget;

/// Bytes that a pipe is to hold; one that may not hold as many will do.
const SIZE: usize = 512 * 1024;
/// Pipes that there may be in the process, if there are descriptors for as many: 128. What receivers
/// that don't read hold in the kernel is bounded by it; a user may have 64 MiB in pipes
/// (`fs.pipe-user-pages-soft`). Who finds none copies.
static MOST: LazyLock<u64> = LazyLock::new(|| Budget::of_machine().pipes / 2);
/// Empty pipes that a thread keeps.
const KEPT: usize = 8;

const FLAGS: SpliceFlags = SpliceFlags::MOVE.union(SpliceFlags::NONBLOCK);

static PIPES: AtomicU64 = AtomicU64::new(0);

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
        PIPES.try_update(Relaxed, Relaxed, |pipes| (pipes < *MOST).then_some(pipes + 1)).ok()?;
        let Ok((end, start)) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC) else {
            PIPES.fetch_sub(1, Relaxed);
            return None;
        };
        // Fails if the user's pipes hold too much already.
        let _ = fcntl_setpipe_size(&start, SIZE);
        Some(Self { end, start, inside: 0 })
    }

    /// Leaves it, empty, to the next one.
    pub(super) fn give_back(self) {
        FREE.with_borrow_mut(|free| {
            if free.len() < KEPT {
                free.push(self);
            }
        });
    }

    /// Takes what there is, into an empty pipe; 0: the end of the stream.
    pub(super) fn fill(&mut self, from: &TcpStream) -> io::Result<usize> {
        let take = || Ok(splice(from, None, &self.start, None, SIZE, FLAGS)?);
        self.inside = from.try_io(Interest::READABLE, take)?;
        Ok(self.inside)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.inside == 0
    }

    /// Gives as much of what is inside as is taken, at least a byte.
    pub(super) fn pour(&mut self, cx: &mut Context<'_>, to: &TcpStream) -> Poll<io::Result<usize>> {
        let give = || Ok(splice(&self.end, None, to, None, self.inside, FLAGS)?);
        loop {
            ready!(to.poll_write_ready(cx))?;
            match to.try_io(Interest::WRITABLE, give) {
                Err(error) if is_later(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(given) => {
                    self.inside -= given;
                    return Poll::Ready(Ok(given));
                }
            }
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        PIPES.fetch_sub(1, Relaxed);
    }
}
