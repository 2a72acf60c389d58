//! A provider that is ready to be driven.

use std::time::Duration;

use futures::future::BoxFuture;
use seaway_core::SharedDriver;

pub(crate) struct Connected {
    pub driver: SharedDriver,
    close: Option<Close>,
    /// What serves goes on without this process, and the next one takes it over.
    outlives: bool,
}

type Close = Box<dyn FnOnce(Duration) -> BoxFuture<'static, ()> + Send>;

impl Connected {
    /// A provider whose load balancers are a cloud's.
    #[cfg(any(feature = "aws", feature = "gce"))]
    pub(super) fn elsewhere(provider: impl seaway_core::Provider) -> Self {
        Self { driver: seaway_core::drive(provider), close: None, outlives: true }
    }

    /// A provider that drives a daemon of this box.
    #[cfg(any(feature = "haproxy", feature = "nginx"))]
    pub(super) fn on_box<D: seaway_box::Daemon>(provider: seaway_box::BoxProvider<D>) -> Self {
        let handle = provider.clone();
        Self {
            driver: seaway_core::drive(provider),
            close: Some(Box::new(move |grace| Box::pin(async move { handle.close(grace).await }))),
            outlives: true,
        }
    }

    /// The provider whose load balancers live in this process.
    #[cfg(feature = "embedded")]
    pub(super) fn in_process(provider: seaway_provider_embedded::Embedded) -> Self {
        let handle = provider.clone();
        Self {
            driver: seaway_core::drive(provider),
            close: Some(Box::new(move |grace| {
                Box::pin(async move { handle.shutdown(grace).await })
            })),
            outlives: false,
        }
    }

    /// Ends what can't go on without this process, open connections after `grace` at the latest. As the
    /// first process of a container we take everything with us, so all of it is ended in good order.
    pub(crate) async fn leave(self, grace: Duration) {
        if !self.outlives || std::process::id() == 1 {
            self.close(grace).await;
        } else if self.close.is_some() {
            tracing::info!(provider = self.driver.name(), "the daemon serves on");
        }
    }

    /// Ends what was started, open connections after `grace` at the latest.
    pub(crate) async fn close(self, grace: Duration) {
        if let Some(close) = self.close {
            close(grace).await;
        }
    }
}
