//! The in-tree provider's file, `gce.conf`, so that a cluster can come over with the one it has.
//!
//! Every key that the provider knows is taken; an unknown one is refused, since it would be missed.

mod syntax;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use self::syntax::Entry;
use crate::config::{PROJECT, is_endpoint, is_project, is_word};

/// A file is no longer than this.
const MOST_BYTES: u64 = 64 * 1024;

/// Keys that change nothing here. What is found in the cluster or in the API takes their place: the
/// zones (`regional`, `multizone`) and the names of the nodes (`node-instance-prefix`), the families of
/// the Services (`stack-type`), and instance groups of our own.
const WITHOUT_EFFECT: [&str; 6] = [
    "alpha-features",
    "container-api-endpoint",
    "external-instance-groups-prefix",
    "node-instance-prefix",
    "secondary-range-name",
    "stack-type",
];

/// What a `gce.conf` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GceConf {
    /// `project-id`.
    pub project: Option<String>,
    /// `network-project-id`, or the project in the URL that `network-name` is.
    pub network_project: Option<String>,
    /// `network-name`: a name, or the last part of a URL.
    pub network: Option<String>,
    /// `subnetwork-name`: a name, or the last part of a URL.
    pub subnetwork: Option<String>,
    /// `node-tags`, of all its lines.
    pub node_tags: BTreeSet<String>,
    /// The region of `local-zone`; or `region`, which the in-tree provider ignores and scripts write.
    pub region: Option<String>,
    /// `api-endpoint`, without the path of the API.
    pub endpoint: Option<String>,
    /// `firewall-rules-management` of the build in `OpenShift`: `Enabled` or `Disabled`.
    pub manage_firewalls: Option<bool>,
}

impl GceConf {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// The path, and the line or what else is wrong.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let wrong = |why: &dyn std::fmt::Display| format!("gce-conf: {}: {why}", path.display());
        // To open a pipe is to wait for whoever writes to it.
        if !std::fs::metadata(path).map_err(|error| wrong(&error))?.is_file() {
            return Err(wrong(&"it is not a file"));
        }
        let mut text = String::new();
        let file = File::open(path).map_err(|error| wrong(&error))?;
        file.take(MOST_BYTES).read_to_string(&mut text).map_err(|error| wrong(&error))?;
        if text.len() as u64 == MOST_BYTES {
            return Err(wrong(&"it is longer than 64 KiB: is it the right one?"));
        }
        Self::parse(&text).map_err(|error| wrong(&error))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// The line, the key, the value and what is allowed.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut read = Self::default();
        let mut url_project = None;
        for entry in syntax::entries(text)? {
            if entry.section != "global" {
                let (line, section) = (entry.line, entry.section);
                return Err(format!("line {line}: [{section}] is not known; use [global]"));
            }
            read.take(&entry, &mut url_project)?;
        }
        read.network_project = read.network_project.or(url_project);
        Ok(read)
    }

    fn take(&mut self, entry: &Entry, url_project: &mut Option<String>) -> Result<(), String> {
        match entry.key.as_str() {
            "project-id" => self.project = entry.checked(is_project, PROJECT)?,
            "network-project-id" => self.network_project = entry.checked(is_project, PROJECT)?,
            "network-name" => {
                let (project, name) = entry.linked()?;
                *url_project = project.or_else(|| url_project.take());
                self.network = name;
            }
            "subnetwork-name" => {
                let (project, name) = entry.linked()?;
                *url_project = url_project.take().or(project);
                self.subnetwork = name;
            }
            // An entry without a `=` takes back those before it.
            "node-tags" if entry.value.is_none() => self.node_tags.clear(),
            "node-tags" => self.node_tags.extend(entry.checked(is_word, "one tag per line")?),
            "local-zone" => {
                let zone = entry.checked(is_zone, "a zone such as europe-west1-b")?;
                let region = zone.as_deref().and_then(|zone| zone.rsplit_once('-'));
                self.region =
                    region.map(|(region, _)| region.to_owned()).or_else(|| self.region.take());
            }
            "region" => {
                let region = entry.checked(is_word, "a region such as europe-west1")?;
                self.region = self.region.take().or(region);
            }
            "api-endpoint" => self.endpoint = entry.endpoint()?,
            "firewall-rules-management" => {
                self.manage_firewalls = match entry.text()? {
                    "" => None,
                    "Enabled" => Some(true),
                    "Disabled" => Some(false),
                    _ => return Err(entry.wrong("Enabled or Disabled")),
                };
            }
            "regional" | "multizone" => entry.switch()?,
            // `nil` means what we do anyway: Google's default credentials. A URL would mean others.
            "token-url" if !matches!(entry.text()?, "" | "nil") => {
                let why = "nil: credentials are Google's application default credentials";
                return Err(entry.wrong(why));
            }
            // It belongs to a token-url. It may be secret, and is looked at by nobody.
            "token-url" | "token-body" => {}
            key if WITHOUT_EFFECT.contains(&key) => {}
            key => {
                return Err(format!(
                    "line {}: {key} is not known; use a key of the in-tree provider",
                    entry.line
                ));
            }
        }
        Ok(())
    }
}

impl Entry {
    fn wrong(&self, allowed: &str) -> String {
        let value = self.value.as_deref().unwrap_or_default();
        format!("line {}: {}: {value:?} is not allowed; use {allowed}", self.line, self.key)
    }

    fn text(&self) -> Result<&str, String> {
        let key = &self.key;
        let none = || format!("line {}: {key} has no value; use {key} = …", self.line);
        self.value.as_deref().ok_or_else(none)
    }

    /// The value, if it is so; an empty one is none.
    fn checked(&self, is: fn(&str) -> bool, allowed: &str) -> Result<Option<String>, String> {
        match self.text()? {
            "" => Ok(None),
            text if is(text) => Ok(Some(text.to_owned())),
            _ => Err(self.wrong(allowed)),
        }
    }

    /// A name, or a URL with a name at its end and a project in it.
    fn linked(&self) -> Result<(Option<String>, Option<String>), String> {
        let text = self.text()?;
        let Some((path, name)) = text.rsplit_once('/') else {
            return Ok((None, self.checked(is_word, "a name such as default, or its URL")?));
        };
        let mut parts = path.split('/').skip_while(|part| *part != "projects").skip(1);
        match parts.next().filter(|project| is_project(project) && is_word(name)) {
            Some(project) => Ok((Some(project.to_owned()), Some(name.to_owned()))),
            None => Err(self.wrong("a name such as default, or its URL, with its project")),
        }
    }

    /// The address of an API, without the path that all have.
    fn endpoint(&self) -> Result<Option<String>, String> {
        let text = self.text()?.trim_end_matches('/');
        let text = text.strip_suffix("/projects").unwrap_or(text);
        let text = text.strip_suffix("/compute/v1").unwrap_or(text);
        match text {
            "" => Ok(None),
            _ if is_endpoint(text) => Ok(Some(text.to_owned())),
            _ => Err(self.wrong("a URL such as https://compute.googleapis.com/compute/v1/")),
        }
    }

    fn switch(&self) -> Result<(), String> {
        const WORDS: [&str; 8] = ["true", "yes", "on", "1", "false", "no", "off", "0"];
        let Some(value) = &self.value else { return Ok(()) };
        if WORDS.iter().any(|word| word.eq_ignore_ascii_case(value)) {
            return Ok(());
        }
        Err(self.wrong("true or false"))
    }
}

fn is_zone(text: &str) -> bool {
    is_word(text) && text.split('-').count() >= 3
}

#[cfg(test)]
mod tests;
