//! The fake Compute Engine, tried by two clients that Google wrote: what they ask for, and how they
//! read the answers, is what the provider meets in earnest.
//!
//! They need target/google, which `make test` makes.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a story fails by panicking")]

mod site;

use site::Site;

#[tokio::test]
async fn google_cloud_compute_gets_along_with_it() {
    Site::open().await.tells("cloud_client.py").await;
}

#[tokio::test]
async fn google_api_python_client_gets_along_with_it() {
    Site::open().await.tells("api_client.py").await;
}
