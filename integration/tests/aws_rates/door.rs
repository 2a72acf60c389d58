use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use seaway_integration::mock_aws::{MockAws, REGION};
use seaway_provider_aws::api::sdk::Aws;

/// The real SDK, on the account of `mock`.
pub(crate) async fn aws(mock: &MockAws) -> Aws {
    let key = Credentials::new("mock", "mock", None, None, "mock");
    let config = SdkConfig::builder()
        .region(Region::from_static(REGION))
        .endpoint_url(mock.endpoint())
        .credentials_provider(SharedCredentialsProvider::new(key))
        .build();
    Aws::over(&config).await.unwrap()
}
