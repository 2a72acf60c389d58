use seaway_core::{ErrorKind, ProviderError, ServiceUid};

use super::{foreign, left_behind};
use crate::api::{Api, Arn, Fault, NewLoadBalancer, State, Which};
use crate::error::told;
use crate::names;
use crate::observe::{Balancer, Detail, Observed};
use crate::provider::Nlb;

impl<A: Api> Nlb<A> {
    pub(super) async fn create_balancer(
        &self,
        uid: &ServiceUid,
        new: &NewLoadBalancer,
        own: u8,
        seen: &Observed,
    ) -> Result<Balancer, ProviderError> {
        const ACTION: &str = "CreateLoadBalancer";
        let mut new = new.clone();
        new.security_groups.extend(seen.own_groups(own));
        let (made, fresh) = match self.api.create_load_balancer(&new).await {
            // Of a name that a user chose there may be one of somebody else's, which AWS returns if
            // it has the same settings.
            Ok(made) => {
                let ours = new.name.starts_with(names::PREFIX);
                let fresh = ours && made.state == State::Provisioning;
                (made, fresh)
            }
            Err(fault) => {
                let named = self.api.load_balancers(Which::Name(new.name.clone()));
                (left_behind(ACTION, &new.name, fault, named).await?, false)
            }
        };
        // Who is the first of a group may have changed meanwhile.
        let met = self.meet(&made.arn, &new.tags, fresh, |owner, new| owner.key == new.key);
        let Some((tags, owner)) = met.await? else {
            let fault = Fault::refused("DuplicateLoadBalancerName", "the name is taken");
            return Err(foreign(ACTION, &new.name, &fault));
        };
        // An answer may have been lost before: what it has besides is read, unless it is new.
        let detail = Detail { tags, ..self.detail_of(&made.arn, fresh).await? };
        let mut balancer = Balancer::listed(made, Some(uid.clone()), owner.retained);
        balancer.detail = Some(detail);
        Ok(balancer)
    }

    /// A load balancer that is not ours, with all that is on it.
    pub(super) async fn lent(&self, arn: &Arn) -> Result<(String, Balancer), ProviderError> {
        let page = self.api.load_balancers(Which::Arns(vec![arn.clone()])).await;
        let page = page.map_err(|fault| told("DescribeLoadBalancers", &fault))?;
        let Some(found) = page.items.into_iter().find(|it| it.arn == *arn) else {
            let message = format!("there is no network load balancer {arn} in this region");
            let key = "seaway.dev/load-balancer-arn";
            return Err(ProviderError::new(ErrorKind::Unavailable, key, message));
        };
        let detail = self.detail_of(arn, false).await?;
        let mut balancer = Balancer::listed(found.clone(), None, false);
        balancer.detail = Some(detail);
        Ok((found.name, balancer))
    }
}
