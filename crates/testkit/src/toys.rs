//! Three toy providers, each with its little cloud, that show what the trait and the driver carry.

pub mod by_id;
pub mod by_node;
pub mod one_file;
