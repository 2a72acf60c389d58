use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::pipe::Pipe;
use crate::dataplane::counters::{Counter, Counters, MemberCounters};

const BUFFER: usize = 64 * 1024;

/// A read of so much is a large one.
const LARGE: usize = BUFFER / 4;
/// After so many large reads in a row a direction goes by a pipe, and after so many that are not it
/// goes without: a pipe costs two calls for one, and saves copying.
const STREAK: u32 = 8;

thread_local! {
    /// One buffer per thread: ten thousand idle connections then hold no buffer at all.
    static CHUNK: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

/// How a relay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Clean,
    ClientBroke,
    TargetBroke,
    /// Nothing was said for too long.
    Idle,
    Ended,
}

/// What one step of one direction came to.
struct Moved {
    sent: usize,
    /// What the receiver did not take yet.
    rest: Vec<u8>,
}

/// Which end of a direction failed.
enum Broken {
    From,
    To,
}

/// What is said on one connection.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    inward: Lane<'a>,
    outward: Lane<'a>,
    /// Looks at the connection since something was said on it.
    quiet: AtomicU32,
    /// One direction has ended.
    half: AtomicBool,
}

/// What is said in one direction.
#[derive(Debug)]
struct Lane<'a> {
    of_all: &'a Counter,
    of_member: &'a Counter,
    any: AtomicBool,
    /// Something waits for who is to take it.
    waits: AtomicBool,
}

impl<'a> Lane<'a> {
    const fn new(of_all: &'a Counter, of_member: &'a Counter) -> Self {
        let [any, waits] = [AtomicBool::new(false), AtomicBool::new(false)];
        Self { of_all, of_member, any, waits }
    }
}

/// A silence is measured in so many looks at the connection: a byte then costs no clock.
const LOOKS: u32 = 4;

impl<'a> Talk<'a> {
    pub(super) const fn new(all: &'a Counters, member: &'a MemberCounters) -> Self {
        Self {
            inward: Lane::new(&all.bytes_in, &member.bytes_in),
            outward: Lane::new(&all.bytes_out, &member.bytes_out),
            quiet: AtomicU32::new(0),
            half: AtomicBool::new(false),
        }
    }

    /// Carries bytes both ways until both directions have ended, or one end breaks. The end of one
    /// direction is passed on alone: who has said all may still listen.
    pub(super) async fn carry(&self, client: &mut TcpStream, target: &mut TcpStream) -> Ending {
        let (from_client, to_client) = client.split();
        let (from_target, to_target) = target.split();
        let inward = async {
            let carried = self.one_way(from_client, to_target, &self.inward).await;
            carried.map_err(|broken| match broken {
                Broken::From => Ending::ClientBroke,
                Broken::To => Ending::TargetBroke,
            })
        };
        let outward = async {
            let carried = self.one_way(from_target, to_client, &self.outward).await;
            carried.map_err(|broken| match broken {
                Broken::From => Ending::TargetBroke,
                Broken::To => Ending::ClientBroke,
            })
        };
        match tokio::try_join!(inward, outward) {
            Ok(((), ())) => Ending::Clean,
            Err(ending) => ending,
        }
    }

    /// Returns once nothing was said, either way, for `limit`, or up to a quarter more.
    pub(super) async fn silence(&self, limit: Option<Duration>) {
        let Some(limit) = limit else { return std::future::pending().await };
        while self.quiet.fetch_add(1, Relaxed) < LOOKS {
            tokio::time::sleep(limit / LOOKS).await;
        }
    }

    /// Whether the client has said something, and the target nothing at all.
    pub(super) fn was_unanswered(&self) -> bool {
        self.inward.any.load(Relaxed) && !self.outward.any.load(Relaxed)
    }

    /// Whether something waits for the client, who doesn't take it.
    pub(super) fn waits_for_client(&self) -> bool {
        self.outward.waits.load(Relaxed)
    }

    fn said(&self, lane: &Lane<'_>, bytes: usize) {
        if bytes > 0 {
            lane.any.store(true, Relaxed);
            self.quiet.store(0, Relaxed);
            lane.of_all.add(bytes);
            lane.of_member.add(bytes);
        }
    }

    async fn one_way(
        &self,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
        lane: &Lane<'_>,
    ) -> Result<(), Broken> {
        let mut large = 0;
        while let Some(Moved { sent, rest }) = poll_fn(|cx| step(cx, &mut from, &mut to)).await? {
            self.said(lane, sent);
            self.send(&mut to, &rest, lane).await?;
            large = if sent + rest.len() < LARGE { 0 } else { large + 1 };
            if large >= STREAK {
                large = 0;
                if self.pour(from.as_ref(), to.as_ref(), lane).await? {
                    break;
                }
            }
        }
        // It is something said, too: who hears it has its time to answer.
        self.quiet.store(0, Relaxed);
        // The second one to end closes both anyway.
        if !self.half.swap(true, Relaxed) {
            // Fails if the receiver is gone already; the other direction finds that out.
            drop(SockRef::from(to.as_ref()).shutdown(Shutdown::Write));
        }
        Ok(())
    }

