//! `seaway demo`, as somebody uses it who tries Seaway for the first time.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod check;
mod ending;
mod example;
mod nodes;
mod output;
mod owner;
