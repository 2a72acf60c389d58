use roxmltree::{Document, Node};

use crate::api::sdk::refusal::unreadable;
use crate::api::{Answer, Fault, Page, Tags};

/// Reads an answer.
pub(super) fn parse(xml: &str) -> Answer<Document<'_>> {
    Document::parse(xml).map_err(|error| unreadable(&error.to_string()))
}

/// Reads a list of this name, and where the next page begins. What is left out by `read` is left out.
pub(super) fn page<T>(
    xml: &str,
    list: &str,
    read: impl Fn(Node<'_, '_>) -> Option<T>,
) -> Answer<Page<T>> {
    let document = parse(xml)?;
    let root = document.root_element();
    // A list that is empty is there; a page without one is not from EC2.
    let list = child(root, list).ok_or_else(|| unreadable("no list in it"))?;
    Ok(Page {
        items: list.children().filter(Node::is_element).filter_map(read).collect(),
        next: text(root, "nextToken").filter(|next| !next.is_empty()),
    })
}

/// The element of this name in another, whatever its namespace.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// The text of the element of this name.
pub(super) fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    Some(child(node, name)?.text().unwrap_or_default().trim().to_owned())
}

/// The items of the list of this name; none if there is no list.
pub(super) fn items<'a, 'i>(
    node: Node<'a, 'i>,
    list: &str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    child(node, list).into_iter().flat_map(|list| list.children()).filter(Node::is_element)
}

/// The tags of what is described.
pub(super) fn tags(node: Node<'_, '_>) -> Tags {
    items(node, "tagSet")
        .filter_map(|tag| Some((text(tag, "key")?, text(tag, "value").unwrap_or_default())))
        .collect()
}

/// What a refusal says; none if this is not one.
pub(super) fn refusal(xml: &str) -> Option<Fault> {
    let document = Document::parse(xml).ok()?;
    let error = items(document.root_element(), "Errors").next()?;
    let code = text(error, "Code").filter(|code| !code.is_empty())?;
    Some(Fault::refused(&code, text(error, "Message").unwrap_or_default()))
}
