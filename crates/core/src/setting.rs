//! The annotations that providers take: how their texts are read, and refused.

mod note;
mod span;
mod tuning;

pub use note::Note;
pub use span::Span;
pub use tuning::{
    CONNECT_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTIONS, PROXY_PROTOCOL, Tuning, declared,
};
