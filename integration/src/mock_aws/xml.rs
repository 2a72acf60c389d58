//! XML as AWS speaks it: elements with text or with children, whose attributes say nothing new.

use std::borrow::Cow;

use roxmltree::{Document, Node};

/// One element. AWS never mixes text and children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its namespace, which AWS puts on the outermost element.
    pub namespace: Option<String>,
    /// Its text; empty if it has children.
    pub text: String,
    /// What is in it.
    pub children: Vec<Element>,
}

impl Element {
    /// One with text.
    pub fn leaf(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), ..Self::default() }
    }

    /// One with children.
    pub fn node(name: &str, children: Vec<Element>) -> Self {
        Self { name: name.to_owned(), children, ..Self::default() }
    }

    /// A list as `ELBv2` has it: a `member` for each.
    pub fn list(name: &str, members: impl IntoIterator<Item = Vec<Element>>) -> Self {
        Self::node(name, members.into_iter().map(|each| Self::node("member", each)).collect())
    }

    /// A document's outermost element. Panics if the text is no XML: it is moto's mistake, or ours.
    pub fn parse(text: &str) -> Self {
        Self::from(Document::parse(text).unwrap().root_element())
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first child of this name, made if it is missing.
    pub fn child_mut(&mut self, name: &str) -> &mut Self {
        let at = self.children.iter().position(|child| child.name == name);
        let at = at.unwrap_or_else(|| {
            self.children.push(Self::leaf(name, ""));
            self.children.len() - 1
        });
        &mut self.children[at]
    }

    /// Puts this child in the place of the one with its name.
    pub fn set(&mut self, child: Self) {
        let name = child.name.clone();
        *self.child_mut(&name) = child;
    }

    /// Takes the children of this name away.
    pub fn remove(&mut self, name: &str) {
        self.children.retain(|child| child.name != name);
    }

    /// The text of a child, empty if there is none.
    pub fn text(&self, name: &str) -> String {
        self.child(name).map(|child| child.text.clone()).unwrap_or_default()
    }

    /// What is in the list of this name: `member` elements of `ELBv2`, `item` elements of EC2.
    pub fn items(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.child(name).into_iter().flat_map(|list| &list.children)
    }

    /// The first element of this name anywhere in it.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The same, to change it.
    pub fn find_mut(&mut self, name: &str) -> Option<&mut Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter_mut().find_map(|child| child.find_mut(name))
    }

    /// The element as text.
    pub fn write(&self) -> String {
        let mut text = String::new();
        self.write_to(&mut text);
        text
    }

    fn write_to(&self, out: &mut String) {
        let namespace = self.namespace.iter().map(|name| format!(" xmlns=\"{name}\""));
        let namespace: String = namespace.collect();
        out.extend(["<", &self.name, &namespace, ">", &escape(&self.text)]);
        for child in &self.children {
            child.write_to(out);
        }
        out.extend(["</", &self.name, ">"]);
    }
}

impl From<Node<'_, '_>> for Element {
    fn from(node: Node<'_, '_>) -> Self {
        let children: Vec<_> = node.children().filter(Node::is_element).map(Self::from).collect();
        let text = if children.is_empty() { node.text().unwrap_or_default() } else { "" };
        // A child has that of what it is in.
        let inherited = node.parent_element().and_then(|parent| parent.default_namespace());
        let namespace = node.default_namespace().filter(|own| Some(*own) != inherited);
        Self {
            name: node.tag_name().name().to_owned(),
            namespace: namespace.map(str::to_owned),
            text: text.to_owned(),
            children,
        }
    }
}

/// What would be taken for markup is written as a reference.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>']) {
        return text.into();
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text = r#"<a xmlns="urn:x"><b>1 &lt; 2 &amp; 3</b><c></c></a>"#;
        let element = Element::parse(text);
        assert_eq!(element.text("b"), "1 < 2 & 3");
        assert_eq!(element.namespace.as_deref(), Some("urn:x"));
        assert_eq!(element.write(), text);
    }
}
