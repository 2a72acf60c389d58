use aws_config::{Region, SdkConfig};
use aws_sdk_elasticloadbalancingv2::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::service_config::ServiceConfigKey;

use crate::api::Fault;
use crate::api::sdk::refusal::chain;

/// Where EC2 is: where the configuration says, by the same rules as for any client of the SDK, or
/// else beside the other service.
pub(super) async fn of(config: &SdkConfig, region: &Region) -> Result<String, Fault> {
    match told(config) {
        Some(endpoint) => Ok(endpoint),
        None => beside(config, region).await,
    }
}

/// What a caller says counts most, then `AWS_ENDPOINT_URL_EC2`, then `AWS_ENDPOINT_URL`; likewise
/// in a profile.
fn told(config: &SdkConfig) -> Option<String> {
    let of_all = config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return of_all;
    }
    let key = ServiceConfigKey::builder()
        .service_id("EC2")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    config.service_config().and_then(|own| own.load_config(key.ok()?)).or(of_all)
}

/// Both services have their endpoints alike, so the SDK's rules for the one say which partition the
/// region is of, and what FIPS and IPv6 make of the name.
async fn beside(config: &SdkConfig, region: &Region) -> Result<String, Fault> {
    let params = Params::builder()
        .region(region.to_string())
        .use_fips(config.use_fips().unwrap_or_default())
        .use_dual_stack(config.use_dual_stack().unwrap_or_default())
        .build()
        .map_err(|error| unknown(region, &error))?;
    let endpoint = DefaultResolver::new();
    let endpoint = ResolveEndpoint::resolve_endpoint(&endpoint, &params).await;
    let endpoint = endpoint.map_err(|error| unknown(region, error.as_ref()))?;
    Ok(endpoint.url().replacen("elasticloadbalancing", "ec2", 1))
}

fn unknown(region: &Region, error: &(dyn std::error::Error + 'static)) -> Fault {
    Fault::NotSent(format!("AWS has no endpoint in {region}: {}", chain(error)))
}
