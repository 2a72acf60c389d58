//! One command of the transcript, and its answer.

use std::fmt::Write;

/// What a command begins with.
const PROMPT: &str = "$ ";
/// What a remark begins with; it belongs to the command after it.
const REMARK: &str = "## ";
/// What a command says that goes on to the line of this word.
const HERE: &str = "<<'END'";
const END: &str = "END";

/// A command and its answer.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    remarks: Vec<String>,
    /// What is typed, of as many lines as it takes.
    pub(crate) command: String,
    /// What is seen; each line of it ends.
    pub(crate) answer: String,
}

impl Entry {
    /// The entries of a part of the transcript.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        let mut entries: Vec<Self> = Vec::new();
        let mut remarks = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(command) = line.strip_prefix(PROMPT) {
                let mut command = command.to_owned();
                if command.contains(HERE) {
                    for line in lines.by_ref() {
                        command = command + "\n" + line;
                        if line == END {
                            break;
                        }
                    }
                }
                let remarks = std::mem::take(&mut remarks);
                entries.push(Self { remarks, command, answer: String::new() });
            } else if line.starts_with(REMARK) {
                remarks.push(line.to_owned());
            } else if let Some(entry) = entries.last_mut() {
                entry.answer = entry.answer.clone() + line + "\n";
            }
        }
        entries
    }

    /// The text of these entries.
    pub(crate) fn text(entries: &[Self]) -> String {
        let mut text = String::new();
        for entry in entries {
            for remark in &entry.remarks {
                let _ = writeln!(text, "{remark}");
            }
            let _ = write!(text, "{PROMPT}{}\n{}", entry.command, entry.answer);
        }
        text
    }

    /// The lines that differ from another answer.
    pub(crate) fn beside(&self, other: &str) -> String {
        let mut text = format!("{PROMPT}{}\n", self.command);
        let (was, is): (Vec<_>, Vec<_>) = (self.answer.lines().collect(), other.lines().collect());
        let start = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
        let (was, is) = (&was[start..], &is[start..]);
        let pairs = was.iter().rev().zip(is.iter().rev());
        let end = pairs.take_while(|(was, is)| was == is).count();
        for (mark, lines) in [("-", &was[..was.len() - end]), ("+", &is[..is.len() - end])] {
            for line in lines {
                let _ = writeln!(text, "{mark} {line}");
            }
        }
        text
    }
}
