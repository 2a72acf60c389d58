use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::net::{TcpListener, TcpStream};

use crate::dataplane::room::{EACH, Files, House};

/// The next client, and its descriptors. Where there are none it waits with the kernel, and this is
/// an error; while nobody waits, there is none.
pub(super) async fn next(
    listener: &TcpListener,
    house: &Arc<House>,
) -> io::Result<(TcpStream, SocketAddr, Files)> {
    poll_fn(|cx| {
        // Taken for no longer than one try: listeners to which nobody comes hold none.
        let files = Files::take(house, EACH);
        if files.is_none() && somebody_waits(listener) {
            return Poll::Ready(Err(Files::all_taken()));
        }
        let (client, peer) = ready!(listener.poll_accept(cx))?;
        // Who came between the two calls is in: what is kept from traffic has room for him.
        let files = files.unwrap_or_else(|| Files::take_beyond(house, EACH));
        Poll::Ready(Ok((client, peer, files)))
    })
    .await
}

/// Whether accept would return at once; yes if that can't be said.
fn somebody_waits(listener: &TcpListener) -> bool {
    let mut fds = [PollFd::new(listener, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).map_or(true, |ready| ready > 0)
}
