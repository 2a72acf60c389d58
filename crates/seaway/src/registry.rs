//! The providers of this build: the only place that names them.

use std::sync::LazyLock;
use std::time::Duration;

use anyhow::Result;
use futures::future::BoxFuture;
use seaway_core::SharedDriver;
use serde::Deserialize;

/// The names of the providers of this build.
pub(crate) const BUILT: &[&str] = &[
    #[cfg(feature = "embedded")]
    "embedded",
];

/// Those of them whose load balancers live and die with the controller's process.
pub(crate) const IN_PROCESS: &[&str] = &[
    #[cfg(feature = "embedded")]
    "embedded",
];

/// What `--version` tells: enough to report a fault with.
pub(crate) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{}\nproviders: {}\nplatform: {} {}",
            env!("CARGO_PKG_VERSION"),
            listed(BUILT),
            std::env::consts::OS,
            std::env::consts::ARCH
        )
    });
    &VERSION
}

/// Names in a sentence.
pub(crate) fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The `[providers]` section of the config.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Providers {
    #[cfg(feature = "embedded")]
    embedded: Option<seaway_provider_embedded::Config>,
    #[cfg(not(feature = "embedded"))]
    embedded: Option<NotInThisBuild>,
}

/// A provider that is ready to be driven.
pub(crate) struct Connected {
    pub driver: SharedDriver,
    close: Option<Close>,
}

type Close = Box<dyn FnOnce(Duration) -> BoxFuture<'static, ()> + Send>;

impl Connected {
    /// Lets go of what lives in this process, open connections after `grace` at the latest.
    pub(crate) async fn close(self, grace: Duration) {
        if let Some(close) = self.close {
            close(grace).await;
        }
    }
}

/// A provider that is known, and was left out of this build.
#[cfg(not(feature = "embedded"))]
#[derive(Debug)]
struct NotInThisBuild;

#[cfg(not(feature = "embedded"))]
impl<'de> Deserialize<'de> for NotInThisBuild {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom(
            "this provider is not in this build; build with `--features` and its name",
        ))
    }
}

impl Providers {
    /// The providers that the config serves.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let embedded = self.embedded.is_some().then_some("embedded");
        embedded.into_iter().collect()
    }

    /// Connects to all of them.
    #[cfg_attr(
        not(feature = "embedded"),
        expect(
            clippy::unused_self,
            clippy::unnecessary_wraps,
            reason = "no provider is in this build"
        )
    )]
    pub(crate) fn connect(self) -> Result<Vec<Connected>> {
        let connected: Vec<Option<Connected>> = vec![
            #[cfg(feature = "embedded")]
            self.embedded.map(embedded).transpose()?,
        ];
        Ok(connected.into_iter().flatten().collect())
    }
}

#[cfg(feature = "embedded")]
fn embedded(config: seaway_provider_embedded::Config) -> Result<Connected> {
    let provider = seaway_provider_embedded::connect(config)?;
    let handle = provider.clone();
    Ok(Connected {
        driver: seaway_core::drive(provider),
        close: Some(Box::new(move |grace| Box::pin(async move { handle.shutdown(grace).await }))),
    })
}
