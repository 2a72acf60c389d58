//! Which service a call is for.

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Elastic Load Balancing, version 2.
    Elbv2,
    /// EC2.
    Ec2,
    /// The resource groups tagging API.
    Tagging,
    /// STS, which says whose account it is.
    Sts,
}

impl Service {
    const ALL: [Self; 4] = [Self::Elbv2, Self::Ec2, Self::Tagging, Self::Sts];

    /// The service of an `Authorization` header, by the scope of its credential:
    /// `AWS4-HMAC-SHA256 Credential=KEY/DAY/REGION/SERVICE/aws4_request, …`.
    pub(crate) fn of(authorization: &str) -> Option<Self> {
        let scope = authorization.split(',').next()?.rsplit('/').nth(1)?;
        Self::ALL.into_iter().find(|service| service.scope() == scope)
    }

    /// The name that it has in the scope of a credential.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Elbv2 => "elasticloadbalancing",
            Self::Ec2 => "ec2",
            Self::Tagging => "tagging",
            Self::Sts => "sts",
        }
    }

    /// The version of its API.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Elbv2 => "2015-12-01",
            Self::Ec2 => "2016-11-15",
            Self::Tagging => "2017-01-26",
            Self::Sts => "2011-06-15",
        }
    }
}
