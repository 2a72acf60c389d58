//! Load balancers by the HAProxy of a box, 2.6 or newer: TCP only.
//!
//! ```text
//! config   the section [providers.haproxy]
//! render/  the config that is ours, from a site: pure
//! check    HAProxy's own parser, and what it complains of
//! running  what the running HAProxy tells of itself
//! change   from that to a site, without a reload: pure
//! tell     one change
//! leaving  who may be deleted once it has no connections
//! reload   a new worker, which takes over the listeners and the table of clients
//! states   which nodes it is to take for down
//! process  the master process: ours, or that of the box
//! targets  what HAProxy thinks of the nodes
//! runtime/ its Runtime API, over a socket
//! haproxy  the daemon, on top of these
//! ```

mod change;
mod check;
mod config;
mod haproxy;
mod leaving;
mod process;
mod reload;
mod render;
mod running;
mod runtime;
mod states;
mod targets;
mod tell;

pub use self::change::{Change, Kind};
pub use self::config::Config;
pub use self::haproxy::Haproxy;
pub use self::running::{Running, Server};

use seaway_box::places::Mark;
use seaway_box::{BoxProvider, Place};
use seaway_core::{ClusterId, ProviderError};

/// The provider's name.
pub const NAME: &str = "haproxy";

/// The name of our config file in the folder.
pub const FILE: &str = "haproxy.cfg";

/// Where HAProxy's load balancers of a cluster are made; nothing is written or started yet.
///
/// # Errors
/// If the folder can't be made or read, or there is no such interface.
pub async fn connect(
    config: Config,
    cluster: ClusterId,
) -> Result<BoxProvider<Haproxy>, ProviderError> {
    let place = Place {
        cluster,
        pool: config.pool.clone(),
        folder: config.folder.clone(),
        file: FILE,
        interface: config.interface.clone().map(|name| (name, Mark::SEAWAY)),
    };
    BoxProvider::open(Haproxy::new(config), place).await
}
