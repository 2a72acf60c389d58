//! The name of a thing: project, place, collection, name.

use std::fmt;

/// Where a thing is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scope {
    /// Nowhere in particular; zones and regions themselves are here, too.
    Global,
    /// In a region, by its name.
    Region(String),
    /// In a zone, by its name.
    Zone(String),
}

impl Scope {
    /// `global`, `regions/r` or `zones/z`.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Global => "global".to_owned(),
            Self::Region(region) => format!("regions/{region}"),
            Self::Zone(zone) => format!("zones/{zone}"),
        }
    }
}

/// The full name of a thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Link {
    /// The project's name.
    pub project: String,
    /// Where it is.
    pub scope: Scope,
    /// Of what it is one: `forwardingRules`.
    pub collection: String,
    /// Its name.
    pub name: String,
}

impl Link {
    pub(crate) fn new(project: &str, scope: Scope, collection: &str, name: &str) -> Self {
        let (project, name) = (project.to_owned(), name.to_owned());
        Self { project, scope, collection: collection.to_owned(), name }
    }

    /// The same as Google writes it into other things.
    pub(crate) fn url(&self) -> String {
        format!("https://www.googleapis.com/compute/v1/{self}")
    }

    /// Full or partial URLs, both hosts (www.googleapis.com, compute.googleapis.com), any endpoint,
    /// v1 and beta. The project must be named.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let tail = match text.split_once("://") {
            Some(("http" | "https", rest)) => {
                let path = rest.split_once('/')?.1.strip_prefix("compute/")?;
                path.strip_prefix("v1/").or_else(|| path.strip_prefix("beta/"))?
            }
            Some(_) => return None,
            None => text.strip_prefix('/').unwrap_or(text),
        };
        let (project, rest) = tail.strip_prefix("projects/")?.split_once('/')?;
        Self::within(project, rest)
    }

    /// As [`Link::parse`], and where no project is named it is this one: `zones/z/instances/i`.
    pub(crate) fn parse_in(text: &str, project: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::within(project, text))
    }

    fn within(project: &str, path: &str) -> Option<Self> {
        let words: Vec<&str> = path.split('/').collect();
        if project.is_empty() || words.iter().any(|word| word.is_empty()) {
            return None;
        }
        let (scope, collection, name) = match words.as_slice() {
            ["global", collection, name] | [collection @ ("zones" | "regions"), name] => {
                (Scope::Global, collection, name)
            }
            ["regions", region, collection, name] => {
                (Scope::Region((*region).to_owned()), collection, name)
            }
            ["zones", zone, collection, name] => {
                (Scope::Zone((*zone).to_owned()), collection, name)
            }
            _ => return None,
        };
        Some(Self::new(project, scope, collection, name))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project, scope, collection, name } = self;
        match (scope, collection.as_str()) {
            (Scope::Global, "zones" | "regions") => {
                write!(f, "projects/{project}/{collection}/{name}")
            }
            _ => write!(f, "projects/{project}/{}/{collection}/{name}", scope.path()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_in_all_the_ways_that_google_takes() {
        let zone = || Scope::Zone("z".to_owned());
        let expected = Link::new("p", zone(), "instances", "i");
        let heads = [
            "https://www.googleapis.com/compute/v1/",
            "https://compute.googleapis.com/compute/v1/",
            "https://www.googleapis.com/compute/beta/",
            "http://127.0.0.1:80/compute/v1/",
            "",
            "/",
        ];
        for head in heads {
            let text = format!("{head}projects/p/zones/z/instances/i");
            assert_eq!(Link::parse(&text).as_ref(), Some(&expected), "{text}");
        }
        let partial = "zones/z/instances/i";
        assert_eq!(Link::parse(partial), None);
        assert_eq!(Link::parse_in(partial, "p"), Some(expected));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let region = Scope::Region("r".to_owned());
        let links = [
            Link::new("p", Scope::Global, "networks", "n"),
            Link::new("p", Scope::Global, "zones", "z"),
            Link::new("p", region, "forwardingRules", "f"),
        ];
        for link in links {
            assert_eq!(Link::parse(&link.url()).as_ref(), Some(&link));
            assert_eq!(Link::parse(&link.to_string()), Some(link));
        }
    }

    #[test]
    fn what_is_no_link_is_none() {
        let others = [
            "",
            "a",
            "projects/p",
            "projects//zones/z/instances/i",
            "projects/p/zones/z/instances/",
            "ftp://www.googleapis.com/compute/v1/projects/p/zones/z",
            "https://www.googleapis.com/storage/v1/projects/p/zones/z",
            "{\"a\": \"projects/p/global/networks/n\"}",
        ];
        for text in others {
            assert_eq!(Link::parse_in(text, "p"), None, "{text}");
        }
    }
}
