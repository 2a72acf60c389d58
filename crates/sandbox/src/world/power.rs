use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The power of the world, of a machine or of a pod: tasks live on it, and end with it.
///
/// Powers form a tree. Cutting one ends everything below it; connections are then reset, as no
/// machine says goodbye that loses its power. A dark machine holds its sockets and does nothing.
#[derive(Clone, Debug)]
pub(crate) struct Power {
    off: CancellationToken,
    dark: CancellationToken,
    tasks: TaskTracker,
}

impl Power {
    pub(crate) fn new() -> Self {
        Self {
            off: CancellationToken::new(),
            dark: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    pub(crate) fn child(&self) -> Self {
        Self {
            off: self.off.child_token(),
            dark: self.dark.child_token(),
            tasks: self.tasks.clone(),
        }
    }

    pub(crate) fn cut(&self) {
        self.off.cancel();
        self.dark.cancel();
    }

    pub(crate) fn darken(&self) {
        self.dark.cancel();
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off.is_cancelled()
    }

    pub(crate) fn is_dark(&self) -> bool {
        self.dark.is_cancelled()
    }

    pub(crate) async fn went_off(&self) {
        self.off.cancelled().await;
    }

    pub(crate) async fn went_dark(&self) {
        self.dark.cancelled().await;
    }

    /// Runs a task until the power is cut.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let off = self.off.clone();
        self.tasks.spawn(async move {
            let _ = off.run_until_cancelled_owned(task).await;
        })
    }

    /// Runs a task that stops as soon as the machine is dark: its programs, not its sockets.
    pub(crate) fn spawn_program(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let dark = self.dark.clone();
        self.tasks.spawn(async move {
            let _ = dark.run_until_cancelled_owned(task).await;
        })
    }

    /// Cuts the power and waits until every task of the whole tree has ended.
    pub(crate) async fn shut_down(&self) {
        self.cut();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// A TCP connection that depends on the power of its machine.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    power: Power,
    reset: bool,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, power: Power) -> Self {
        // Small answers must not wait for each other; where it fails, they do.
        let _ = stream.set_nodelay(true);
        Self { stream, power, reset: false }
    }

    /// The connection is to end with a reset instead of a goodbye.
    pub(crate) fn reset_on_drop(&mut self) {
        self.reset = true;
    }

    /// Nothing enters or leaves a dark machine. Whoever waits is woken by the cut of the power.
    fn is_stalled(&self) -> bool {
        self.power.is_dark()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset || self.power.is_off() {
            // A socket that is already broken needs no reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_stalled() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_stalled() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_stalled() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_stalled() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
