//! Load balancers by Nginx on a box, with its stream module.
//!
//! ```text
//! config   the section [providers.nginx]
//! render/  from a site to the contents of a `stream` block: pure
//! program  the binary: its version and its modules
//! whole    the configs around ours: one for the check, one for a daemon that is ours to start
//! verdict  what the daemon's parser says of a file
//! frame    which config the running workers have
//! master   the running daemon: signals, its process, its last words
//! reload   has the daemon load what stands in the file
//! checks   our own health checks: free Nginx has none
//! nginx    the daemon, on top of these
//! ```

mod checks;
mod config;
mod frame;
mod master;
mod nginx;
mod program;
mod reload;
mod render;
mod verdict;
mod whole;

pub use config::Config;
pub use frame::Running;
pub use nginx::{FILE_NAME, Nginx};

use seaway_box::places::Mark;
use seaway_box::{BoxProvider, Place};
use seaway_core::{ClusterId, ProviderError};

/// The provider's name.
pub const NAME: &str = "nginx";

/// The mark of our addresses on an interface; HAProxy's may have theirs on the same one.
const MARK: Option<Mark> = Mark::new(84);

/// Where Nginx's load balancers of a cluster are made: finds the binary and what it can do. Nothing is
/// started, and nothing reloaded.
///
/// # Errors
/// If the config names what can't be, or this Nginx can't do what is needed.
pub async fn connect(
    config: Config,
    cluster: ClusterId,
) -> Result<BoxProvider<Nginx>, ProviderError> {
    let place = Place {
        cluster,
        pool: config.pool.clone(),
        folder: config.folder.clone(),
        file: FILE_NAME,
        interface: config.interface.clone().zip(MARK),
    };
    BoxProvider::open(Nginx::connect(config).await?, place).await
}
