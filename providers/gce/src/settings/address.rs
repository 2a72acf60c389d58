//! The reserved addresses that a Service names.

use seaway_core::setting::Note;
use seaway_core::{LbSpec, ProviderError};

use super::keys::ADDRESSES;
use crate::config::is_word;

/// One for each family.
const MOST: usize = 2;

/// The names of its addresses. Which family each is of is found out where they are known.
pub(super) fn read(spec: &LbSpec) -> Result<Vec<String>, ProviderError> {
    let Some(note) = Note::find(spec, ADDRESSES) else { return Ok(Vec::new()) };
    let remedy = "use one or two names of reserved addresses, with a comma between";
    let mut names: Vec<String> = Vec::new();
    for item in note.value.split(',').map(str::trim) {
        if !is_word(item) {
            return Err(note.wrong_item(item, remedy));
        }
        if names.iter().any(|name| name == item) {
            return Err(note.wrong_item(item, format!("it is there twice; {remedy}")));
        }
        names.push(item.to_owned());
    }
    if names.len() > MOST {
        return Err(note.wrong(remedy));
    }
    if names.len() > spec.families.len() {
        return Err(note.wrong(
            "it names two addresses, and the Service is of one family; name one, or set \
             spec.ipFamilyPolicy to RequireDualStack",
        ));
    }
    match spec.requested_address {
        Some(ip) => {
            Err(note.against(format!("spec.loadBalancerIP asks for {ip}; remove one of the two")))
        }
        None => Ok(names),
    }
}
