//! Daemons that are kept alive: real processes, mostly shells with a script.

#[path = "supervisor/adopt.rs"]
mod adopt;
#[path = "supervisor/lab.rs"]
mod lab;
#[path = "supervisor/life.rs"]
mod life;
#[path = "supervisor/stop.rs"]
mod stop;
