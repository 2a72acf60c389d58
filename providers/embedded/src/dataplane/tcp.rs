use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::counters::Open;
use super::front::Front;
use super::room::Seat;
use super::seldom::Seldom;
use super::workers::{Load, Worker};
use relay::{Ending, Talk};

pub(super) use connect::prepare;

mod accept;
mod connect;
#[cfg_attr(not(target_os = "linux"), path = "tcp/no_pipe.rs")]
mod pipe;
mod relay;

/// Waits between two accepts that failed for want of descriptors: others must close some first.
const STARVED_PAUSE: Duration = Duration::from_millis(20);

/// Accepts connections until `stop`; each then lives in a task of its own, counted in `open`.
pub(super) async fn listen(
    (here, listener): (Arc<Worker>, TcpListener),
    front: Arc<Front>,
    stop: CancellationToken,
    open: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = accept::next(&listener, &front.rules.house) => accepted,
        };
        match accepted {
            Ok((client, peer, files)) => {
                front.counters().accepted.one();
                if !front.admits(peer.ip()) {
                    reset(&client);
                    continue;
                }
                match Seat::take(&front.rules, files) {
                    Ok(seat) => {
                        let place = (seat, front.workers.place(&here));
                        let (front, worker) = (Arc::clone(&front), Arc::clone(place.1.worker()));
                        let handle = &worker.handle;
                        if Arc::ptr_eq(&worker, &here) {
                            open.spawn_on(serve(front, client, peer, place), handle);
                        } else if let Ok(client) = client.into_std() {
                            open.spawn_on(take_over(front, client, peer, place), handle);
                        }
                    }
                    Err(full) => {
                        reset(&client);
                        front.rules.tell_full(full);
                    }
                }
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                // The listener itself is fine: closing it would turn a shortage into an outage.
                front.rules.tell_starved(&error);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(STARVED_PAUSE) => {}
                }
            }
        }
    }
}

/// Accept also hands out errors of the connection that it would have returned (accept(2)).
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown,
        NetworkUnreachable, TimedOut, WouldBlock,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | TimedOut
            | WouldBlock
    )
}

/// The place of a connection, from its accept to its end.
type Place = (Seat, Load);

/// Serves a client whom another worker has accepted.
async fn take_over(front: Arc<Front>, client: std::net::TcpStream, peer: SocketAddr, place: Place) {
    match TcpStream::from_std(client) {
        Ok(client) => serve(front, client, peer, place).await,
        Err(error) => front.rules.tell_starved(&error),
    }
}

async fn serve(front: Arc<Front>, mut client: TcpStream, peer: SocketAddr, _place: Place) {
    let counters = front.counters();
    let tuning = **front.rules.tuning.load();
    let connected = tokio::select! {
        connected = connect::any(&front, &client, peer, &tuning) => connected,
        () = front.end.cancelled() => {
            counters.ended.one();
            return reset(&client);
        }
    };
    let Some((member, mut target)) = connected else { return reset(&client) };
    let _open = Open::count(&counters.connections_open);
    let _open_there = Open::count(&member.open);
    let talk = Talk::new(counters, &member.counters);
    let idle = tuning.idle_timeout.or(front.options.idle_timeout);
    let cut = Seldom::new(async {
        tokio::select! {
            () = talk.silence(idle) => Ending::Idle,
            () = front.end.cancelled() => Ending::Ended,
        }
    });
    let ending = tokio::select! {
        ending = talk.carry(&mut client, &mut target) => ending,
        ending = cut => ending,
    };
    match ending {
        Ending::Clean => return,
        Ending::ClientBroke => counters.client_broke.one(),
        Ending::TargetBroke => {
            counters.target_broke.one();
            member.counters.broke.one();
        }
        Ending::Idle if talk.waits_for_client() => front.rules.tell_stalled(),
        Ending::Idle => {
            front.rules.tell_idle();
            member.counters.idle_ended.one();
            if talk.was_unanswered() {
                counters.target_silent.one();
                member.counters.silent.one();
            }
        }
        Ending::Ended => counters.ended.one(),
    }
    // Half a file must not look like a whole one: who is left learns of it by a reset.
    reset(&client);
    reset(&target);
}

/// Has the end of a stream, which is to come, be a reset.
fn reset<'a>(stream: impl Into<SockRef<'a>>) {
    // Fails on a socket that is reset already, which is what is wanted.
    drop(stream.into().set_linger(Some(Duration::ZERO)));
}
