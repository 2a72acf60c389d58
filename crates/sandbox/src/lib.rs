//! A small Kubernetes API in memory, with simulated nodes and pods.
//!
//! [`Server`] is the API: it listens on loopback and asks for a token. It is never on the
//! production path.

mod answer;
mod apply;
mod cluster;
mod connection;
mod decode;
mod discovery;
mod document;
mod door;
mod error;
mod handler;
mod invalid;
mod kind;
mod kubeconfig;
mod managed;
mod meta;
mod metrics;
mod mistyped;
mod names;
mod openapi;
mod pages;
mod patch;
mod protobuf;
mod read;
mod representation;
mod request;
mod rules;
mod selector;
mod server;
mod service;
mod status;
mod store;
mod table;
mod tls;
mod watch;
pub mod world;
mod write;

pub use error::Error;
pub use server::{Options, Server};
