use super::power::Power;
use futures::FutureExt as _;
use socket2::SockRef;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

const FIRST_RETRY: Duration = Duration::from_millis(20);
const LAST_RETRY: Duration = Duration::from_secs(2);
/// The sockets of a machine that was just switched off may still be closing.
const PATIENCE: u32 = 5;

/// Listens, or tries again until it can; `trouble` hears once that it can't.
pub(crate) async fn tcp(address: SocketAddr, trouble: impl FnOnce(&io::Error)) -> TcpListener {
    insist(|| TcpListener::bind(address), trouble).await
}

/// Binds, or tries again until it can; `trouble` hears once that it can't.
pub(crate) async fn udp(address: SocketAddr, trouble: impl FnOnce(&io::Error)) -> UdpSocket {
    insist(|| UdpSocket::bind(address), trouble).await
}

async fn insist<T, F>(mut bind: impl FnMut() -> F, trouble: impl FnOnce(&io::Error)) -> T
where
    F: Future<Output = io::Result<T>>,
{
    let mut trouble = Some(trouble);
    let mut wait = FIRST_RETRY;
    let mut failed = 0;
    loop {
        match bind().await {
            Ok(bound) => return bound,
            Err(error) => {
                failed += 1;
                if failed > PATIENCE
                    && let Some(trouble) = trouble.take()
                {
                    trouble(&error);
                }
            }
        }
        sleep(wait).await;
        wait = (wait * 2).min(LAST_RETRY);
    }
}

/// Takes connections until `closing`; who is in the queue by then is still taken.
///
/// On a dark machine nothing is taken any more, and the kernel soon stops to answer for it.
pub(crate) async fn accept(
    listener: TcpListener,
    power: &Power,
    closing: &CancellationToken,
    mut each: impl FnMut(TcpStream, SocketAddr),
) {
    loop {
        tokio::select! {
            biased;
            () = power.went_dark() => {
                let _queued = fall_silent(&listener).await;
                power.went_off().await;
                return;
            }
            () = closing.cancelled() => break,
            taken = listener.accept() => match taken {
                Ok((stream, client)) => each(stream, client),
                Err(error) => {
                    tracing::warn!(%error, "can't take a connection");
                    sleep(FIRST_RETRY).await;
                }
            },
        }
    }
    while let Some(Ok((stream, client))) = listener.accept().now_or_never() {
        each(stream, client);
    }
}

/// Shortens the queue to one and fills it, so that the kernel drops what comes after.
///
/// Without this it would go on to complete handshakes, and a client that only connects would
/// take the machine for a living one.
async fn fall_silent(listener: &TcpListener) -> Option<TcpStream> {
    SockRef::from(listener).listen(0).ok()?;
    let address = listener.local_addr().ok()?;
    timeout(Duration::from_secs(1), TcpStream::connect(address)).await.ok()?.ok()
}
