//! Load balancers in this process.

use anyhow::Result;
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use seaway_pool::Ranges;

use super::Connected;
use super::section::Section;

pub(super) use seaway_provider_embedded::Config;

impl Section for Config {
    fn check(&self) -> Result<(), String> {
        Self::check(self)
    }

    fn pools(&self) -> Vec<(String, &Ranges)> {
        let named = self.pools.iter().map(|(name, pool)| (format!("pools.{name}"), pool));
        [("pool".to_owned(), &self.pool)].into_iter().chain(named).collect()
    }

    fn connect<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Connected>> {
        let connected = seaway_provider_embedded::connect(self.clone()).map(Connected::in_process);
        ready(connected.map_err(Into::into)).boxed()
    }
}
