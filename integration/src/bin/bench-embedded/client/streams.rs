use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use socket2::Socket;

use super::clock::{Clock, NAP, Phase};
use super::source::Sources;
use super::{AT_ONCE, LENGTH};
use crate::poller::{EventFlags, Poller};

const QUESTION: [u8; LENGTH] = [b'?'; LENGTH];

/// One connection at a time.
#[derive(Default)]
struct Slot {
    socket: Option<Socket>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Connecting,
    /// So much of the answer is missing.
    Asked(usize),
}

/// Asks over `AT_ONCE` connections; each question has one of its own if they are `brief`. Then the
/// client closes first, as those of databases and of HTTP with keep-alive do.
pub(super) fn run(mut clock: Clock, mut sources: Sources, at: &[SocketAddr], brief: bool) -> Clock {
    let mut poller = Poller::new();
    let mut slots: Vec<Slot> = std::iter::repeat_with(Slot::default).take(AT_ONCE).collect();
    let (mut idle, mut ready): (Vec<usize>, _) = ((0..AT_ONCE).collect(), Vec::new());
    let mut to = at.iter().cycle();
    loop {
        let phase = clock.turn();
        let waiting = slots.iter().any(|slot| slot.socket.is_some());
        if phase == Phase::Over || (phase == Phase::Finish && !waiting) {
            break;
        }
        if phase == Phase::Ask {
            for number in std::mem::take(&mut idle) {
                let to = *to.next().unwrap();
                match slots[number].open(number, &mut sources, to, &poller) {
                    Ok(()) => {}
                    Err(error) => {
                        clock.failed(error);
                        idle.push(number);
                    }
                }
            }
        }
        poller.wait(Some(NAP), &mut ready);
        for number in ready.iter().copied() {
            let slot = &mut slots[number];
            let again = match slot.go_on(number, &poller) {
                Ok(false) => continue,
                Ok(true) => {
                    clock.done(1);
                    phase == Phase::Ask && !brief
                }
                Err(error) => {
                    clock.failed(error);
                    false
                }
            };
            if !again || slot.ask().inspect_err(|error| clock.failed(error)).is_err() {
                slot.socket = None;
                idle.push(number);
            }
        }
    }
    for _ in slots.iter().filter(|slot| slot.socket.is_some()) {
        clock.failed("no answer came");
    }
    clock
}

impl Slot {
    fn open(
        &mut self,
        number: usize,
        sources: &mut Sources,
        to: SocketAddr,
        poller: &Poller,
    ) -> io::Result<()> {
        let socket = sources.connect(number, to)?;
        // On loopback the other side has accepted by now, as a rule.
        self.state = State::Connecting;
        self.socket = Some(socket);
        let flags = match self.ask() {
            Ok(()) => EventFlags::IN,
            Err(error) if error.kind() == ErrorKind::WouldBlock => EventFlags::OUT,
            Err(error) => {
                self.socket = None;
                return Err(error);
            }
        };
        poller.add(self.socket.as_ref().unwrap(), number, flags);
        Ok(())
    }

    fn ask(&mut self) -> io::Result<()> {
        let mut socket = self.socket.as_ref().unwrap();
        // The last answer has come: there is room for all of it.
        if socket.write(&QUESTION)? != LENGTH {
            return Err(ErrorKind::WriteZero.into());
        }
        self.state = State::Asked(LENGTH);
        Ok(())
    }

    /// Whether the answer is there.
    fn go_on(&mut self, number: usize, poller: &Poller) -> io::Result<bool> {
        let State::Asked(missing) = self.state else {
            self.ask()?;
            poller.modify(self.socket.as_ref().unwrap(), number, EventFlags::IN);
            return Ok(false);
        };
        let mut answer = [0; LENGTH];
        let mut socket = self.socket.as_ref().unwrap();
        match socket.read(&mut answer[..missing]) {
            Ok(0) => Err(io::Error::new(ErrorKind::UnexpectedEof, "it was closed")),
            Ok(length) => {
                self.state = State::Asked(missing - length);
                Ok(length == missing)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}
