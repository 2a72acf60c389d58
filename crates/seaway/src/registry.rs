//! The providers of this build: the only place that names them.
//!
//! Each has a module of its name, with its `Config`; one that is not in this build is `absent`.

#[cfg(not(all(
    feature = "aws",
    feature = "embedded",
    feature = "gce",
    feature = "haproxy",
    feature = "nginx"
)))]
mod absent;
#[cfg(feature = "aws")]
mod aws;
mod connected;
#[cfg(feature = "embedded")]
mod embedded;
#[cfg(feature = "gce")]
mod gce;
#[cfg(feature = "haproxy")]
mod haproxy;
#[cfg(feature = "nginx")]
mod nginx;
mod section;

use std::sync::LazyLock;

use anyhow::Result;
use serde::Deserialize;

#[cfg(not(feature = "aws"))]
use self::absent as aws;
#[cfg(not(feature = "embedded"))]
use self::absent as embedded;
#[cfg(not(feature = "gce"))]
use self::absent as gce;
#[cfg(not(feature = "haproxy"))]
use self::absent as haproxy;
#[cfg(not(feature = "nginx"))]
use self::absent as nginx;
use self::section::Section;

pub(crate) use self::connected::Connected;

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
    aws: Option<aws::Config>,
    embedded: Option<embedded::Config>,
    gce: Option<gce::Config>,
    haproxy: Option<haproxy::Config>,
    nginx: Option<nginx::Config>,
}

impl Providers {
    /// The sections of the providers that the config serves, by their names.
    fn served(&self) -> impl Iterator<Item = (&'static str, &dyn Section)> {
        let known: [(_, Option<&dyn Section>); 5] = [
            ("aws", self.aws.as_ref().map(|section| section as _)),
            ("embedded", self.embedded.as_ref().map(|section| section as _)),
            ("gce", self.gce.as_ref().map(|section| section as _)),
            ("haproxy", self.haproxy.as_ref().map(|section| section as _)),
            ("nginx", self.nginx.as_ref().map(|section| section as _)),
        ];
        known.into_iter().filter_map(|(name, section)| Some((name, section?)))
    }

    /// The providers that the config serves.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.served().map(|(name, _)| name).collect()
    }

    /// Checks what the types can't.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, section) in self.served() {
            section.check().map_err(|error| anyhow::anyhow!("providers.{name}.{error}"))?;
        }
        self.apart()
    }

    /// No two providers of this machine give the same addresses to Services.
    fn apart(&self) -> Result<()> {
        let mut pools = Vec::new();
        for (name, section) in self.served() {
            pools.extend(section.pools().into_iter().map(|(key, pool)| (name, key, pool)));
        }
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
    pub(crate) async fn connect(self, cluster: &str) -> Result<Vec<Connected>> {
        let mut connected = Vec::new();
        for (_, section) in self.served() {
            connected.push(section.connect(cluster).await?);
        }
        Ok(connected)
    }
}
