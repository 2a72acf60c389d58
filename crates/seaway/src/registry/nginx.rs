//! Nginx on this box.

use anyhow::Result;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use seaway_pool::Ranges;

use super::Connected;
use super::section::Section;

pub(super) use seaway_provider_nginx::Config;

impl Section for Config {
    fn check(&self) -> Result<(), String> {
        Self::check(self).map_err(|error| error.to_string())
    }

    fn pools(&self) -> Vec<(String, &Ranges)> {
        vec![("pool".to_owned(), &self.pool)]
    }

    fn connect<'a>(&'a self, cluster: &'a str) -> BoxFuture<'a, Result<Connected>> {
        let connecting = seaway_provider_nginx::connect(self.clone(), cluster.into());
        async { Ok(Connected::on_box(connecting.await?)) }.boxed()
    }
}
