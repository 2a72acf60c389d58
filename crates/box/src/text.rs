use seaway_core::{Digest, ServiceUid};

/// The text of a config file, line by line: which lines only a reload changes, and which belong to
/// whom.
#[derive(Clone, Debug, Default)]
pub struct Text {
    lines: Vec<Line>,
    owner: Option<ServiceUid>,
}

#[derive(Clone, Debug)]
struct Line {
    kind: Kind,
    owner: Option<ServiceUid>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Changed by a reload only.
    Frame(String),
    /// Changed in the running daemon too.
    Loose(String),
    /// Tells the digest of the frame.
    Stamp(fn(&Digest) -> String),
}

impl Text {
    /// The lines that follow belong to a Service.
    pub fn belongs_to(&mut self, uid: &ServiceUid) {
        self.owner = Some(uid.clone());
    }

    /// The lines that follow belong to nobody.
    pub fn belongs_to_all(&mut self) {
        self.owner = None;
    }

    /// Adds a line that only a reload changes.
    pub fn line(&mut self, text: impl Into<String>) {
        self.push(Kind::Frame(one_line(text.into())));
    }

    /// Adds a line that can be changed in the running daemon too.
    pub fn loose(&mut self, text: impl Into<String>) {
        self.push(Kind::Loose(one_line(text.into())));
    }

    /// Adds the line by which the running daemon tells which frame it has loaded.
    pub fn stamp(&mut self, line: fn(&Digest) -> String) {
        self.push(Kind::Stamp(line));
    }

    fn push(&mut self, kind: Kind) {
        self.lines.push(Line { kind, owner: self.owner.clone() });
    }

    /// The digest of what only a reload changes.
    pub fn frame(&self) -> Digest {
        let mut frame = String::new();
        for line in &self.lines {
            if let Kind::Frame(text) = &line.kind {
                frame.push_str(text);
                frame.push('\n');
            }
        }
        Digest::of_bytes(frame.as_bytes())
    }

    /// Whose the line with this number is, counted from 0.
    pub fn owner(&self, number: usize) -> Option<&ServiceUid> {
        self.lines.get(number)?.owner.as_ref()
    }

    /// The lines, each ended by a newline, with the digest of the [frame](Self::frame) in its place.
    pub fn write(&self, frame: &Digest, into: &mut String) {
        for line in &self.lines {
            match &line.kind {
                Kind::Frame(text) | Kind::Loose(text) => into.push_str(text),
                Kind::Stamp(stamp) => into.push_str(&stamp(frame)),
            }
            into.push('\n');
        }
    }
}

/// The last fence against a value that would end its line: it has no such characters after this,
/// whatever was forgotten where it was put in.
fn one_line(text: String) -> String {
    if text.chars().any(char::is_control) {
        return text.replace(char::is_control, "?");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(server: &str, timeout: &str) -> Text {
        let mut text = Text::default();
        text.stamp(|digest| format!("description {digest}"));
        text.belongs_to(&"uid-a".into());
        text.line(timeout);
        text.loose(server);
        text
    }

    #[test]
    fn what_changes_without_a_reload_is_not_in_the_frame() {
        let first = text("server a", "timeout 1s");
        assert_eq!(first.frame(), text("server b", "timeout 1s").frame());
        assert_ne!(first.frame(), text("server a", "timeout 2s").frame());
        let mut written = String::new();
        first.write(&first.frame(), &mut written);
        let expected = format!("description {}\ntimeout 1s\nserver a\n", first.frame());
        assert_eq!(written, expected);
    }

    #[test]
    fn a_line_has_an_owner() {
        let text = text("server a", "timeout 1s");
        assert_eq!(text.owner(0), None);
        assert_eq!(text.owner(2), Some(&"uid-a".into()));
        assert_eq!(text.owner(3), None);
    }

    #[test]
    fn no_value_can_end_its_line() {
        let text = text("server a\nuser root\r\0\u{85}", "timeout");
        let mut written = String::new();
        text.write(&text.frame(), &mut written);
        assert_eq!(written.lines().count(), 3);
        assert!(written.ends_with("server a?user root???\n"), "{written}");
    }
}
