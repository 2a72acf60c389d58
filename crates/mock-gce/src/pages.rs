//! Long lists, a page at a time.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::filter::Filter;
use crate::refusal::Refusal;

/// The largest page, and the one that is given where none is asked for.
pub(crate) const PAGE: usize = 500;

/// What of a list is asked for.
pub(crate) struct Pages {
    filter: Option<Filter>,
    size: usize,
    after: Option<String>,
}

/// Some of a list, and where the rest begins.
pub(crate) struct Page {
    /// With the keys by which they are in order.
    pub(crate) items: Vec<(String, Value)>,
    pub(crate) next: Option<String>,
}

impl Pages {
    /// `has` says whether an item has a field, `most` is the largest page.
    pub(crate) fn of(
        query: &BTreeMap<String, String>,
        has: impl Fn(&str) -> bool,
        most: usize,
    ) -> Result<Self, Refusal> {
        let said = |name: &str| query.get(name).filter(|value| !value.is_empty());
        let filter = said("filter").map(|text| Filter::parse(text, has)).transpose()?;
        let size = match said("maxResults") {
            None => PAGE,
            Some(text) => {
                let size = text.parse().ok().filter(|size| *size <= PAGE);
                let why = "Must be less than or equal to 500.";
                size.ok_or_else(|| Refusal::invalid("maxResults", text, why))?
            }
        };
        // Zero asks for no page in particular.
        let size = if size == 0 { PAGE } else { size }.min(most).max(1);
        if let Some(order) = said("orderBy").filter(|order| *order != "name") {
            let why = "Only the order by name is served here.";
            return Err(Refusal::invalid("orderBy", order, why));
        }
        let after = said("pageToken").map(|token| {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok();
            let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let why = "The page token is not one of this list's.";
            key.ok_or_else(|| Refusal::invalid("pageToken", token, why))
        });
        Ok(Self { filter, size, after: after.transpose()? })
    }

    /// Items are in the order of their keys: a thing that goes between two pages moves no other.
    pub(crate) fn page(&self, mut items: Vec<(String, Value)>) -> Page {
        items.sort_by(|(left, _), (right, _)| left.cmp(right));
        items.retain(|(key, item)| {
            self.after.as_ref().is_none_or(|after| key > after)
                && self.filter.as_ref().is_none_or(|filter| filter.fits(item))
        });
        let more = items.len() > self.size;
        items.truncate(self.size);
        let next = items.last().filter(|_| more).map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
        Page { items, next }
    }
}
