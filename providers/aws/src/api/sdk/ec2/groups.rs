use std::collections::BTreeSet;

use super::Ec2;
use super::answer::{page, parse, tags, text};
use super::form::Form;
use super::permissions::{permit, rules};
use crate::api::sdk::refusal::{gone, unreadable};
use crate::api::{Answer, Filter, Page, Rule, SecurityGroup, Tags};

impl Ec2 {
    pub(crate) async fn security_groups(&self, filter: &Filter) -> Answer<Page<SecurityGroup>> {
        let form = Form::new("DescribeSecurityGroups").with("MaxResults", 1000);
        let xml = self.call(form.matching(filter, "group-id")).await?;
        page(&xml, "securityGroupInfo", |node| {
            Some(SecurityGroup {
                id: text(node, "groupId")?,
                name: text(node, "groupName").unwrap_or_default(),
                vpc: text(node, "vpcId").unwrap_or_default(),
                tags: tags(node),
                rules: rules(node),
            })
        })
    }

    pub(crate) async fn create_security_group(
        &self,
        name: &str,
        description: &str,
        vpc: &str,
        tags: &Tags,
    ) -> Answer<String> {
        let form = Form::new("CreateSecurityGroup")
            .with("GroupName", name)
            .with("GroupDescription", description)
            .with("VpcId", vpc)
            .tagged("security-group", tags);
        let xml = self.call(form).await?;
        let id = text(parse(&xml)?.root_element(), "groupId").filter(|id| !id.is_empty());
        id.ok_or_else(|| unreadable("no group in it"))
    }

    pub(crate) async fn authorize(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        if rules.is_empty() {
            return Ok(());
        }
        let form = Form::new("AuthorizeSecurityGroupIngress").with("GroupId", group);
        self.call(permit(form, rules)?).await.map(drop)
    }

    pub(crate) async fn revoke(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        let answer = self.revoke_all(group, rules).await;
        let unknown = ["InvalidPermission.NotFound"];
        if answer.is_ok() || rules.len() < 2 {
            return gone(answer, &unknown);
        }
        if gone(answer.clone(), &unknown).is_err() {
            return answer;
        }
        // One that is not there keeps all the others of the call in force.
        for rule in rules {
            let one = self.revoke_all(group, &BTreeSet::from([rule.clone()])).await;
            gone(one, &unknown)?;
        }
        Ok(())
    }

    async fn revoke_all(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        if rules.is_empty() {
            return Ok(());
        }
        let form = Form::new("RevokeSecurityGroupIngress").with("GroupId", group);
        self.call(permit(form, rules)?).await.map(drop)
    }

    pub(crate) async fn delete_security_group(&self, group: &str) -> Answer<()> {
        let form = Form::new("DeleteSecurityGroup").with("GroupId", group);
        gone(self.call(form).await.map(drop), &["InvalidGroup.NotFound"])
    }
}
