use serde::{Deserialize, Serialize};

use super::Meta;

/// An EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointSlice {
    /// `metadata`.
    pub metadata: Meta,
    /// `endpoints`.
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
