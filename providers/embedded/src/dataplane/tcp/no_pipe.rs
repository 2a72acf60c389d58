use std::io;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

/// There is none here: splice(2) is Linux's. All is copied.
#[derive(Debug)]
pub(super) enum Pipe {}

impl Pipe {
    pub(super) const fn take() -> Option<Self> {
        None
    }

    pub(super) const fn give_back(self) {
        match self {}
    }

    pub(super) fn fill(&mut self, _: &TcpStream) -> io::Result<usize> {
        match *self {}
    }

    pub(super) const fn is_empty(&self) -> bool {
        match *self {}
    }

    pub(super) fn pour(&mut self, _: &mut Context<'_>, _: &TcpStream) -> Poll<io::Result<usize>> {
        match *self {}
    }
}
