//! What load balancer daemons on a box share: the config file that is ours, the process, the
//! addresses, and the way from a goal to a daemon that serves it.
//!
//! ```text
//! daemon     what a daemon must be able to do: the port that providers fill
//! site       what the daemon is to have, one entry a Service
//! text       a config file line by line, and whose each line is
//! record     what a config file tells of the site that it was written for
//! observed   what a box has
//! wanted     from a goal to a site: pure
//! plan       from what is to what is wanted: pure
//! step       one change, and what its answer tells
//! apply      makes one change
//! provider   the trait, on top of these
//! folder/    the config file, and the candidate beside it
//! lock       one writer a box
//! places/    addresses: whether they can be listened on, and on which interface they are put
//! command/   runs a command to its end
//! supervisor/ keeps a daemon running
//! ```

mod apply;
pub mod command;
mod daemon;
mod folder;
mod lock;
mod observed;
pub mod places;
mod plan;
mod provider;
mod record;
mod site;
mod step;
pub mod supervisor;
mod text;
mod wanted;

pub use self::daemon::{Complaint, Daemon, Pulse, Sick};
pub use self::folder::{Folder, Stamp};
pub use self::lock::Lock;
pub use self::observed::Observed;
pub use self::provider::{BoxProvider, Inner, Place};
pub use self::record::File;
pub use self::site::{Check, Entry, Numbers, Port, Site, Target};
pub use self::step::{Fact, Step};
pub use self::text::Text;
pub use seaway_core::setting::Tuning;
