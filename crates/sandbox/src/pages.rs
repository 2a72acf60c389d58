//! Lists that are handed out in parts. What is left of one is kept as it was when it was asked for,
//! so that its parts fit together whatever happens meanwhile.

use crate::{
    status::Status,
    store::{lock, object::Object},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// So many lists can be read in parts at a time; who comes back later must begin anew.
const KEPT: usize = 64;

/// The length of a token.
const TOKEN: usize = 32;

/// The lists that somebody has read a part of.
#[derive(Debug, Default)]
pub(crate) struct Pages(Mutex<VecDeque<(String, Page)>>);

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
    /// What is left of a list, as it was then.
    pub(crate) fn rest(&self, token: &str) -> Result<(Vec<Arc<Object>>, u64), Status> {
        if token.len() != TOKEN || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let why = "invalid continue token: continue key is not valid: illegal base64 data at \
                       input byte 0";
            return Err(Status::bad_request(why));
        }
        let kept = lock(&self.0);
        let found = kept.iter().find(|(name, _)| name == token);
        let (_, page) = found.ok_or_else(|| {
            Status::expired_page(
                "The provided continue parameter is too old to display a consistent list result. \
                 You must start a new list without the continue parameter.",
            )
        })?;
        Ok((page.objects.clone(), page.revision))
    }

    /// Cuts the first `limit` off a list; 0 means all of it.
    pub(crate) fn cut(&self, mut list: Vec<Arc<Object>>, revision: u64, limit: usize) -> Page {
        if limit == 0 || list.len() <= limit {
            return Page::whole(list, revision);
        }
        let rest = list.split_off(limit);
        let (remaining, token) = (rest.len(), format!("{:032x}", rand::random::<u128>()));
        let rest = Page::whole(rest, revision);
        let mut kept = lock(&self.0);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((token.clone(), rest));
        Page { objects: list, revision, remaining: Some(remaining), token }
    }
}
