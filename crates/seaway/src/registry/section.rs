//! What the registry asks of a provider's section of the config.

use anyhow::Result;
use futures::future::BoxFuture;
use seaway_pool::Ranges;

use super::Connected;

pub(super) trait Section: Sync {
    /// Checks what the types can't; the error begins with the key.
    fn check(&self) -> Result<(), String>;

    /// The addresses of this machine that it gives to Services, each range with its key.
    fn pools(&self) -> Vec<(String, &Ranges)> {
        Vec::new()
    }

    /// Connects to the provider, for this cluster.
    fn connect<'a>(&'a self, cluster: &'a str) -> BoxFuture<'a, Result<Connected>>;
}
