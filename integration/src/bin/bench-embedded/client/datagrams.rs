use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::clock::{Clock, NAP, Phase};
use super::source::Sources;
use super::{AT_ONCE, LENGTH};
use crate::poller::{EventFlags, Poller};

/// After so long without an answer the question is lost, and another one is asked.
const LOST: Duration = Duration::from_secs(1);
/// How long the number of a question is, with which it begins.
const NUMBER: usize = 8;

/// A client with one question under way.
struct Flow {
    socket: UdpSocket,
    number: u64,
    asked: Option<Instant>,
}

/// Asks from `AT_ONCE` sockets: each is a flow of its own.
pub(super) fn run(mut clock: Clock, sources: &Sources, at: &[SocketAddr]) -> Clock {
    let mut poller = Poller::new();
    let mut flows = Vec::new();
    for (number, to) in at.iter().cycle().take(AT_ONCE).enumerate() {
        let socket = UdpSocket::bind((sources.address(number), 0)).unwrap();
        socket.connect(to).unwrap();
        socket.set_nonblocking(true).unwrap();
        poller.add(&socket, number, EventFlags::IN);
        let mut flow = Flow { socket, number: 0, asked: None };
        flow.ask(&mut clock);
        flows.push(flow);
    }
    let (mut ready, mut looked) = (Vec::new(), clock.now());
    loop {
        let phase = clock.turn();
        let waiting = flows.iter().any(|flow| flow.asked.is_some());
        if phase == Phase::Over || (phase == Phase::Finish && !waiting) {
            break;
        }
        poller.wait(Some(NAP), &mut ready);
        for number in ready.iter().copied() {
            let flow = &mut flows[number];
            if flow.answered(&mut clock) && phase == Phase::Ask {
                flow.ask(&mut clock);
            }
        }
        if phase == Phase::Ask && clock.now() - looked > LOST / 5 {
            looked = clock.now();
            for flow in flows.iter_mut().filter(|flow| flow.is_lost(looked)) {
                clock.failed("a datagram was lost");
                flow.ask(&mut clock);
            }
        }
    }
    for _ in flows.iter().filter(|flow| flow.asked.is_some()) {
        clock.failed("no answer came");
    }
    clock
}

impl Flow {
    fn ask(&mut self, clock: &mut Clock) {
        self.number += 1;
        self.asked = Some(clock.now());
        let mut question = [b'?'; LENGTH];
        question[..NUMBER].copy_from_slice(&self.number.to_be_bytes());
        if let Err(error) = self.socket.send(&question) {
            clock.failed(error);
        }
    }

    /// Whether the answer to the last question is there.
    fn answered(&mut self, clock: &mut Clock) -> bool {
        let mut answer = [0; LENGTH];
        match self.socket.recv(&mut answer) {
            // What is late was given up.
            Ok(LENGTH) if answer[..NUMBER] == self.number.to_be_bytes() => {
                clock.done(1);
                self.asked = None;
                true
            }
            Ok(_) => false,
            Err(error) => {
                clock.failed(error);
                false
            }
        }
    }

    fn is_lost(&self, now: Instant) -> bool {
        self.asked.is_some_and(|asked| now.saturating_duration_since(asked) > LOST)
    }
}
