//! Tags of load balancers and target groups.

use std::collections::BTreeSet;

use super::super::{Answer, Arn, Tags};
use super::balancers::few;
use super::unless;
use super::world::World;

/// The tags that a thing may have.
const TAGS: usize = 50;

/// Refuses tags that can't be set together.
pub(super) fn check(tags: &Tags) -> Answer<()> {
    unless(tags.len() <= TAGS, "TooManyTags", || {
        format!("A resource can have {TAGS} tags at most")
    })?;
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count())
            && value.chars().count() <= 256
            && !key.starts_with("aws:")
    };
    unless(
        tags.iter().all(fits),
        "ValidationError",
        || "Keys have 1 to 128 characters, values 256 at most, and no key begins with 'aws:'",
    )
}

impl World {
    /// `DescribeTags`
    pub(super) fn describe_tags(&self, arns: &[Arn]) -> Answer<Vec<Tags>> {
        few(arns)?;
        unless(!arns.is_empty(), "ValidationError", || "At least one ARN must be specified")?;
        let tags = |arn| {
            if is_group(arn) {
                return self.group(arn).map(|it| it.tags.clone());
            }
            self.balancer(arn).map(|it| it.tags.clone())
        };
        arns.iter().map(tags).collect()
    }

    /// `AddTags`
    pub(super) fn add_tags(&mut self, arn: &Arn, tags: &Tags) -> Answer<()> {
        let kept = self.tags_mut(arn)?;
        let mut all = kept.clone();
        all.extend(tags.clone());
        check(&all)?;
        *kept = all;
        Ok(())
    }

    /// `RemoveTags`
    pub(super) fn remove_tags(&mut self, arn: &Arn, keys: &BTreeSet<String>) -> Answer<()> {
        self.tags_mut(arn)?.retain(|key, _| !keys.contains(key));
        Ok(())
    }

    fn tags_mut(&mut self, arn: &Arn) -> Answer<&mut Tags> {
        if is_group(arn) {
            return self.group_mut(arn).map(|it| &mut it.tags);
        }
        self.balancer_mut(arn).map(|it| &mut it.tags)
    }
}

fn is_group(arn: &Arn) -> bool {
    arn.0.contains(":targetgroup/")
}
