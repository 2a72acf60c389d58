use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{AcqRel, Release},
};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled only when it was woken itself.
///
/// The task of a connection wakes with each packet, and waits beside that for what hardly ever
/// comes: its drain limit, the end of its listener. To poll these takes a lock that all connections
/// share.
#[derive(Debug)]
pub(super) struct Seldom<F> {
    inner: Pin<Box<F>>,
    bell: Option<Arc<Bell>>,
}

/// What wakes it: and with it the task.
#[derive(Debug)]
struct Bell {
    rang: AtomicBool,
    task: Waker,
}

impl<F: Future> Seldom<F> {
    pub(super) fn new(inner: F) -> Self {
        Self { inner: Box::pin(inner), bell: None }
    }
}

impl<F: Future> Future for Seldom<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let bell = match &self.bell {
            Some(bell) if bell.task.will_wake(cx.waker()) => {
                if !bell.rang.swap(false, AcqRel) {
                    return Poll::Pending;
                }
                Arc::clone(bell)
            }
            // The first time, or the task has another waker now.
            Some(_) | None => {
                let (rang, task) = (AtomicBool::new(false), cx.waker().clone());
                Arc::clone(self.bell.insert(Arc::new(Bell { rang, task })))
            }
        };
        self.inner.as_mut().poll(&mut Context::from_waker(&Waker::from(bell)))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Release);
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures::poll;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn it_is_polled_once_and_then_when_it_was_woken() {
        let polls = AtomicUsize::new(0);
        let (send, mut receive) = oneshot::channel::<u8>();
        let mut seldom = Seldom::new(poll_fn(|cx| {
            polls.fetch_add(1, Relaxed);
            Pin::new(&mut receive).poll(cx)
        }));
        for _ in 0..5 {
            assert!(poll!(&mut seldom).is_pending());
        }
        assert_eq!(polls.load(Relaxed), 1);
        send.send(7).unwrap();
        assert_eq!(poll!(&mut seldom), Poll::Ready(Ok(7)));
        assert_eq!(polls.load(Relaxed), 2);
    }

    #[tokio::test]
    async fn another_task_that_polls_it_is_woken() {
        let (send, receive) = oneshot::channel::<u8>();
        let mut seldom = Seldom::new(receive);
        let mut elsewhere = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut seldom).poll(&mut elsewhere).is_pending());
        let waiting = tokio::spawn(seldom);
        tokio::task::yield_now().await;
        send.send(7).unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(7));
    }
}
