use std::io::{ErrorKind, Write};
use std::mem::MaybeUninit;
use std::net::SocketAddr;

use socket2::Socket;

use super::clock::{Clock, NAP, Phase};
use super::source::Sources;
use crate::backend::FLOOD;
use crate::poller::{EventFlags, Poller};

/// How many connections. With two a load balancer that gives each to a thread by chance has both on
/// one half of the time.
const CONNECTIONS: usize = 4;
/// How much is taken at once.
const PIECE: usize = 1 << 20;
/// `MSG_TRUNC`: the kernel counts what has come, and throws it away (tcp(7)). To copy it would cost the
/// client, which shares the cores, more than the load balancer spends on it.
const DISCARD: i32 = 0x20;
const KILO: usize = 1000;

/// Takes all that comes, and counts kilobytes.
pub(super) fn run(mut clock: Clock, mut sources: Sources, at: &[SocketAddr]) -> Clock {
    let mut poller = Poller::new();
    let mut taps: Vec<Option<Tap>> = Vec::new();
    for (number, to) in at.iter().cycle().take(CONNECTIONS).enumerate() {
        let socket = sources.connect(number, *to).unwrap();
        poller.add(&socket, number, EventFlags::OUT);
        taps.push(Some(Tap { socket, asked: false, rest: 0, bytes: 0 }));
    }
    let mut piece = Box::new_uninit_slice(PIECE);
    let mut ready = Vec::new();
    while clock.turn() == Phase::Ask {
        poller.wait(Some(NAP), &mut ready);
        for number in ready.iter().copied() {
            let Some(tap) = &mut taps[number] else { continue };
            let taken = tap.go_on(&mut piece);
            match taken {
                Ok(0) => poller.modify(&tap.socket, number, EventFlags::IN),
                Ok(length) => {
                    tap.rest += length;
                    clock.done(tap.rest / KILO);
                    tap.rest %= KILO;
                    tap.bytes += length;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    clock.failed(error);
                    taps[number] = None;
                }
            }
        }
    }
    for _ in taps.iter().flatten().filter(|tap| tap.bytes == 0) {
        clock.failed("nothing came");
    }
    clock
}

struct Tap {
    socket: Socket,
    asked: bool,
    /// What is no kilobyte yet.
    rest: usize,
    bytes: usize,
}

impl Tap {
    /// How much has come; nothing if it was asked for only now.
    fn go_on(&mut self, piece: &mut [MaybeUninit<u8>]) -> std::io::Result<usize> {
        if !self.asked {
            self.asked = true;
            self.socket.write_all(&[FLOOD])?;
            return Ok(0);
        }
        match self.socket.recv_with_flags(piece, DISCARD)? {
            0 => Err(std::io::Error::new(ErrorKind::UnexpectedEof, "it was closed")),
            length => Ok(length),
        }
    }
}
