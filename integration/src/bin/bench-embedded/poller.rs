use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData};
use rustix::io::Errno;
use rustix::time::Timespec;

pub(crate) use rustix::event::epoll::EventFlags;

/// What is looked at in one turn.
const MOST: usize = 256;

/// The epoll instance of a loop. It is level-triggered: what was left over comes up again.
pub(crate) struct Poller {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poller {
    pub(crate) fn new() -> Self {
        let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
        Self { epoll, events: Vec::with_capacity(MOST) }
    }

    /// Watches a file, by this token, until it is closed.
    pub(crate) fn add(&self, source: impl AsFd, token: usize, flags: EventFlags) {
        epoll::add(&self.epoll, source, EventData::new_u64(token as u64), flags).unwrap();
    }

    /// Waits for something else of a file.
    pub(crate) fn modify(&self, source: impl AsFd, token: usize, flags: EventFlags) {
        epoll::modify(&self.epoll, source, EventData::new_u64(token as u64), flags).unwrap();
    }

    /// Fills `ready` with the tokens of the files that have come up, if any does in time.
    pub(crate) fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<usize>) {
        let limit = limit.map(|limit| Timespec::try_from(limit).unwrap());
        self.events.clear();
        ready.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), limit.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => panic!("epoll: {error}"),
        }
        ready.extend(self.events.iter().map(|event| {
            let data = event.data;
            usize::try_from(data.u64()).unwrap()
        }));
    }
}
