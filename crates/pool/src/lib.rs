//! The addresses that a provider gives to Services, and who has which.
//!
//! ```text
//! ranges   the addresses of one pool, as the config has them
//! pools    several of them, by name
//! stock    what is free of one range
//! kept     what is kept for a while for who had it
//! holder   who has an address: one Service, or the Services of a group
//! pool     who has which
//! request  what a Service asks for
//! slot     which addresses a Service is to have
//! refusal  why an address can't be had
//! ```

mod holder;
mod kept;
mod pool;
mod pools;
mod ranges;
mod refusal;
mod request;
mod slot;
mod stock;
#[cfg(test)]
mod tests;

pub use self::holder::Holder;
pub use self::pool::{Order, Pool};
pub use self::pools::Pools;
pub use self::ranges::Ranges;
pub use self::refusal::Refusal;
pub use self::request::{ADDRESSES, POOL, Request};
pub use self::slot::{Overhang, Past, Slot, Wish, fitting, shown, slots};
