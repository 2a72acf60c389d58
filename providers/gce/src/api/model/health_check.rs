/// A regional health check by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The port of the node.
    pub port: u16,
    /// The path.
    pub path: String,
    /// Seconds from one check to the next.
    pub interval_seconds: u32,
    /// Seconds that a node has to answer.
    pub timeout_seconds: u32,
    /// Passed checks in a row that take a node in.
    pub healthy: u32,
    /// Failed checks in a row that take it out.
    pub unhealthy: u32,
}
