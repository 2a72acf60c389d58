use std::fmt::Write as _;
use std::sync::Arc;

use seaway_core::{ClusterId, Digest};
use serde::{Deserialize, Serialize};

use crate::site::{Entry, Numbers, Site};
use crate::text::Text;

/// How a line of the record begins; both daemons take it for a comment.
const HEAD: &str = "# seaway ";
const ENTRY: &str = "# service ";
/// How a line begins that goes on with the one before it.
const MORE: &str = "# + ";
/// How much of the record is on one line: Nginx takes no comment of 4,096 bytes or more.
const LONGEST: usize = 2048;
const WARNING: &str = "# Written by Seaway, and written again whenever somebody edits it.\n";
/// The form of the record. Another version of ours that writes another form takes another number.
const FORM: u32 = 1;

/// A config file as it is written: the record of the site, and the daemon's own text.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// What it is to bring about.
    pub site: Arc<Site>,
    /// The whole text.
    pub text: String,
    /// The digest of everything behind the head.
    pub digest: Digest,
    /// The digest of what only a reload changes.
    pub frame: Digest,
    /// How many lines stand above the daemon's own text.
    above: usize,
}

/// What a config file tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it was written for.
    pub site: Arc<Site>,
    /// The digest of everything behind the head, as it was written.
    pub digest: Digest,
    /// The digest of what only a reload changes, as it was written.
    pub frame: Digest,
    /// Whether it is as it was written.
    pub intact: bool,
}

/// The first line of the record.
#[derive(Serialize, Deserialize)]
struct Head {
    form: u32,
    cluster: ClusterId,
    numbers: Numbers,
    #[serde(default)]
    repairs: u32,
    frame: Digest,
    digest: Digest,
}

/// Why a file is not ours to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Somebody else wrote it.
    #[error("it was not written by Seaway: move it away, or name another folder")]
    Unmarked,
    /// It belongs to another cluster.
    #[error("it belongs to the cluster {0}: give each cluster a folder of its own")]
    Cluster(ClusterId),
    /// A later version of Seaway wrote it.
    #[error("a later version of Seaway wrote it, in form {0}: use that version, or move it away")]
    Form(u32),
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("site", &self.site).finish_non_exhaustive()
    }
}

impl File {
    /// The file that brings about `site` by `text`.
    pub fn new(site: Arc<Site>, text: &Text) -> Self {
        let mut body = String::new();
        for entry in site.entries.values() {
            // The types of the site hold no maps with keys that JSON can't carry.
            let json = serde_json::to_string(entry).unwrap_or_default();
            comment(&mut body, ENTRY, &json);
        }
        let entries = body.lines().count();
        let frame = Digest::of(&(text.frame(), site.repairs));
        text.write(&frame, &mut body);
        let head = Head {
            form: FORM,
            cluster: site.cluster.clone(),
            numbers: site.numbers.clone(),
            repairs: site.repairs,
            frame,
            digest: Digest::of_bytes(body.as_bytes()),
        };
        let mut text = String::new();
        comment(&mut text, HEAD, &serde_json::to_string(&head).unwrap_or_default());
        text.push_str(WARNING);
        let above = text.lines().count() + entries;
        text.push_str(&body);
        Self { site, text, digest: head.digest, frame: head.frame, above }
    }

    /// The record of it.
    pub fn record(&self) -> Record {
        Record {
            site: Arc::clone(&self.site),
            digest: self.digest.clone(),
            frame: self.frame.clone(),
            intact: true,
        }
    }

    /// Which line of the daemon's own text a line of the file is; both counted, the one from 0 and
    /// the other from 1.
    pub fn line_of_text(&self, line: usize) -> Option<usize> {
        line.checked_sub(1 + self.above)
    }
}

impl Record {
    /// Reads the record of a file, if there is anything in the file.
    ///
    /// # Errors
    /// If the file is not ours to write.
    pub fn read(text: &str, cluster: &ClusterId) -> Result<Option<Self>, Foreign> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let (head, rest) = told(text, HEAD).ok_or(Foreign::Unmarked)?;
        let head: Head = serde_json::from_str(&head).map_err(|_| form(&head))?;
        if head.form != FORM {
            return Err(Foreign::Form(head.form));
        }
        if head.cluster != *cluster {
            return Err(Foreign::Cluster(head.cluster));
        }
        let body = rest.strip_prefix(WARNING);
        let mut intact = body.is_some_and(|body| Digest::of_bytes(body.as_bytes()) == head.digest);
        let mut site = Site::empty(head.cluster);
        site.numbers = head.numbers;
        site.repairs = head.repairs;
        let mut rest = rest;
        while !rest.is_empty() {
            let Some((json, behind)) = told(rest, ENTRY) else {
                rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
                continue;
            };
            rest = behind;
            match serde_json::from_str::<Entry>(&json) {
                Ok(entry) => {
                    site.entries.insert(entry.service.uid.clone(), entry);
                }
                Err(_) => intact = false,
            }
        }
        Ok(Some(Self { site: Arc::new(site), digest: head.digest, frame: head.frame, intact }))
    }
}

