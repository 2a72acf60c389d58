//! What is in front of every load balancer: one thread that asks again as soon as it is answered.
//!
//! ```text
//! streams   questions on connections: one for each, or one after the other
//! flood     connections that only take
//! datagrams questions without connections
//! clock     what is counted, and when
//! source    where connections begin
//! ```

mod clock;
mod datagrams;
mod flood;
mod source;
mod streams;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use self::clock::Clock;
use self::source::Sources;
use crate::measurement::Measurement;

/// How many connections or flows ask at once.
const AT_ONCE: usize = 32;
/// How long a question and its answer are.
const LENGTH: usize = 64;

/// Does what `worker::Task` says, and says what it has counted: how many, how many failed, and the
/// microseconds that it took.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let [measurement, address, warm, span, at @ ..] = words else {
        panic!("a client is started by the benchmark only");
    };
    let measurement =
        Measurement::ALL.into_iter().find(|it| it.to_string() == *measurement).unwrap();
    let at: Vec<SocketAddr> = at.iter().map(|word| word.parse().unwrap()).collect();
    let [warm, span] = [warm, span].map(|word| Duration::from_millis(word.parse().unwrap()));
    let sources = Sources::new(address.parse().unwrap());
    let clock = Clock::new(warm, span);
    let clock = match measurement {
        Measurement::Connections => streams::run(clock, sources, &at, true),
        Measurement::Requests => streams::run(clock, sources, &at, false),
        Measurement::Bulk => flood::run(clock, sources, &at),
        Measurement::Udp => datagrams::run(clock, &sources, &at),
    };
    let (done, failed, took) = clock.told();
    println!("{done} {failed} {}", took.as_micros());
    ExitCode::SUCCESS
}
