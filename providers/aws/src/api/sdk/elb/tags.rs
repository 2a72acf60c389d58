use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::Tag;

use super::Elb;
use crate::api::{Answer, Arn, Tags};

impl Elb {
    pub(crate) async fn tags(&self, arns: &[Arn]) -> Answer<Vec<Tags>> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let asked = arns.iter().map(|arn| arn.0.clone()).collect();
        let call = self.client.describe_tags().set_resource_arns(Some(asked));
        let mut answered: BTreeMap<String, Tags> = BTreeMap::new();
        for description in call.send().await?.tag_descriptions.unwrap_or_default() {
            let tags = description.tags.unwrap_or_default().into_iter();
            let tags = tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
            answered.insert(description.resource_arn.unwrap_or_default(), tags.collect());
        }
        // The vendor promises no order.
        Ok(arns.iter().map(|arn| answered.get(&arn.0).cloned().unwrap_or_default()).collect())
    }

    pub(crate) async fn add_tags(&self, arn: &Arn, tags: &Tags) -> Answer<()> {
        if tags.is_empty() {
            return Ok(());
        }
        self.client.add_tags().resource_arns(&arn.0).set_tags(told(tags)).send().await?;
        Ok(())
    }

    pub(crate) async fn remove_tags(&self, arn: &Arn, keys: &BTreeSet<String>) -> Answer<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let keys = keys.iter().cloned().collect();
        self.client.remove_tags().resource_arns(&arn.0).set_tag_keys(Some(keys)).send().await?;
        Ok(())
    }
}

/// Tags in the SDK's type; none if there are none, because an empty list would be sent as one tag without a key.
pub(super) fn told(tags: &Tags) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> =
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    (!tags.is_empty()).then_some(tags)
}
