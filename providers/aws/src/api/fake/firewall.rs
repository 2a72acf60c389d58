//! Security groups and their rules for incoming traffic.

use std::collections::BTreeSet;

use super::super::{Answer, Filter, Ingress, Page, Rule, SecurityGroup, Source, Tags};
use super::network::matches;
use super::pages::page;
use super::world::World;
use super::{refuse, tagging, unless};

impl World {
    /// `DescribeSecurityGroups`
    pub(super) fn describe_security_groups(&self, filter: &Filter) -> Answer<Page<SecurityGroup>> {
        let all = self.security_groups.values();
        let found = all.filter(|it| matches(filter, &it.id, &it.vpc, &it.tags));
        let found = found.map(|it| (it.id.clone(), it.clone()));
        page(found, filter.marker.as_deref(), self.limits.page)
    }

    /// `CreateSecurityGroup`
    pub(super) fn create_security_group(
        &mut self,
        name: &str,
        description: &str,
        vpc: &str,
        tags: &Tags,
    ) -> Answer<String> {
        words("GroupName", name)?;
        words("GroupDescription", description)?;
        unless(!name.starts_with("sg-"), "InvalidParameterValue", || {
            format!("Value ({name}) for parameter GroupName is invalid. It cannot begin with 'sg-'")
        })?;
        unless(self.has_vpc(vpc), "InvalidVpcID.NotFound", || {
            format!("The vpc ID '{vpc}' does not exist")
        })?;
        tagging::check(tags)?;
        let taken = self.security_groups.values().any(|it| it.name == name && it.vpc == vpc);
        unless(!taken, "InvalidGroup.Duplicate", || {
            format!("The security group '{name}' already exists for VPC '{vpc}'")
        })?;
        Ok(self.add_security_group(name, vpc, tags.clone()))
    }

    /// `AuthorizeSecurityGroupIngress`
    pub(super) fn authorize(&mut self, id: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        let group = self.firewall(id)?;
        unless(!rules.is_empty(), "MissingParameter", || "The request must contain a permission")?;
        let rules: BTreeSet<_> = rules.iter().map(canonical).collect();
        for rule in &rules {
            self.makes_sense(rule)?;
            unless(!group.rules.contains(rule), "InvalidPermission.Duplicate", || {
                format!("the specified rule \"{rule:?}\" already exists")
            })?;
        }
        // AWS counts IPv4 and IPv6 on their own. Seaway keeps within the bound for both together.
        let fits = group.rules.len() + rules.len() <= self.limits.rules;
        unless(
            fits,
            "RulesPerSecurityGroupLimitExceeded",
            || "The maximum number of rules per security group has been reached",
        )?;
        if let Some(group) = self.security_groups.get_mut(id) {
            group.rules.extend(rules);
        }
        Ok(())
    }

    /// `RevokeSecurityGroupIngress`
    pub(super) fn revoke(&mut self, id: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        self.firewall(id)?;
        let rules: BTreeSet<_> = rules.iter().map(canonical).collect();
        if let Some(group) = self.security_groups.get_mut(id) {
            group.rules.retain(|rule| !rules.contains(rule));
        }
        Ok(())
    }

    /// `DeleteSecurityGroup`
    pub(super) fn delete_security_group(&mut self, id: &str) -> Answer<()> {
        let named = |rule: &Rule| rule.source == Source::Group(id.to_owned());
        let mut others = self.security_groups.values().filter(|it| it.id != id);
        let held = self.balancers.values().any(|it| it.security_groups.contains(id))
            || self.interfaces.iter().any(|(groups, _)| groups.contains(id))
            || others.any(|it| it.rules.iter().any(named));
        unless(!held, "DependencyViolation", || format!("resource {id} has a dependent object"))?;
        self.security_groups.remove(id);
        Ok(())
    }

    fn firewall(&self, id: &str) -> Answer<&SecurityGroup> {
        let why = || format!("The security group '{id}' does not exist");
        self.security_groups.get(id).map_or_else(|| refuse("InvalidGroup.NotFound", why()), Ok)
    }

    fn makes_sense(&self, rule: &Rule) -> Answer<()> {
        match rule.ingress {
            Ingress::Tcp(ports) | Ingress::Udp(ports) => {
                unless(ports.from <= ports.to, "InvalidParameterValue", || {
                    format!("Invalid port range {} to {}", ports.from, ports.to)
                })
            }
            Ingress::All => Ok(()),
            Ingress::Other => refuse("InvalidParameterValue", "The protocol is not given"),
        }?;
        match &rule.source {
            Source::Prefix(_) => Ok(()),
            Source::Group(id) => self.firewall(id).map(|_| ()),
        }
    }
}

/// A rule as it is kept: of an address with a prefix length only the prefix is.
fn canonical(rule: &Rule) -> Rule {
    let source = match &rule.source {
        Source::Prefix(prefix) => Source::Prefix(prefix.trunc()),
        Source::Group(id) => Source::Group(id.clone()),
    };
    Rule { ingress: rule.ingress, source }
}

fn words(parameter: &str, text: &str) -> Answer<()> {
    let fits = |it: char| it.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(it);
    let fits = (1..=255).contains(&text.chars().count()) && text.chars().all(fits);
    unless(fits, "InvalidParameterValue", || {
        format!(
            "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported"
        )
    })
}
