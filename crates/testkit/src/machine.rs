//! What the world of a daemon has of this machine, as the kernel tells. Linux only.
//!
//! ```text
//! home     the bench of any daemon: its folder, its program, and what it has there
//! trouble  tests of any daemon: what goes wrong on a box
//! block    addresses and ports of its own, and somebody else on some of them
//! crew     the processes of the daemon, and their end
//! sockets  where clients would find somebody
//! ```

mod block;
mod crew;
mod home;
mod sockets;
pub mod trouble;

pub use self::block::{Block, THEIRS};
pub use self::crew::Crew;
pub use self::home::{Home, Tenant, files, installed};
pub use self::sockets::listeners;
