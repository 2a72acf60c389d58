//! The addresses that a provider gives to Services, and who has which.
//!
//! ```text
//! ranges   the addresses, as the config has them
//! stock    what is free of one range
//! pool     who has which
//! slot     which addresses a Service is to have
//! refusal  why an address can't be had
//! ```

mod pool;
mod ranges;
mod refusal;
mod slot;
mod stock;
#[cfg(test)]
mod tests;

pub use self::pool::Pool;
pub use self::ranges::Ranges;
pub use self::refusal::Refusal;
pub use self::slot::{Overhang, Slot, Wish, fitting, shown, slots};
