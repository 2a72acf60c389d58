use std::future::Ready;
use std::io;

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

    pub(super) fn fill(&mut self, _: &TcpStream) -> Ready<io::Result<usize>> {
        match *self {}
    }

    pub(super) fn empty(&mut self, _: &TcpStream) -> Ready<io::Result<usize>> {
        match *self {}
    }
}
