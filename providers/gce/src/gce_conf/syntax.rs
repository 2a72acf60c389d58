//! The syntax of gcfg files, which is that of git's config: sections in brackets, `key = value`, and
//! comments from `;` or `#` on.
//!
//! Source: the documentation of `gopkg.in/gcfg.v1`, which the in-tree provider reads the file with.

use std::iter::Peekable;
use std::str::Chars;

/// A line that sets something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The number of the line where it begins.
    pub line: usize,
    /// The section that it is in, in lower case: names are the same in any case.
    pub section: String,
    /// Its key, in lower case.
    pub key: String,
    /// Its value; none if there is not even a `=`.
    pub value: Option<String>,
}

/// The entries of a file.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest: text.chars().peekable(), line: 1 };
    let mut entries = Vec::new();
    let mut section: Option<String> = None;
    loop {
        reader.skip_blanks();
        match reader.rest.peek().copied() {
            None => return Ok(entries),
            Some('\n' | ';' | '#') => {}
            Some('[') => section = Some(reader.section()?),
            Some(first) if first.is_alphabetic() => {
                let (line, key) = (reader.line, reader.name());
                let Some(section) = section.clone() else {
                    return Err(format!(
                        "line {line}: {key} is in no section; begin with [global]"
                    ));
                };
                let value = reader.value()?;
                entries.push(Entry { line, section, key, value });
            }
            Some(other) => {
                return Err(reader.wrong(&format!("{other:?} is neither a section nor a key")));
            }
        }
        reader.end_line()?;
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("line {}: {what}", self.line)
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn skip_blanks(&mut self) {
        while self.rest.next_if(|next| is_blank(*next)).is_some() {}
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(next) = self.rest.next_if(|next| next.is_alphanumeric() || *next == '-') {
            name.extend(next.to_lowercase());
        }
        name
    }

    /// `[name]`; a part in quotes is none of this file's, and stays in the name.
    fn section(&mut self) -> Result<String, String> {
        self.next();
        let mut name = String::new();
        while let Some(next) = self.rest.next_if(|next| *next != ']' && *next != '\n') {
            name.extend(next.to_lowercase());
        }
        match self.rest.next_if_eq(&']') {
            Some(_) => Ok(name.trim().to_owned()),
            None => Err(self.wrong(&format!("[{name} has no bracket at its end"))),
        }
    }

    /// What is behind a key.
    fn value(&mut self) -> Result<Option<String>, String> {
        self.skip_blanks();
        if self.rest.next_if_eq(&'=').is_none() {
            return Ok(None);
        }
        self.skip_blanks();
        let mut value = String::new();
        // Blanks at the end do not count, unless they are in quotes.
        let mut end = 0;
        let mut in_quotes = false;
        loop {
            match self.rest.peek().copied() {
                None | Some('\n') if in_quotes => return Err(self.wrong("a quote has no end")),
                None | Some('\n') => break,
                Some(';' | '#') if !in_quotes => break,
                Some('"') => {
                    self.next();
                    in_quotes = !in_quotes;
                    end = value.len();
                }
                Some('\\') => {
                    self.next();
                    value.extend(self.escape(in_quotes)?);
                    end = value.len();
                }
                Some(other) => {
                    self.next();
                    value.push(other);
                    if in_quotes || !is_blank(other) {
                        end = value.len();
                    }
                }
            }
        }
        value.truncate(end);
        Ok(Some(value))
    }

    /// What is behind a backslash: in quotes a special character, else the end of a line that goes on.
    fn escape(&mut self, in_quotes: bool) -> Result<Option<char>, String> {
        if !in_quotes {
            self.rest.next_if_eq(&'\r');
            return match self.rest.peek() {
                Some('\n') => {
                    self.next();
                    Ok(None)
                }
                _ => Err(self.wrong("a backslash is in quotes, or at the end of its line")),
            };
        }
        match self.rest.next_if(|next| "\\\"nt".contains(*next)) {
            Some('n') => Ok(Some('\n')),
            Some('t') => Ok(Some('\t')),
            Some(same) => Ok(Some(same)),
            None => Err(self.wrong("a backslash in quotes is before \\, \", n or t")),
        }
    }

    /// The rest of a line: nothing, or a comment.
    fn end_line(&mut self) -> Result<(), String> {
        self.skip_blanks();
        let mut in_comment = false;
        while let Some(next) = self.rest.peek().copied() {
            if next == '\n' {
                self.next();
                break;
            }
            in_comment |= next == ';' || next == '#';
            if !in_comment {
                return Err(self.wrong(&format!("{next:?} is one too many")));
            }
            self.next();
        }
        Ok(())
    }
}

