use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::error::too_long;
use super::front::Front;
use super::recent::Recent;
use super::room::{Berth, Files, NoBerth};
use flow::{Fault, Flow, Line};

mod flow;

/// Datagrams that are taken in a row before others on the thread have their turn.
const BURST: usize = 64;

/// What the sockets of one UDP listener share: its flows.
#[derive(Debug)]
pub(super) struct Desk {
    front: Arc<Front>,
    flows: Mutex<Recent<SocketAddr, Flow>>,
    born: Instant,
    /// Counts the tasks that hold a socket, so that it can be closed for certain.
    replies: TaskTracker,
}

/// There is nothing to open a line with: no descriptor, or no local port, is left.
struct Starved;

/// Carries the datagrams of one socket until `stop`; no flow and no socket is left once this has
/// returned for all of them.
pub(super) async fn listen(socket: UdpSocket, desk: Arc<Desk>, stop: CancellationToken) {
    let socket = Arc::new(socket);
    let mut sweep = pin!(tokio::time::sleep(between_sweeps(desk.idle())));
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = &mut sweep => {
                let idle = desk.idle();
                desk.end_idle(idle);
                sweep.as_mut().reset(Instant::now() + between_sweeps(idle));
            }
            ready = socket.readable() => match ready {
                Ok(()) => desk.receive(&socket),
                Err(error) => {
                    tracing::debug!(%error, "can't receive");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        }
        tokio::task::coop::consume_budget().await;
    }
    // Closed first: what is tried again now opens nothing that nobody would end.
    desk.replies.close();
    desk.flows().clear();
    desk.replies.wait().await;
}

/// Often enough that a flow outlives its time by a quarter at most.
fn between_sweeps(idle: Duration) -> Duration {
    (idle / 4).clamp(Duration::from_millis(10), Duration::from_secs(5))
}

impl Desk {
    pub(super) fn new(front: Arc<Front>) -> Self {
        let (flows, replies) = (Mutex::default(), TaskTracker::new());
        Self { front, flows, born: Instant::now(), replies }
    }

    fn flows(&self) -> MutexGuard<'_, Recent<SocketAddr, Flow>> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Microseconds since the listener was opened.
    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// How long a flow may be silent, by what the balancer is to be now.
    fn idle(&self) -> Duration {
        let asked = self.front.rules.tuning.load().idle_timeout;
        asked.unwrap_or(self.front.options.udp_idle)
    }

    fn end_idle(&self, idle: Duration) {
        let idle = u64::try_from(idle.as_micros()).unwrap_or(u64::MAX);
        let Some(limit) = self.now().checked_sub(idle) else { return };
        let mut flows = self.flows();
        while flows.pop_unused_since(limit).is_some() {}
    }

    fn receive(self: &Arc<Self>, socket: &Arc<UdpSocket>) {
        flow::DATAGRAM.with_borrow_mut(|datagram| {
            for _ in 0..BURST {
                match socket.try_recv_from(datagram) {
                    Ok((length, client)) => self.forward(&datagram[..length], client, socket),
                    Err(_) => break,
                }
            }
        });
    }

    /// Sends a datagram on. If there is nothing to open its flow with, the one that was idle
    /// longest here makes room.
    fn forward(self: &Arc<Self>, datagram: &[u8], client: SocketAddr, at: &Arc<UdpSocket>) {
        if !self.front.admits(client.ip()) || self.carry(datagram, client, at).is_ok() {
            return;
        }
        let oldest = self.flows().pop_oldest();
        if let Some(oldest) = oldest {
            self.front.rules.tell_evicted();
            self.carry_after(oldest, datagram, client, at);
        } else {
            self.front.counters().datagrams_dropped.one();
        }
    }

    /// Tries a datagram once more when a flow has ended: what it had is free only once the task of
    /// its replies has let go of it.
    fn carry_after(
        self: &Arc<Self>,
        ending: Flow,
        datagram: &[u8],
        client: SocketAddr,
        at: &Arc<UdpSocket>,
    ) {
        let (desk, at) = (Arc::clone(self), Arc::clone(at));
        let datagram: Box<[u8]> = datagram.into();
        self.replies.spawn(async move {
            ending.end().await;
            if desk.carry(&datagram, client, &at).is_err() {
                desk.front.counters().datagrams_dropped.one();
            }
        });
    }

