//! What the world of a daemon has of this machine, as the kernel tells. Linux only.
//!
//! ```text
//! block    addresses and ports of its own, and somebody else on some of them
//! crew     the processes of the daemon, and their end
//! sockets  where clients would find somebody
//! ```

mod block;
mod crew;
mod sockets;

pub use self::block::{Block, THEIRS};
pub use self::crew::Crew;
pub use self::sockets::{listeners, stays_open};
