//! One call as it came.

use std::collections::BTreeMap;

use super::Service;

/// What a call says, as the Query protocol flattens it: `Subnets.member.1` is a name of it.
pub type Params = BTreeMap<String, String>;

/// One call, and what came of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whom it was for.
    pub service: Service,
    /// Its action, such as `CreateListener`.
    pub action: String,
    /// What it says.
    pub params: Params,
    /// The HTTP status of the answer; none if there was none.
    pub status: Option<u16>,
    /// The code of the error, if it was one.
    pub code: Option<String>,
}

impl Call {
    pub(crate) fn new(service: Service, action: &str, params: Params) -> Self {
        Self { service, action: action.to_owned(), params, status: None, code: None }
    }

    /// A parameter, empty if it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// Whether a parameter is there.
    pub fn has(&self, name: &str) -> bool {
        self.params.contains_key(name)
    }

    /// A list of plain values: `NAME.member.1` of `ELBv2`, `NAME.1` of EC2.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.members(name).into_iter().filter_map(|mut each| each.remove("")).collect()
    }

    /// A list of structures, each by the names of its fields; a plain value has an empty name.
    pub fn members(&self, name: &str) -> Vec<Params> {
        let mut found = BTreeMap::<usize, Params>::new();
        for (key, value) in &self.params {
            let Some(rest) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            let rest = rest.strip_prefix("member.").unwrap_or(rest);
            let (number, field) = rest.split_once('.').unwrap_or((rest, ""));
            if let Ok(number) = number.parse() {
                found.entry(number).or_default().insert(field.to_owned(), value.clone());
            }
        }
        found.into_values().collect()
    }

    /// Takes a parameter away, with all that is in it.
    pub(crate) fn without(mut self, name: &str) -> Self {
        let inner = format!("{name}.");
        self.params.retain(|key, _| key != name && !key.starts_with(&inner));
        self
    }

    /// Says something if the caller did not.
    pub(crate) fn or(mut self, name: &str, value: &str) -> Self {
        self.params.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        self
    }

    /// Says a list of plain values.
    pub(crate) fn with_list(mut self, name: &str, values: &[String]) -> Self {
        for (at, value) in values.iter().enumerate() {
            self.params.insert(format!("{name}.member.{}", at + 1), value.clone());
        }
        self
    }

    /// Whether it changes something: what does not is named so by AWS.
    pub fn writes(&self) -> bool {
        !["Describe", "Get", "List"].iter().any(|read| self.action.starts_with(read))
    }
}
