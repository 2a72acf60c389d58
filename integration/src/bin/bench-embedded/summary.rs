use crate::contestant::Kind;
use crate::measurement::Measurement;
use crate::round::Score;

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    scores: Vec<Score>,
}

impl Summary {
    pub(crate) fn add(&mut self, score: Score) {
        self.scores.push(score);
    }

    /// What a contestant reached, round by round; nothing if some of it failed.
    fn rates(&self, measurement: Measurement, kind: Kind) -> Vec<f64> {
        let own = |score: &&Score| (score.measurement, score.kind) == (measurement, kind);
        if self.scores.iter().filter(own).any(|score| score.failed > 0) {
            return Vec::new();
        }
        self.scores.iter().filter(own).map(|score| score.rate).collect()
    }

    /// How many questions of this kind had no answer.
    fn failed(&self, measurement: Measurement, kind: Kind) -> u32 {
        let own = |score: &&Score| (score.measurement, score.kind) == (measurement, kind);
        self.scores.iter().filter(own).map(|score| score.failed).sum()
    }

    /// How many had none at all.
    pub(crate) fn all_failed(&self) -> u32 {
        self.scores.iter().map(|score| score.failed).sum()
    }

    /// Prints the medians, and how Seaway stands to the others within each round: what else the
    /// machine does changes from round to round.
    pub(crate) fn tell(&self, measurements: &[Measurement]) {
        for &measurement in measurements {
            for kind in Kind::ALL {
                let failed = self.failed(measurement, kind);
                if failed > 0 {
                    // Who drops questions has less to do: that is no figure to compare.
                    println!("{kind}.{measurement}.failed {failed} count");
                }
                if let Some([_, median, _]) = spread(self.rates(measurement, kind)) {
                    println!("{kind}.{measurement} {median:.2} {}", measurement.unit());
                }
            }
        }
        for kind in Kind::OTHERS {
            for &measurement in measurements {
                let ours = self.rates(measurement, Kind::Seaway);
                let theirs = self.rates(measurement, kind);
                let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
                if let Some([least, median, most]) = spread(ratios) {
                    println!("ratio.{kind}.{measurement} {median:.3} ratio");
                    println!("ratio.{kind}.{measurement}.min {least:.3} ratio");
                    println!("ratio.{kind}.{measurement}.max {most:.3} ratio");
                }
            }
        }
    }
}

/// The least, the median and the most of some numbers.
fn spread(mut all: Vec<f64>) -> Option<[f64; 3]> {
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    let median = match all.len() {
        0 => return None,
        count if count % 2 == 1 => all[middle],
        _ => f64::midpoint(all[middle - 1], all[middle]),
    };
    Some([all[0], median, all[all.len() - 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_is_between_the_middle_two() {
        assert_eq!(spread(vec![]), None);
        assert_eq!(spread(vec![3.0, 1.0, 2.0]), Some([1.0, 2.0, 3.0]));
        assert_eq!(spread(vec![4.0, 1.0, 2.0, 3.0]), Some([1.0, 2.5, 4.0]));
    }

    #[test]
    fn who_fails_once_has_no_rate() {
        let score = |failed| Score {
            measurement: Measurement::Bulk,
            kind: Kind::Seaway,
            rate: 1.0,
            failed,
        };
        let mut summary = Summary::default();
        summary.add(score(0));
        assert_eq!(summary.rates(Measurement::Bulk, Kind::Seaway), [1.0]);
        summary.add(score(2));
        assert!(summary.rates(Measurement::Bulk, Kind::Seaway).is_empty());
        assert_eq!((summary.failed(Measurement::Bulk, Kind::Seaway), summary.all_failed()), (2, 2));
    }
}
