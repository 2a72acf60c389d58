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
use relay::Ending;

pub(super) mod connect;
mod relay;

/// Waits between two accepts that failed for want of descriptors: others must close some first.
const STARVED_PAUSE: Duration = Duration::from_millis(20);

/// Accepts connections until `stop`; each then lives in a task of its own, counted in `open`.
pub(super) async fn listen(
    listener: TcpListener,
    front: Arc<Front>,
    stop: CancellationToken,
    open: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((client, peer)) => {
                front.counters().accepted.one();
                if front.admits(peer.ip()) {
                    open.spawn(serve(Arc::clone(&front), client, peer));
                } else {
                    reset(client);
                }
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                // The listener itself is fine: closing it would turn a shortage into an outage.
                front.counters().starved.one();
                tracing::debug!(%error, "can't accept");
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

async fn serve(front: Arc<Front>, client: TcpStream, peer: SocketAddr) {
    let counters = front.counters();
    // A client that is gone already shows in the first read.
    drop(connect::prepare(&client, &front.options.keepalive, None));
    let connected = tokio::select! {
        connected = connect::any(&front, peer.ip()) => connected,
        () = front.end.cancelled() => {
            counters.ended.one();
            return reset(client);
        }
    };
    let Some((member, target)) = connected else { return reset(client) };
    let _open = Open::count(&counters.connections_open);
    let _open_there = Open::count(&member.open);
    let ending = tokio::select! {
        ending = relay::both_ways(&client, &target, counters) => ending,
        () = front.end.cancelled() => Ending::Ended,
        () = member.end.cancelled() => Ending::Ended,
    };
    match ending {
        Ending::Clean => return,
        Ending::ClientBroke => counters.client_broke.one(),
        Ending::TargetBroke => counters.target_broke.one(),
        Ending::Ended => counters.ended.one(),
    }
    // Half a file must not look like a whole one: who is left learns of it by a reset.
    reset(client);
    reset(target);
}

fn reset(stream: TcpStream) {
    // Fails on a socket that is reset already, which is what is wanted.
    drop(SockRef::from(&stream).set_linger(Some(Duration::ZERO)));
    drop(stream);
}
