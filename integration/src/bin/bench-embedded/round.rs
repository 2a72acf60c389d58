use crate::contestant::Kind;
use crate::measurement::Measurement;
use crate::worker::Count;

/// What a contestant reached in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    pub(crate) measurement: Measurement,
    pub(crate) kind: Kind,
    /// In the measurement's unit.
    pub(crate) rate: f64,
    pub(crate) failed: u32,
}

impl Score {
    pub(crate) fn new(measurement: Measurement, kind: Kind, count: Count) -> Self {
        let rate = measurement.scaled(f64::from(count.done) / count.took.as_secs_f64());
        Self { measurement, kind, rate, failed: count.failed }
    }
}

/// Random numbers that are the same in every run (xorshift), so that runs are alike.
#[derive(Debug)]
pub(crate) struct Dice(u32);

impl Dice {
    pub(crate) const fn new() -> Self {
        Self(2_463_534_242)
    }

    /// Shuffles, so that nobody always comes after the same one.
    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.throw() % (last + 1));
        }
    }

    fn throw(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_first_in_some_round() {
        let (mut dice, mut firsts) = (Dice::new(), [0; 4]);
        for _ in 0..100 {
            let mut order = [0, 1, 2, 3];
            dice.shuffle(&mut order);
            firsts[order[0]] += 1;
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3]);
        }
        assert!(firsts.iter().all(|count| *count > 10), "{firsts:?}");
    }
}