    /// The same through pipes, while much is said at once and there are any; returns whether the
    /// stream has ended. Who says nothing has no pipe meanwhile.
    async fn pour(
        &self,
        from: &TcpStream,
        to: &TcpStream,
        lane: &Lane<'_>,
    ) -> Result<bool, Broken> {
        let mut small = 0;
        while small < STREAK {
            poll_fn(|cx| from.poll_read_ready(cx)).await.map_err(|_| Broken::From)?;
            let Some(mut pipe) = Pipe::take() else { break };
            let taken = match pipe.fill(from) {
                Ok(taken) => taken,
                Err(error) if is_later(&error) => {
                    pipe.give_back();
                    continue;
                }
                Err(_) => return Err(Broken::From),
            };
            lane.waits.store(true, Relaxed);
            while !pipe.is_empty() {
                let given = poll_fn(|cx| pipe.pour(cx, to)).await.map_err(|_| Broken::To)?;
                self.said(lane, given);
            }
            lane.waits.store(false, Relaxed);
            pipe.give_back();
            if taken == 0 {
                return Ok(true);
            }
            small = if taken < LARGE { small + 1 } else { 0 };
        }
        Ok(false)
    }

    /// Sends what the receiver did not take at once.
    async fn send(
        &self,
        to: &mut WriteHalf<'_>,
        mut rest: &[u8],
        lane: &Lane<'_>,
    ) -> Result<(), Broken> {
        if rest.is_empty() {
            return Ok(());
        }
        lane.waits.store(true, Relaxed);
        while !rest.is_empty() {
            let write = poll_fn(|cx| Pin::new(&mut *to).poll_write(cx, rest));
            let sent = write.await.map_err(|_| Broken::To)?;
            self.said(lane, sent);
            rest = &rest[sent..];
        }
        lane.waits.store(false, Relaxed);
        Ok(())
    }
}

/// One read, and one write of what was read; none at the end of the stream. Tokio's own reads and writes
/// know from a short one that there is no more, and spare the call that would say so.
fn step(
    cx: &mut Context<'_>,
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
) -> Poll<Result<Option<Moved>, Broken>> {
    CHUNK.with_borrow_mut(|chunk| {
        let mut chunk = ReadBuf::new(chunk);
        if ready!(Pin::new(from).poll_read(cx, &mut chunk)).is_err() {
            return Poll::Ready(Err(Broken::From));
        }
        let said = chunk.filled();
        if said.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let sent = match Pin::new(to).poll_write(cx, said) {
            Poll::Ready(Ok(sent)) => sent,
            Poll::Pending => 0,
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Broken::To)),
        };
        Poll::Ready(Ok(Some(Moved { sent, rest: said[sent..].to_vec() })))
    })
}

pub(super) fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, advance};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(100);

    async fn ends_within(silence: impl Future<Output = ()>) -> bool {
        let began = Instant::now();
        silence.await;
        (LIMIT..=LIMIT * 5 / 4).contains(&began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_ends_at_its_limit_or_a_quarter_later() {
        let (all, member) = (Counters::default(), MemberCounters::default());
        let talk = Talk::new(&all, &member);
        assert!(ends_within(talk.silence(Some(LIMIT))).await);
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_is_said_either_way_begins_it_anew() {
        let (all, member) = (Counters::default(), MemberCounters::default());
        let talk = Talk::new(&all, &member);
        let silence = talk.silence(Some(LIMIT));
        tokio::pin!(silence);
        for turn in 0..20 {
            let lane = if turn % 2 == 0 { &talk.inward } else { &talk.outward };
            talk.said(lane, 1);
            let patience = tokio::time::timeout(LIMIT * 99 / 100, silence.as_mut()).await;
            assert!(patience.is_err(), "turn {turn}");
        }
        talk.said(&talk.inward, 1);
        assert!(ends_within(silence).await);
        assert_eq!((all.bytes_in.get(), member.bytes_out.get()), (11, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_it_never_ends() {
        let (all, member) = (Counters::default(), MemberCounters::default());
        let talk = Talk::new(&all, &member);
        let silence = talk.silence(None);
        tokio::pin!(silence);
        advance(LIMIT * 1000).await;
        assert!(futures::poll!(silence.as_mut()).is_pending());
    }
}
