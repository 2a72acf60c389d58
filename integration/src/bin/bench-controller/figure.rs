//! How the figures are told.

use std::time::Duration;

/// Name, value and unit.
pub(crate) type Figure = (&'static str, f64, &'static str);

pub(crate) fn seconds(name: &'static str, span: Duration) -> Figure {
    (name, span.as_secs_f64(), "s")
}

/// A number for each of so many.
pub(crate) fn count(name: &'static str, sum: u64, of: usize) -> Figure {
    (name, as_f64(usize::try_from(sum).unwrap()) / as_f64(of), "count")
}

pub(crate) fn as_f64(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// Prints the figures of one contestant.
pub(crate) fn tell(contestant: &str, figures: &[Figure]) {
    for (name, value, unit) in figures {
        println!("{contestant}.{name} {value:.3} {unit}");
    }
}

/// Prints how Seaway stands to the better upstream.
pub(crate) fn compare(seaway: &[Figure], upstream: &[Figure], upstream128: &[Figure]) {
    for ((ours, one), other) in seaway.iter().zip(upstream).zip(upstream128) {
        let better = one.1.min(other.1);
        let ratio = if ours.1 > 0.0 { ours.1 / better } else { 0.0 };
        println!("ratio.{} {ratio:.3} ratio", ours.0);
    }
}
