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
    #[cfg(feature = "gce")]
    "gce",
    #[cfg(feature = "haproxy")]
    "haproxy",
    #[cfg(feature = "nginx")]
    "nginx",
];

/// Those of them that serve on the machine that they run on.
pub(crate) const LOCAL: &[&str] = &[
    #[cfg(feature = "embedded")]
    "embedded",
    #[cfg(feature = "haproxy")]
    "haproxy",
    #[cfg(feature = "nginx")]
    "nginx",
];

/// Those of them that drive a daemon.
pub(crate) const DAEMONS: &[&str] = &[
    #[cfg(feature = "haproxy")]
    "haproxy",
    #[cfg(feature = "nginx")]
    "nginx",
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
    #[cfg(feature = "gce")]
    gce: Option<seaway_provider_gce::Config>,
    #[cfg(not(feature = "gce"))]
    gce: Option<NotInThisBuild>,
    #[cfg(feature = "haproxy")]
    haproxy: Option<seaway_provider_haproxy::Config>,
    #[cfg(not(feature = "haproxy"))]
    haproxy: Option<NotInThisBuild>,
    #[cfg(feature = "nginx")]
    nginx: Option<seaway_provider_nginx::Config>,
    #[cfg(not(feature = "nginx"))]
    nginx: Option<NotInThisBuild>,
}

/// A provider that is ready to be driven.
pub(crate) struct Connected {
    pub driver: SharedDriver,
    close: Option<Close>,
    /// What serves goes on without this process, and the next one takes it over.
    outlives: bool,
}

type Close = Box<dyn FnOnce(Duration) -> BoxFuture<'static, ()> + Send>;

impl Connected {
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

/// A provider that is known, and was left out of this build.
#[cfg(not(all(
    feature = "aws",
    feature = "embedded",
    feature = "gce",
    feature = "haproxy",
    feature = "nginx"
)))]
#[derive(Debug)]
struct NotInThisBuild;

#[cfg(not(all(
    feature = "aws",
    feature = "embedded",
    feature = "gce",
    feature = "haproxy",
    feature = "nginx"
)))]
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
        let named = [
            ("aws", self.aws.is_some()),
            ("embedded", self.embedded.is_some()),
            ("gce", self.gce.is_some()),
            ("haproxy", self.haproxy.is_some()),
            ("nginx", self.nginx.is_some()),
        ];
        named.into_iter().filter(|(_, served)| *served).map(|(name, _)| name).collect()
    }

    /// Checks what the types can't.
    #[cfg_attr(
        not(any(
            feature = "aws",
            feature = "embedded",
            feature = "gce",
            feature = "haproxy",
            feature = "nginx"
        )),
        expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "no provider asks for it")
    )]
    pub(crate) fn check(&self) -> Result<()> {
        #[cfg(feature = "aws")]
        if let Some(aws) = &self.aws {
            aws.check().map_err(|error| anyhow::anyhow!("providers.aws.{error}"))?;
        }
        #[cfg(feature = "embedded")]
        if let Some(embedded) = &self.embedded {
            embedded.check().map_err(|error| anyhow::anyhow!("providers.embedded.{error}"))?;
        }
        #[cfg(feature = "gce")]
        if let Some(gce) = &self.gce {
            let complete = gce.clone().complete();
            complete.map_err(|error| anyhow::anyhow!("providers.gce.{error}"))?;
        }
        #[cfg(feature = "haproxy")]
        if let Some(haproxy) = &self.haproxy {
            haproxy.check().map_err(|error| anyhow::anyhow!("providers.haproxy.{error}"))?;
        }
        #[cfg(feature = "nginx")]
        if let Some(nginx) = &self.nginx {
            nginx.check().map_err(|error| anyhow::anyhow!("providers.nginx.{error}"))?;
        }
        #[cfg(any(feature = "embedded", feature = "haproxy", feature = "nginx"))]
        self.apart()?;
        Ok(())
    }

    /// No two providers of this machine give the same addresses to Services.
    #[cfg(any(feature = "embedded", feature = "haproxy", feature = "nginx"))]
    fn apart(&self) -> Result<()> {
        let mut pools = Vec::new();
        #[cfg(feature = "embedded")]
        if let Some(embedded) = &self.embedded {
            let all = [("pool".to_owned(), &embedded.pool)].into_iter();
            let named = embedded.pools.iter().map(|(name, pool)| (format!("pools.{name}"), pool));
            pools.extend(all.chain(named).map(|(key, pool)| ("embedded", key, pool)));
        }
        #[cfg(feature = "haproxy")]
        pools.extend(self.haproxy.iter().map(|it| ("haproxy", "pool".to_owned(), &it.pool)));
        #[cfg(feature = "nginx")]
        pools.extend(self.nginx.iter().map(|it| ("nginx", "pool".to_owned(), &it.pool)));
        for (at, (name, key, pool)) in pools.iter().enumerate() {
            let mut before = pools.iter().take(at);
            let clash = before.find(|(other, _, theirs)| other != name && pool.overlap(theirs));
            if let Some((other, theirs, range)) = clash {
                anyhow::bail!(
                    "providers.{name}.{key}: {pool} has addresses of providers.{other}.{theirs}, which \
                     is {range}: two load balancers can't have the same one"
                );
            }
        }
        Ok(())
    }

    /// Connects to all of them, for this cluster.
    #[cfg_attr(
        not(all(
            feature = "aws",
            feature = "embedded",
            feature = "gce",
            feature = "haproxy",
            feature = "nginx"
        )),
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
            let connecting = seaway_provider_aws::connect(config, cluster.into());
            connected.push(elsewhere(Box::pin(connecting).await?));
        }
        #[cfg(feature = "embedded")]
        if let Some(config) = self.embedded {
            connected.push(embedded(config)?);
        }
        #[cfg(feature = "gce")]
        if let Some(config) = self.gce {
            let connecting = seaway_provider_gce::connect(config, cluster.into());
            connected.push(elsewhere(Box::pin(connecting).await?));
        }
        #[cfg(feature = "haproxy")]
        if let Some(config) = self.haproxy {
            let connecting = seaway_provider_haproxy::connect(config, cluster.into());
            let provider = Box::pin(connecting).await?;
            connected.push(on_box(provider));
        }
        #[cfg(feature = "nginx")]
        if let Some(config) = self.nginx {
            let connecting = seaway_provider_nginx::connect(config, cluster.into());
            let provider = Box::pin(connecting).await?;
            connected.push(on_box(provider));
        }
        Ok(connected)
    }
}

/// A provider whose load balancers are a cloud's.
#[cfg(any(feature = "aws", feature = "gce"))]
fn elsewhere(provider: impl seaway_core::Provider) -> Connected {
    Connected { driver: seaway_core::drive(provider), close: None, outlives: true }
}

#[cfg(feature = "embedded")]
fn embedded(config: seaway_provider_embedded::Config) -> Result<Connected> {
    let provider = seaway_provider_embedded::connect(config)?;
    let handle = provider.clone();
    Ok(Connected {
        driver: seaway_core::drive(provider),
        close: Some(Box::new(move |grace| Box::pin(async move { handle.shutdown(grace).await }))),
        outlives: false,
    })
}

/// A provider that drives a daemon of this box.
#[cfg(any(feature = "haproxy", feature = "nginx"))]
fn on_box<D: seaway_box::Daemon>(provider: seaway_box::BoxProvider<D>) -> Connected {
    let handle = provider.clone();
    Connected {
        driver: seaway_core::drive(provider),
        close: Some(Box::new(move |grace| Box::pin(async move { handle.close(grace).await }))),
        outlives: true,
    }
}