/// Adds comment lines that tell `json`, which has no newline in it.
fn comment(into: &mut String, start: &str, json: &str) {
    let (mut start, mut json) = (start, json);
    loop {
        let (line, rest) = json.split_at(json.floor_char_boundary(LONGEST));
        let _ = writeln!(into, "{start}{line}");
        if rest.is_empty() {
            return;
        }
        (start, json) = (MORE, rest);
    }
}

/// What comment lines tell, if `text` begins with such, and what is behind them.
fn told<'a>(text: &'a str, start: &str) -> Option<(String, &'a str)> {
    let (line, mut rest) = text.strip_prefix(start)?.split_once('\n')?;
    let mut json = line.to_owned();
    while let Some((line, behind)) = rest.strip_prefix(MORE).and_then(|it| it.split_once('\n')) {
        json.push_str(line);
        rest = behind;
    }
    Some((json, rest))
}

/// A head that can't be read is of another form, if it tells one.
fn form(head: &str) -> Foreign {
    #[derive(Deserialize)]
    struct Form {
        form: u32,
    }
    match serde_json::from_str::<Form>(head) {
        Ok(Form { form }) if form != FORM => Foreign::Form(form),
        Ok(_) | Err(_) => Foreign::Unmarked,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seaway_core::setting::Tuning;
    use seaway_core::{NodeName, ServiceRef, SourceRanges};

    use super::*;
    use crate::site::{Check, Port, Target};

    fn cluster() -> ClusterId {
        "lab".into()
    }

    fn file(name: &str) -> File {
        let mut site = Site::empty(cluster());
        let entry = Entry {
            service: ServiceRef {
                namespace: "default".to_owned(),
                name: name.to_owned(),
                uid: "uid".into(),
            },
            addresses: vec!["192.0.2.1".parse().unwrap()],
            ports: vec![Port { port: 80, protocol: seaway_core::Protocol::Tcp, node_port: 30_080 }],
            targets: BTreeMap::new(),
            sources: SourceRanges::Anyone,
            affinity: None,
            check: Check::Connect,
            tuning: Tuning::default(),
        };
        site.entries.insert("uid".into(), entry);
        let mut text = Text::default();
        text.line("global");
        text.belongs_to(&"uid".into());
        text.line("bind 192.0.2.1:80");
        File::new(Arc::new(site), &text)
    }

    #[test]
    fn what_is_written_is_read() {
        let file = file("web\n# service {}");
        assert_eq!(Record::read(&file.text, &cluster()), Ok(Some(file.record())));
        assert_eq!(Record::read(" \n", &cluster()), Ok(None));
    }

    #[test]
    fn an_edited_file_is_ours_and_not_intact() {
        let file = file("web");
        for edited in [
            file.text.replace("bind 192.0.2.1:80", "bind 192.0.2.1:81"),
            format!("{}listen more\n", file.text),
            file.text.replace("\"addresses\"", "\"adresses\""),
            file.text.replace(WARNING, ""),
        ] {
            let record = Record::read(&edited, &cluster()).unwrap().unwrap();
            assert!(!record.intact, "{edited}");
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_not_ours() {
        let file = file("web");
        assert_eq!(Record::read("global\n", &cluster()), Err(Foreign::Unmarked));
        assert_eq!(Record::read("# seaway {}\n", &cluster()), Err(Foreign::Unmarked));
        let other = Record::read(&file.text, &"other".into());
        assert_eq!(other, Err(Foreign::Cluster(cluster())));
        let later = file.text.replace("\"form\":1", "\"form\":2");
        assert_eq!(Record::read(&later, &cluster()), Err(Foreign::Form(2)));
    }

    /// `NGX_CONF_BUFFER`
    #[test]
    fn no_line_of_the_record_is_longer_than_nginx_takes() {
        let mut site = (*file("web").site).clone();
        let nodes: Vec<NodeName> =
            (0..1000).map(|i| format!("knöten-{i}").as_str().into()).collect();
        site.numbers = site.numbers.with(&nodes.iter().collect());
        for entry in site.entries.values_mut() {
            let target = Target { address: "192.0.2.9".parse().unwrap(), out: false };
            entry.targets = nodes.iter().map(|node| (node.clone(), target)).collect();
        }
        let mut text = Text::default();
        text.line("global");
        let file = File::new(Arc::new(site), &text);
        assert!(file.text.lines().all(|line| line.len() < 4096));
        assert_eq!(Record::read(&file.text, &cluster()), Ok(Some(file.record())));
        let number = file.text.lines().position(|line| line == "global").unwrap() + 1;
        assert_eq!(file.line_of_text(number), Some(0));
    }

    #[test]
    fn a_line_of_the_file_is_found_in_the_text() {
        let file = file("web");
        let number = file.text.lines().position(|line| line.starts_with("bind")).unwrap() + 1;
        assert_eq!(file.line_of_text(number), Some(1));
        assert_eq!(file.line_of_text(1), None);
    }
}
