use serde::{Deserialize, Serialize};

use super::Meta;

/// An EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointSlice {
    /// `metadata`.
    pub metadata: Meta,
    /// `endpoints`.
    #[serde(deserialize_with = "null_is_empty")]
    pub endpoints: Vec<Endpoint>,
}

/// `EndpointSlice.endpoints[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// Where it runs.
    pub node_name: Option<String>,
    /// Its state.
    pub conditions: EndpointConditions,
}

/// `EndpointSlice.endpoints[].conditions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointConditions {
    /// Whether it takes traffic; unknown counts as yes.
    pub ready: Option<bool>,
}

/// Go writes an empty list as null.
fn null_is_empty<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Vec<Endpoint>, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}
