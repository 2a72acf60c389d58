//! Passthrough Network Load Balancers of Google Cloud.

use anyhow::Result;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::Connected;
use super::section::Section;

pub(super) use seaway_provider_gce::Config;

impl Section for Config {
    fn check(&self) -> Result<(), String> {
        self.clone().complete().map(drop)
    }

    fn connect<'a>(&'a self, cluster: &'a str) -> BoxFuture<'a, Result<Connected>> {
        let connecting = seaway_provider_gce::connect(self.clone(), cluster.into());
        async { Ok(Connected::elsewhere(connecting.await?)) }.boxed()
    }
}
