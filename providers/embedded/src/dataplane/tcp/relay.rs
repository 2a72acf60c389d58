use std::cell::RefCell;
use std::io;
use std::net::Shutdown;

use socket2::SockRef;
use tokio::net::TcpStream;

use crate::dataplane::counters::{Counter, Counters};

const BUFFER: usize = 64 * 1024;

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
    Ended,
}

/// What one step of one direction came to.
enum Moved {
    Nothing,
    All(usize),
    /// The receiver took less than there was; this is left.
    Some(usize, Vec<u8>),
    EndOfStream,
}

/// Which end of a direction failed.
enum Broken {
    From,
    To,
}

/// Carries bytes both ways until both directions have ended, or one end breaks. The end of one
/// direction is passed on alone: who has said all may still listen.
pub(super) async fn both_ways(
    client: &TcpStream,
    target: &TcpStream,
    counters: &Counters,
) -> Ending {
    let inward = async {
        one_way(client, target, &counters.bytes_in).await.map_err(|broken| match broken {
            Broken::From => Ending::ClientBroke,
            Broken::To => Ending::TargetBroke,
        })
    };
    let outward = async {
        one_way(target, client, &counters.bytes_out).await.map_err(|broken| match broken {
            Broken::From => Ending::TargetBroke,
            Broken::To => Ending::ClientBroke,
        })
    };
    match tokio::try_join!(inward, outward) {
        Ok(((), ())) => Ending::Clean,
        Err(ending) => ending,
    }
}

async fn one_way(from: &TcpStream, to: &TcpStream, bytes: &Counter) -> Result<(), Broken> {
    loop {
        from.readable().await.map_err(|_| Broken::From)?;
        match step(from, to)? {
            Moved::Nothing => {}
            Moved::All(n) => bytes.add(n),
            Moved::Some(n, rest) => {
                bytes.add(n);
                send(to, &rest).await.map_err(|_| Broken::To)?;
                bytes.add(rest.len());
            }
            Moved::EndOfStream => {
                // Fails if the receiver is gone already; the other direction finds that out.
                drop(SockRef::from(to).shutdown(Shutdown::Write));
                return Ok(());
            }
        }
        // A fast sender must not keep its thread from all others.
        tokio::task::coop::consume_budget().await;
    }
}

fn step(from: &TcpStream, to: &TcpStream) -> Result<Moved, Broken> {
    CHUNK.with_borrow_mut(|chunk| {
        let read = match from.try_read(chunk) {
            Ok(0) => return Ok(Moved::EndOfStream),
            Ok(read) => read,
            Err(error) if is_later(&error) => return Ok(Moved::Nothing),
            Err(_) => return Err(Broken::From),
        };
        match to.try_write(&chunk[..read]) {
            Ok(written) if written == read => Ok(Moved::All(read)),
            Ok(written) => Ok(Moved::Some(written, chunk[written..read].to_vec())),
            Err(error) if is_later(&error) => Ok(Moved::Some(0, chunk[..read].to_vec())),
            Err(_) => Err(Broken::To),
        }
    })
}

async fn send(to: &TcpStream, mut rest: &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        to.writable().await?;
        match to.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if is_later(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
