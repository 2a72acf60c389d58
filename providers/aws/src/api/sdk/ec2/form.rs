use std::fmt;

use form_urlencoded::byte_serialize;

use super::VERSION;
use crate::api::{Filter, Tags};

/// The parameters of a call, in the order in which they were given.
pub(super) struct Form {
    text: String,
    filters: usize,
}

impl Form {
    /// The call of this action.
    pub(super) fn new(action: &str) -> Self {
        let form = Self { text: format!("Action={action}"), filters: 0 };
        form.with("Version", VERSION)
    }

    /// With a parameter, whose name is plain.
    pub(super) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.text.extend(["&", name, "="]);
        self.text.extend(byte_serialize(value.to_string().as_bytes()));
        self
    }

    /// With a filter: one of the values must match.
    pub(super) fn filtered<'a>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.filters += 1;
        let filter = format!("Filter.{}", self.filters);
        let form = self.with(&format!("{filter}.Name"), name);
        (1..)
            .zip(values)
            .fold(form, |form, (nth, value)| form.with(&format!("{filter}.Value.{nth}"), value))
    }

    /// With what is to be described, where `id` is the name of the filter by id. Ids go into a
    /// filter because one that does not exist fails the call anywhere else.
    pub(super) fn matching(mut self, filter: &Filter, id: &str) -> Self {
        if let Some(vpc) = &filter.vpc {
            self = self.filtered("vpc-id", [vpc.as_str()]);
        }
        if !filter.ids.is_empty() {
            self = self.filtered(id, filter.ids.iter().map(String::as_str));
        }
        match &filter.tag {
            Some((key, values)) if values.is_empty() => {
                self = self.filtered("tag-key", [key.as_str()]);
            }
            Some((key, values)) => {
                self = self.filtered(&format!("tag:{key}"), values.iter().map(String::as_str));
            }
            None => {}
        }
        self.from(filter.marker.as_deref())
    }

    /// From this marker on.
    pub(super) fn from(self, marker: Option<&str>) -> Self {
        match marker {
            Some(marker) => self.with("NextToken", marker),
            None => self,
        }
    }

    /// With tags for what is made, which is of this kind.
    pub(super) fn tagged(self, kind: &str, tags: &Tags) -> Self {
        if tags.is_empty() {
            return self;
        }
        let form = self.with("TagSpecification.1.ResourceType", kind);
        (1..).zip(tags).fold(form, |form, (nth, (key, value))| {
            form.with(&format!("TagSpecification.1.Tag.{nth}.Key"), key)
                .with(&format!("TagSpecification.1.Tag.{nth}.Value"), value)
        })
    }

    /// What is sent.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
