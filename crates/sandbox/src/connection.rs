//! Connections: TLS or plain HTTP on one port, told apart by their first byte.

use crate::handler::Handler;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

/// The first byte of a TLS handshake (RFC 8446, section 5.1: a record of type 22).
const HANDSHAKE: u8 = 22;
/// How long a client may take to say the first byte and to shake hands.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer that is under way may take once the server stops.
const FAREWELL: Duration = Duration::from_millis(500);

/// Accepts until the server stops.
pub(crate) async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    handler: Arc<Handler>,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = handler.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(greet(stream, tls.clone(), Arc::clone(&handler)));
            }
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come back.
                tracing::warn!(%error, "can't accept a connection");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn greet(stream: TcpStream, tls: TlsAcceptor, handler: Arc<Handler>) {
    let stopping = handler.stopping.clone();
    let begin = async {
        stream.set_nodelay(true)?;
        let mut first = [0];
        let read = stream.peek(&mut first).await?;
        if read == 1 && first[0] == HANDSHAKE {
            Ok::<_, io::Error>((Some(tls.accept(stream).await?), None))
        } else {
            Ok((None, Some(stream)))
        }
    };
    let begun = tokio::select! {
        () = stopping.cancelled() => return,
        begun = timeout(PATIENCE, begin) => begun,
    };
    match begun {
        Ok(Ok((Some(stream), _))) => serve(stream, handler).await,
        Ok(Ok((None, Some(stream)))) => serve(stream, handler).await,
        Ok(Ok((None, None))) | Err(_) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended before its first request"),
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send, handler: Arc<Handler>) {
    let stopping = handler.stopping.clone();
    let service = service_fn(move |request| Arc::clone(&handler).handle(request));
    // An idle connection of a client's pool stays open: closing it would race with a request.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            timeout(FAREWELL, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
