use std::fmt::Display;

/// Says what a story has measured, as every figure of this project is said: name, value, unit.
#[expect(clippy::print_stdout, reason = "the test runner shows it to who asks for it")]
pub fn figure(name: &str, value: impl Display, unit: &str) {
    println!("{name} {value} {unit}");
}
