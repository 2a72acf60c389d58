//! Addresses on the box: whether a daemon could listen on one, and putting ours on an interface.
//!
//! ```text
//! bind       whether this machine can listen on an address, by trying to
//! obstacle   why it can't, and the remedy
//! interface  our addresses on a network interface: what is there, put, take
//! error      why one could not be put or taken, and the remedy
//! netlink    how the kernel is asked; elsewhere: where there is no netlink
//! ```

mod bind;
mod error;
mod interface;
#[cfg(not(target_os = "linux"))]
#[path = "places/elsewhere.rs"]
mod netlink;
#[cfg(target_os = "linux")]
mod netlink;
mod obstacle;

pub use self::bind::{is_local, try_listen};
pub use self::error::Error;
pub use self::interface::{Interface, Mark, Place, Standing};
pub use self::obstacle::{Door, Obstacle};
