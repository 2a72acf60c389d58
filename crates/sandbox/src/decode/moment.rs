//! Moments as Go reads them, and what it says of those that it can't read.

use jiff::civil::Date;

/// How a type of the API writes its moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// `Time`: a fraction of a second may be there.
    Seconds,
    /// `MicroTime`: six digits of it must.
    Micros,
}

/// Why a part of a moment is none.
enum Unfit {
    Unread,
    Range(&'static str),
}

impl Precision {
    /// The precision of the moments of a schema; none if it has no moments.
    pub(super) fn of(schema: &str) -> Option<Self> {
        match schema.strip_prefix("io.k8s.apimachinery.pkg.apis.meta.v1.")? {
            "Time" => Some(Self::Seconds),
            "MicroTime" => Some(Self::Micros),
            _ => None,
        }
    }

    /// Refuses a text that is no moment.
    pub(super) fn check(self, text: &str) -> Result<(), String> {
        let fraction = match self {
            Self::Seconds => "",
            Self::Micros => ".000000",
        };
        let parts =
            ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05", fraction, "Z07:00"];
        let (mut rest, mut numbers) = (text, Vec::new());
        for part in parts {
            rest = take(part, rest, &mut numbers).map_err(|unfit| match unfit {
                Unfit::Unread => {
                    let layout = parts.concat();
                    format!(
                        "parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {part:?}"
                    )
                }
                Unfit::Range(what) => format!("parsing time {text:?}: {what} out of range"),
            })?;
        }
        if !rest.is_empty() {
            return Err(format!("parsing time {text:?}: extra text: {rest:?}"));
        }
        let date = numbers.first_chunk().and_then(|[year, month, day]| {
            Date::new(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?).ok()
        });
        date.map(|_| ()).ok_or_else(|| format!("parsing time {text:?}: day out of range"))
    }
}

/// What comes after a part.
fn take<'a>(part: &str, text: &'a str, numbers: &mut Vec<i16>) -> Result<&'a str, Unfit> {
    let (least, most, range, what) = match part {
        "2006" => (4, 4, 0..=9999, "year"),
        "01" => (2, 2, 1..=12, "month"),
        // The day is looked at with its month.
        "02" => (2, 2, 0..=99, "day"),
        "15" => (1, 2, 0..=23, "hour"),
        "04" => (2, 2, 0..=59, "minute"),
        "05" => (2, 2, 0..=59, "second"),
        "" => return Ok(after_fraction(text)),
        ".000000" => {
            let digits = text.strip_prefix(['.', ',']).ok_or(Unfit::Unread)?;
            return number(digits, 6, 6).map(|(_, rest)| rest).ok_or(Unfit::Unread);
        }
        "Z07:00" => return zone(text),
        literal => return text.strip_prefix(literal).ok_or(Unfit::Unread),
    };
    let (digits, rest) = number(text, least, most).ok_or(Unfit::Unread)?;
    let number = digits.parse().ok().filter(|number| range.contains(number));
    numbers.push(number.ok_or(Unfit::Range(what))?);
    Ok(rest)
}

/// A fraction of a second that no layout asks for.
fn after_fraction(text: &str) -> &str {
    let digits = text.strip_prefix(['.', ',']).and_then(|text| number(text, 1, usize::MAX));
    digits.map_or(text, |(_, rest)| rest)
}

fn zone(text: &str) -> Result<&str, Unfit> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Ok(rest);
    }
    let after = text.strip_prefix(['+', '-']).ok_or(Unfit::Unread)?;
    let (hours, after) = number(after, 2, 2).ok_or(Unfit::Unread)?;
    let after = after.strip_prefix(':').ok_or(Unfit::Unread)?;
    let (minutes, rest) = number(after, 2, 2).ok_or(Unfit::Unread)?;
    match (hours, minutes) {
        (hours, _) if hours > "24" => Err(Unfit::Range("time zone offset hour")),
        (_, minutes) if minutes > "60" => Err(Unfit::Range("time zone offset minute")),
        _ => Ok(rest),
    }
}

/// The digits that a text begins with, and what comes after them.
fn number(text: &str, least: usize, most: usize) -> Option<(&str, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (count >= least).then(|| text.split_at(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_go_reads_it() {
        let micros = "as \"2006-01-02T15:04:05.000000Z07:00\"";
        let seconds = "as \"2006-01-02T15:04:05Z07:00\"";
        for (precision, text, why) in [
            (Precision::Micros, "2026-01-01T00:00:00.123456Z", String::new()),
            (Precision::Micros, "2026-01-01T00:00:00.123456+01:00", String::new()),
            (
                Precision::Micros,
                "2026-01-01T00:00:00.123456789Z",
                format!(" {micros}: cannot parse \"789Z\" as \"Z07:00\""),
            ),
            (
                Precision::Micros,
                "2026-01-01T00:00:00+00:00",
                format!(" {micros}: cannot parse \"+00:00\" as \".000000\""),
            ),
            (
                Precision::Micros,
                "2026-01-01T01:00:00.5+01:00",
                format!(" {micros}: cannot parse \".5+01:00\" as \".000000\""),
            ),
            (Precision::Seconds, "2026-01-01T00:00:00Z", String::new()),
            (Precision::Seconds, "2026-01-01T00:00:00.5-01:00", String::new()),
            (Precision::Seconds, "x", format!(" {seconds}: cannot parse \"x\" as \"2006\"")),
            (Precision::Seconds, "2026-01-01", format!(" {seconds}: cannot parse \"\" as \"T\"")),
            (Precision::Seconds, "2026-13-01T00:00:00Z", ": month out of range".to_owned()),
            (Precision::Seconds, "2026-02-30T00:00:00Z", ": day out of range".to_owned()),
            (Precision::Seconds, "2026-02-03T00:00:00Zz", ": extra text: \"z\"".to_owned()),
        ] {
            let told = precision.check(text).err().unwrap_or_default();
            let told = told.strip_prefix(&format!("parsing time {text:?}")).unwrap_or(&told);
            assert_eq!(told, why, "{text}");
        }
    }
}
