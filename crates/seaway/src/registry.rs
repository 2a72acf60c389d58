//! The providers of this build: the only place that names them.

use std::sync::LazyLock;
use std::time::Duration;

use anyhow::Result;
use futures::future::BoxFuture;
use seaway_core::SharedDriver;
use serde::Deserialize;

/// The names of the providers of this build.
pub(crate) const BUILT: &[&str] = &[
    #[cfg(feature = "aws")]
    "aws",
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
    #[cfg(feature = "aws")]
    aws: Option<seaway_provider_aws::Config>,
    #[cfg(not(feature = "aws"))]
    aws: Option<NotInThisBuild>,
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
#[cfg(not(all(feature = "aws", feature = "embedded")))]
#[derive(Debug)]
struct NotInThisBuild;

#[cfg(not(all(feature = "aws", feature = "embedded")))]
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
        let named = [("aws", self.aws.is_some()), ("embedded", self.embedded.is_some())];
        named.into_iter().filter(|(_, served)| *served).map(|(name, _)| name).collect()
    }

    /// Checks what the types can't.
    #[cfg_attr(
        not(feature = "aws"),
        expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "no provider asks for it")
    )]
    pub(crate) fn check(&self) -> Result<()> {
        #[cfg(feature = "aws")]
        if let Some(aws) = &self.aws {
            aws.check().map_err(|error| anyhow::anyhow!("providers.aws.{error}"))?;
        }
        Ok(())
    }

    /// Connects to all of them, for this cluster.
    #[cfg_attr(
        not(all(feature = "aws", feature = "embedded")),
        allow(
            unused_mut,
            unused_variables,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_self,
            reason = "which of them it takes depends on the providers of the build"
        )
    )]
    pub(crate) async fn connect(self, cluster: &str) -> Result<Vec<Connected>> {
        let mut connected = Vec::new();
        #[cfg(feature = "aws")]
        if let Some(config) = self.aws {
            let provider = seaway_provider_aws::connect(config, cluster.into()).await?;
            connected.push(Connected { driver: seaway_core::drive(provider), close: None });
        }
        #[cfg(feature = "embedded")]
        if let Some(config) = self.embedded {
            connected.push(embedded(config)?);
        }
        Ok(connected)
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