const fn is_blank(one: char) -> bool {
    matches!(one, ' ' | '\t' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(usize, &str, Option<&str>)]) {
        let read = entries(&format!("[global]\n{text}")).unwrap();
        let read: Vec<_> =
            read.iter().map(|it| (it.line - 1, it.key.as_str(), it.value.as_deref())).collect();
        assert_eq!(read, expected, "{text:?}");
    }

    #[test]
    fn keys_and_values_are_trimmed_and_keys_are_of_any_case() {
        check("a=1", &[(1, "a", Some("1"))]);
        check(
            "  Node-Tags \t=  a b \t\r\nb =\nc\n",
            &[(1, "node-tags", Some("a b")), (2, "b", Some("")), (3, "c", None)],
        );
    }

    #[test]
    fn comments_are_anywhere_but_in_quotes() {
        check(
            "# a\n; b = 1\n\na = 1 # c\nb = 2;d\nc ; e",
            &[(4, "a", Some("1")), (5, "b", Some("2")), (6, "c", None)],
        );
        check("a = \"1 # c\" ; d", &[(1, "a", Some("1 # c"))]);
    }

    #[test]
    fn quotes_keep_what_is_in_them() {
        check(r#"a = "  x  "  "#, &[(1, "a", Some("  x  "))]);
        check(r#"a = x" y "z"#, &[(1, "a", Some("x y z"))]);
        check(r#"a = "\"\\\n\t""#, &[(1, "a", Some("\"\\\n\t"))]);
        check(r#"a = """#, &[(1, "a", Some(""))]);
    }

    #[test]
    fn a_backslash_at_the_end_goes_on_with_the_next_line() {
        check("a = x\\\ny\nb = 1", &[(1, "a", Some("xy")), (3, "b", Some("1"))]);
        check("a = x\\\r\ny", &[(1, "a", Some("xy"))]);
    }

    #[test]
    fn sections_are_of_any_case_and_a_byte_order_mark_is_skipped() {
        let read = entries("\u{feff}[Global] ; x\na=1\n[ Other \"B\" ]\nb=2").unwrap();
        let read: Vec<_> = read.iter().map(|it| (it.section.as_str(), it.line)).collect();
        assert_eq!(read, [("global", 2), ("other \"b\"", 4)]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let wrong = |text: &str, line: usize, part: &str| {
            let error = entries(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line}: ")), "{error}");
            assert!(error.contains(part), "{error:?} does not say {part:?}");
        };
        wrong("\na = 1", 2, "no section");
        wrong("[global\na = 1", 1, "bracket");
        wrong("[global] a = 1", 1, "'a'");
        wrong("[global]\na = \"x\nb", 2, "quote");
        wrong("[global]\na = \"x\\q\"", 2, "backslash");
        wrong("[global]\na = x\\y", 2, "backslash");
        wrong("[global]\na : x", 2, "':'");
        wrong("[global]\n= x", 2, "'='");
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in ["[", "[]", "[g]\na=\\", "[g]\na=\"\\", "[g]\n\\", "]", "\"", "é", "[g]\né=é"]
        {
            let _ = entries(text);
        }
    }
}
