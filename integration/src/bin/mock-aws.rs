//! `mock-aws [--port N] [--limit TIMES] [--cluster ID]`: a mock of AWS to try a controller on. It
//! runs until Ctrl-C, and then says how often each action was called.
//!
//! `--limit 1` takes calls at the rates of AWS, `--limit 0.5` at half of them.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool of tests: it fails by panicking, and prints what it has to say"
)]

use seaway_integration::Moto;
use seaway_integration::mock_aws::MockAws;

#[tokio::main]
async fn main() {
    let (mut port, mut limit, mut cluster) = (0, None, "mock".to_owned());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match (word.as_str(), words.next()) {
            ("--port", Some(value)) => port = value.parse().expect("--port takes a number"),
            ("--limit", Some(value)) => {
                limit = Some(value.parse().expect("--limit takes a number"));
            }
            ("--cluster", Some(value)) => cluster = value,
            _ => {
                println!("usage: mock-aws [--port N] [--limit TIMES] [--cluster ID]");
                std::process::exit(2);
            }
        }
    }
    let moto = Moto::start().await;
    let aws = MockAws::start_on(&moto, port).await;
    aws.seed(&cluster).await;
    if let Some(times) = limit {
        aws.limit(times);
    }
    let environment = aws.environment().map(|(name, value)| format!("{name}={value}"));
    println!("AWS answers at {}: export {}", aws.endpoint(), environment.join(" "));
    tokio::signal::ctrl_c().await.unwrap();
    for (action, count) in aws.counts() {
        println!("{action} {count}");
    }
}
