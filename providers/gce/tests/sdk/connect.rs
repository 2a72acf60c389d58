use seaway_provider_gce::api::Fault;
use seaway_provider_gce::api::sdk::Gce;
use seaway_testkit::environment::{is_inner, within};

use crate::server::options;

#[tokio::test]
async fn without_credentials_it_says_what_to_set() {
    if !is_inner() {
        let name = "connect::without_credentials_it_says_what_to_set";
        // A file that is not there, and an instance that has none.
        within(name, &[("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent")]).await;
        return within(name, &[("GCE_METADATA_HOST", "127.0.0.1:1")]).await;
    }
    let mut options = options("");
    options.endpoint = None;
    let fault = Gce::connect(options).await.unwrap_err();
    let told = matches!(&fault, Fault::NotSent(why)
        if why.contains("GOOGLE_APPLICATION_CREDENTIALS") && !why.contains('\n'));
    assert!(told, "{fault:?}");
}
