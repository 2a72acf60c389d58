use std::time::Duration;

use crate::contestant::Kind;
use crate::measurement::Measurement;

/// What the benchmark is asked for.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) changes: bool,
    pub(crate) ratios: bool,
    pub(crate) rounds: usize,
    /// How long each contestant is measured in each round.
    pub(crate) span: Duration,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) contestants: Vec<Kind>,
}

impl Args {
    /// Reads the words of the command line.
    ///
    /// # Errors
    /// One line that names the word, and what is possible.
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let mut args = Self {
            changes: true,
            ratios: true,
            rounds: 10,
            span: Duration::from_millis(1500),
            measurements: Measurement::ALL.to_vec(),
            contestants: Kind::ALL.to_vec(),
        };
        let parts = words.iter().filter(|word| matches!(word.as_str(), "changes" | "ratios"));
        if parts.count() > 1 {
            return Err("one part can be asked for; without a word it is both".to_owned());
        }
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value =
                || words.next().map(String::as_str).ok_or_else(|| format!("{word} takes a value"));
            match word.as_str() {
                "changes" => args.ratios = false,
                "ratios" => args.changes = false,
                "--rounds" => args.rounds = rounds(value()?)?,
                "--seconds" => args.span = span(value()?)?,
                "--only" => args.measurements = list(value()?, &Measurement::ALL, "measurement")?,
                "--contestants" => args.contestants = list(value()?, &Kind::ALL, "contestant")?,
                _ => {
                    return Err(format!(
                        "{word}: it takes `changes` or `ratios`, and for these --rounds N, --seconds S, \
                         --only MEASUREMENT,… and --contestants NAME,…"
                    ));
                }
            }
        }
        Ok(args)
    }
}

fn rounds(text: &str) -> Result<usize, String> {
    let rounds = text.parse().ok().filter(|rounds| (1..=1000).contains(rounds));
    rounds.ok_or_else(|| format!("--rounds {text}: a number from 1 to 1000 is possible"))
}

fn span(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=60.0).contains(seconds));
    let seconds = seconds.ok_or_else(|| format!("--seconds {text}: 0.1 to 60 are possible"))?;
    Ok(Duration::from_secs_f64(seconds))
}

/// Those of `all` that a list with commas names.
fn list<T: Copy + ToString>(text: &str, all: &[T], what: &str) -> Result<Vec<T>, String> {
    let one = |name: &str| {
        all.iter().copied().find(|it| it.to_string() == name).ok_or_else(|| {
            let names: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("{name} is no {what}; there are {}", names.join(", "))
        })
    };
    text.split(',').map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Args, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Args::read(&words)
    }

    #[test]
    fn without_words_all_is_measured_ten_times() {
        let args = read("").unwrap();
        assert!(args.changes && args.ratios);
        assert_eq!((args.rounds, args.span), (10, Duration::from_millis(1500)));
        assert_eq!((args.measurements.len(), args.contestants.len()), (4, 4));
    }

    #[test]
    fn a_part_can_be_asked_for() {
        let args = read("ratios --rounds 3 --seconds 0.5 --only bulk --contestants seaway,nginx");
        let args = args.unwrap();
        assert!(args.ratios && !args.changes);
        assert_eq!((args.rounds, args.span), (3, Duration::from_millis(500)));
        assert_eq!(args.measurements, [Measurement::Bulk]);
        assert_eq!(args.contestants, [Kind::Seaway, Kind::Nginx]);
        let args = read("changes").unwrap();
        assert!(args.changes && !args.ratios);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_possible() {
        for (line, part) in [
            ("--help", "--help: it takes"),
            ("changes ratios", "without a word it is both"),
            ("--rounds", "--rounds takes a value"),
            ("--rounds none", "--rounds none: a number"),
            ("--seconds 0", "0.1 to 60"),
            ("--only speed", "speed is no measurement; there are connections_per_second, "),
            ("--contestants seaway,envoy", "envoy is no contestant; there are seaway, haproxy, "),
        ] {
            let complaint = read(line).unwrap_err();
            assert!(complaint.contains(part), "{complaint}");
            assert!(!complaint.contains('\n'), "{complaint}");
        }
    }
}
