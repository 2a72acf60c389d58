//! The daemon itself: on loopback addresses and free ports, as whoever runs the tests.

mod changes;
mod clients;
mod hostile;
mod node;
mod reloads;
mod rig;
mod words;
