use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{Address, Family, Mark};

use super::{Known, Rig, Wish, foreign};
use crate::{Bench, Served, cluster_id, uid};

impl<B: Bench> Rig<B> {
    /// Checks the world against the cluster: every Service is served as it asks, nothing of ours is
    /// orphaned or doubled, no address has moved, and what is foreign is as it was.
    ///
    /// # Errors
    /// Everything that is not so, in words.
    pub async fn verify(&self) -> Result<(), String> {
        let mut wrong = Vec::new();
        for known in self.services.values() {
            if known.wish == Wish::Present && known.refused.is_none() {
                wrong.extend(self.check_served(known).await.err());
            }
        }
        wrong.extend(self.orphans().await.into_iter().map(|thing| format!("orphan: {thing}")));
        wrong.extend(self.duplicates().await.into_iter().map(|thing| format!("doubled: {thing}")));
        if self.moves > 0 {
            wrong.push(format!("{} published addresses moved", self.moves));
        }
        wrong.extend(self.check_foreign().await.err());
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    /// Checks that clients of the Service meet what it asks for.
    ///
    /// # Errors
    /// The first difference, in words.
    pub async fn check_served_by(&self, name: &str) -> Result<(), String> {
        self.check_served(self.service(name)).await
    }

    /// What clients of the Service meet.
    pub async fn served(&self, name: &str) -> Option<Served> {
        self.bench.served(&uid(name)).await
    }

    /// Things of ours that no Service of the cluster wants.
    pub async fn orphans(&self) -> Vec<String> {
        let wanted: BTreeSet<_> = self.services.keys().collect();
        let mut orphans = Vec::new();
        for thing in self.bench.inventory().await.iter().filter(|thing| thing.is_ours()) {
            let owner = thing.mark.as_ref().and_then(|mark| mark.service.as_ref());
            if owner.map_or(wanted.is_empty(), |uid| !wanted.contains(uid)) {
                orphans.push(thing.to_string());
            }
        }
        orphans
    }

    /// Things of ours of which one would be enough.
    pub async fn duplicates(&self) -> Vec<String> {
        let mut doubled = Vec::new();
        for ((_, role), count) in self.roles().await {
            doubled.extend(std::iter::repeat_n(role, count - 1));
        }
        doubled
    }

    /// How many things of ours there are, by owner and role.
    pub async fn roles(&self) -> BTreeMap<(Option<Mark>, String), usize> {
        let mut roles = BTreeMap::new();
        for thing in self.bench.inventory().await.iter().filter(|thing| thing.is_ours()) {
            *roles.entry((thing.mark.clone(), thing.to_string())).or_default() += 1;
        }
        roles
    }

    /// Checks that nothing foreign was touched, and that no thing appeared without our mark.
    ///
    /// # Errors
    /// What there was, and what there is.
    pub async fn check_foreign(&self) -> Result<(), String> {
        let now = foreign(&self.bench).await;
        if now == self.foreign {
            return Ok(());
        }
        Err(format!("foreign things were {:?} and are {now:?}", self.foreign))
    }

    /// The state of everything that belongs to the Service, to see whether it was touched.
    pub async fn belongings(&self, name: &str) -> Vec<crate::Thing> {
        let mark = Mark::of(cluster_id(), uid(name));
        let mut things = self.bench.inventory().await;
        things.retain(|thing| thing.mark.as_ref() == Some(&mark));
        things.sort();
        things
    }

    async fn check_served(&self, known: &Known) -> Result<(), String> {
        let name = &known.spec.service.name;
        let uid = &known.spec.service.uid;
        let capabilities = self.capabilities();
        let Some(served) = self.bench.served(uid).await else {
            return Err(format!("{name}: nothing is there for its clients"));
        };
        let nodes: Vec<_> = self.nodes().collect();
        let wanted = Served::wanted(&known.spec, &nodes, |node, port| {
            self.bench.target(&capabilities, node, port)
        });
        served.check(&wanted, &capabilities).map_err(|why| format!("{name}: {why}"))?;
        let published: BTreeSet<_> = known.published.iter().cloned().collect();
        if published.is_empty() {
            return Err(format!("{name}: no address was published"));
        }
        if published != served.addresses {
            return Err(format!(
                "{name}: published {published:?}, but serves at {:?}",
                served.addresses
            ));
        }
        let families: BTreeSet<_> = published.iter().filter_map(family).collect();
        let asked: BTreeSet<_> = known.spec.families.iter().copied().collect();
        let asked: BTreeSet<_> = asked.intersection(&capabilities.families).copied().collect();
        if !families.is_empty() && families != asked {
            return Err(format!("{name}: has addresses of {families:?}, asked for {asked:?}"));
        }
        Ok(())
    }
}

fn family(address: &Address) -> Option<Family> {
    match address {
        Address::Ip(ip) => Some(Family::of(*ip)),
        Address::Hostname(_) => None,
    }
}
