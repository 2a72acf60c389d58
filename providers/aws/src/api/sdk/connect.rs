use std::time::Duration;

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::time::timeout;

use super::refusal::chain;
use super::{Aws, ec2, elb};
use crate::api::Fault;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a whole call may take.
const CALL: Duration = Duration::from_secs(30);

const NO_REGION: &str =
    "the AWS region is not known: set `region` in the configuration, or AWS_REGION";

const NO_CREDENTIALS: &str = "there are no AWS credentials: give the pod a role (Pod Identity, or \
     a web identity), give the instance a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// What a configuration file says. What is left out comes from where the vendor's tools look:
/// the environment, the profile, the instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The region.
    pub region: Option<String>,
    /// The endpoint of both services, in place of the vendor's.
    pub endpoint: Option<String>,
}

impl Aws {
    /// Finds out the region and the credentials, and tries the latter out.
    ///
    /// # Errors
    /// [`Fault::NotSent`] if either is missing. The text says what to set.
    pub async fn connect(options: Options) -> Result<Self, Fault> {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client())
            .timeout_config(limits());
        if let Some(region) = options.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(endpoint) = options.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let config = loader.load().await;
        // A region first: where none is known, the search for credentials would only take time.
        if config.region().is_none() {
            return Err(Fault::NotSent(NO_REGION.to_owned()));
        }
        prove(&config).await?;
        Self::over(&config).await
    }

    /// The same over a configuration of the caller's own. Its region, credentials and endpoints
    /// count; the limits and the HTTP client are ours.
    ///
    /// # Errors
    /// [`Fault::NotSent`] if it has no region or no credentials.
    pub async fn over(config: &SdkConfig) -> Result<Self, Fault> {
        let mut builder = config
            .to_builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .retry_config(RetryConfig::disabled())
            .timeout_config(limits());
        // An application's name has no slash.
        builder.set_app_name(AppName::new(concat!("seaway-", env!("CARGO_PKG_VERSION"))).ok());
        if config.http_client().is_none() {
            builder.set_http_client(Some(http_client()));
        }
        let config = builder.build();
        Ok(Self { elb: elb::Elb::new(&config)?, ec2: ec2::Ec2::new(&config).await? })
    }
}

/// The region of a configuration.
pub(super) fn region(config: &SdkConfig) -> Result<&Region, Fault> {
    config.region().ok_or_else(|| Fault::NotSent(NO_REGION.to_owned()))
}

/// What calls fail with that can't be signed.
pub(super) fn no_credentials(why: &str) -> Fault {
    Fault::NotSent(format!("{NO_CREDENTIALS} ({why})"))
}

/// Fails now rather than at the first call if there are no credentials.
async fn prove(config: &SdkConfig) -> Result<(), Fault> {
    let provider =
        config.credentials_provider().ok_or_else(|| no_credentials("nobody to ask for them"))?;
    match timeout(CALL, provider.provide_credentials()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(no_credentials(&chain(&error))),
        Err(_) => Err(no_credentials("asking for them took too long")),
    }
}

fn limits() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(CALL).build()
}

/// The SDK's own client, but with the TLS of everything else here: its default needs a C compiler.
/// Like that default it goes through the proxy that the environment names.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut builder =
            ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::Ring));
        builder.set_connector_settings(settings.cloned());
        builder.set_proxy_config(Some(ProxyConfig::from_env()));
        if let Some(components) = components {
            builder.set_sleep_impl(components.sleep_impl());
        }
        builder.build()
    })
}
