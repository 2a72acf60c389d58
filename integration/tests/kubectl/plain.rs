//! What is another one each time, in a word for it.

use regex::{Captures, Regex};

/// The node ports that a cluster gives to who asks for none: the upper band of the default range,
/// and what it shows in a dry run.
const GIVEN: std::ops::RangeInclusive<u16> = 30_086..=32_769;

/// Takes away what no two servers answer alike: moments, ids, what they allocate.
pub(crate) struct Plain {
    words: Vec<(Regex, &'static str)>,
    port: Regex,
}

impl Plain {
    pub(crate) fn new() -> Self {
        let words = [
            (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uid>"),
            (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})", "<time>"),
            (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
            (r#"(esourceVersion\\*"?[:=] ?\\*"?)\d+"#, "$1<version>"),
            (r"\b10\.96\.\d+\.\d+\b", "<ip>"),
            (r"\bfd(96|00:10:96):[0-9a-f:]+", "<ip6>"),
            (r"\bv1\.3\d\.\d+[-+.0-9a-z]*", "<release>"),
            (r#"in scheme "[^"]*""#, "in scheme <scheme>"),
            (r"https://(127|\[|10\.|198)[0-9a-z.:\[\]]+", "<server>"),
            (r"\bmade-[a-z0-9]{5}\b", "made-<any>"),
            (r"/tmp/(LIVE|MERGED)-\d+", "<folder>/$1"),
            (r"(?m)(^|  )(\d+[smhd])+(  |$)", "$1<age>$3"),
            (r" over (\d+[smhd])+\)", " over <age>)"),
            (r"(?m)(\S)  +", "$1  "),
            (r"(?m) +$", ""),
        ];
        let words = words.map(|(pattern, word)| (Regex::new(pattern).unwrap(), word));
        Self { words: words.into(), port: Regex::new(r"\b3\d{4}\b").unwrap() }
    }

    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, word) in &self.words {
            text = pattern.replace_all(&text, *word).into_owned();
        }
        let port = |found: &Captures<'_>| {
            let given = found[0].parse().is_ok_and(|port| GIVEN.contains(&port));
            if given { "<port>".to_owned() } else { found[0].to_owned() }
        };
        self.port.replace_all(&text, port).into_owned()
    }
}
