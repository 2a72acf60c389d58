//! Lists that are handed out in parts. What is left of one is kept as it was when it was asked for,
//! so that its parts fit together whatever happens meanwhile.

use crate::{
    kind::Kind,
    meta,
    selector::Selector,
    status::Status,
    store::{lock, object::Object},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// So many lists can be read in parts at a time; who comes back later must begin anew.
const KEPT: usize = 512;

/// The length of a token.
const TOKEN: usize = 32;

/// The lists that somebody has read a part of.
#[derive(Debug, Default)]
pub(crate) struct Pages(Mutex<VecDeque<Kept>>);

/// What is left of a list.
#[derive(Debug)]
struct Kept {
    token: String,
    extent: Extent,
    objects: Vec<Arc<Object>>,
    revision: u64,
    /// Where the part before it ended.
    after: String,
}

/// What a list is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) kind: &'static Kind,
    /// Empty for all of them.
    pub(crate) namespace: String,
    pub(crate) selector: Selector,
}

/// How a list goes on.
#[derive(Debug)]
pub(crate) enum Rest {
    /// As it was when it was asked for.
    Kept(Vec<Arc<Object>>, u64),
    /// The token is of another list: this one goes on after the same place, at the same revision.
    Elsewhere { after: String, revision: u64 },
}

impl Extent {
    /// The place of an object in the order of the list.
    pub(crate) fn place(&self, object: &Object) -> String {
        let (namespace, name) = (meta::namespace(object.value()), meta::name(object.value()));
        if self.namespace.is_empty() && !namespace.is_empty() {
            format!("{namespace}/{name}")
        } else {
            name.to_owned()
        }
    }
}

/// A part of a list, and how it goes on.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Arc<Object>>,
    pub(crate) revision: u64,
    /// How many come after it; the server does not count those of a selection.
    pub(crate) remaining: Option<usize>,
    /// What the next part is asked for with; empty if there is none.
    pub(crate) token: String,
}

impl Page {
    /// A list of which there is no more.
    pub(crate) fn whole(objects: Vec<Arc<Object>>, revision: u64) -> Self {
        Self { objects, revision, remaining: None, token: String::new() }
    }
}

impl Pages {
    /// How the list goes on that a token is of.
    pub(crate) fn rest(&self, token: &str, extent: &Extent) -> Result<Rest, Status> {
        if token.len() != TOKEN || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let why = "invalid continue token: continue key is not valid: illegal base64 data at \
                       input byte 0";
            return Err(Status::bad_request(why));
        }
        let kept = lock(&self.0);
        let found = kept.iter().find(|kept| kept.token == token).ok_or_else(too_old)?;
        let revision = found.revision;
        Ok(if found.extent == *extent {
            Rest::Kept(found.objects.clone(), revision)
        } else {
            Rest::Elsewhere { after: found.after.clone(), revision }
        })
    }

    /// Cuts the first `limit` off a list; 0 means all of it.
    pub(crate) fn cut(
        &self,
        extent: &Extent,
        mut list: Vec<Arc<Object>>,
        revision: u64,
        limit: usize,
    ) -> Page {
        if limit == 0 || list.len() <= limit {
            return Page::whole(list, revision);
        }
        let objects = list.split_off(limit);
        let (remaining, token) = (objects.len(), format!("{:032x}", rand::random::<u128>()));
        let after = list.last().map(|last| extent.place(last)).unwrap_or_default();
        let rest = Kept { token: token.clone(), extent: extent.clone(), objects, revision, after };
        let mut kept = lock(&self.0);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(rest);
        Page { objects: list, revision, remaining: Some(remaining), token }
    }
}

/// Nobody remembers the list.
pub(crate) fn too_old() -> Status {
    Status::expired_page(
        "The provided continue parameter is too old to display a consistent list result. You must \
         start a new list without the continue parameter.",
    )
}