    /// Sends a datagram on, or counts why not. A flow that turns out to be dead is replaced, once:
    /// the error is that of an earlier datagram, and this one should not be lost for it.
    fn carry(
        self: &Arc<Self>,
        datagram: &[u8],
        client: SocketAddr,
        at: &Arc<UdpSocket>,
    ) -> Result<(), Starved> {
        let counters = self.front.counters();
        for _ in 0..2 {
            let Some(line) = self.line(client, at)? else { return Ok(()) };
            match line.send(datagram) {
                Ok(()) => {
                    line.used.store(self.now(), Relaxed);
                    counters.datagrams_in.one();
                    counters.bytes_in.add(datagram.len());
                    line.member.counters.bytes_in.add(datagram.len());
                    return Ok(());
                }
                // With the header before it, one of the longest has no room: that is not the
                // target's fault.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock || too_long(&error) => {
                    break;
                }
                Err(error) => self.refused(&line, &error),
            }
        }
        counters.datagrams_dropped.one();
        Ok(())
    }

    /// The client's line to its target, opened if there is none or the target may not keep it; none
    /// if it can't be had, which is counted then.
    fn line(
        self: &Arc<Self>,
        client: SocketAddr,
        at: &Arc<UdpSocket>,
    ) -> Result<Option<Arc<Line>>, Starved> {
        let counters = self.front.counters();
        let mut flows = self.flows();
        if let Some(flow) = flows.get(&client)
            && self.front.pool.ring().keeps(&flow.line.member)
        {
            return Ok(Some(Arc::clone(&flow.line)));
        }
        if self.replies.is_closed() {
            return Ok(None);
        }
        flows.remove(&client);
        let Some(member) = self.front.choose(client.ip(), &[]) else {
            counters.no_target.one();
            return Ok(None);
        };
        let berth = match self.berth(&mut flows) {
            Ok(berth) => berth,
            Err(NoBerth::Flows) => {
                self.front.rules.tell_flow_refused();
                return Ok(None);
            }
            Err(NoBerth::Files) => {
                self.front.rules.tell_starved(&Files::all_taken());
                return Err(Starved);
            }
        };
        let door = at.local_addr().ok();
        match Line::open(Arc::clone(&self.front), client, member, (door, self.now())) {
            Ok(line) => {
                let line = Arc::new(line);
                let (desk, door) = (Arc::clone(self), Arc::clone(at));
                let replies = flow::carry_replies(desk, door, Arc::clone(&line));
                let replies = AbortOnDropHandle::new(self.replies.spawn(replies));
                flows.insert(client, Flow { line: Arc::clone(&line), berth, replies });
                Ok(Some(line))
            }
            Err(Fault::Starved(error)) => {
                self.front.rules.tell_starved(&error);
                Err(Starved)
            }
            Err(Fault::Way(error)) => {
                tracing::debug!(%error, "can't open a flow");
                counters.connect_failed.one();
                Ok(None)
            }
        }
    }

    /// The place of a new flow: a free one, or that of the flow that was idle longest here.
    fn berth(&self, flows: &mut Recent<SocketAddr, Flow>) -> Result<Berth, NoBerth> {
        let mut berth = None;
        while flows.len() >= self.front.options.udp_flows.max(1) {
            berth = flows.pop_oldest().map(|flow| flow.berth);
            self.front.rules.tell_evicted();
        }
        let berth = berth.map_or_else(|| Berth::take(&self.front.rules.house), Ok);
        berth.or_else(|full| {
            let oldest = flows.pop_oldest().ok_or(full)?;
            self.front.rules.tell_evicted();
            Ok(oldest.berth)
        })
    }

    /// Ends a flow whose target can't be reached, and has its client go elsewhere.
    fn refused(&self, line: &Arc<Line>, error: &io::Error) {
        tracing::debug!(target = %line.member.address, %error, "flow refused");
        self.front.counters().flows_refused.one();
        line.member.failed.one();
        line.member.counters.flows_refused.one();
        self.front.rules.affinity.forget(line.client.ip(), &line.member.node);
        let mut flows = self.flows();
        if flows.get(&line.client).is_some_and(|flow| Arc::ptr_eq(&flow.line, line)) {
            flows.remove(&line.client);
        }
    }
}
