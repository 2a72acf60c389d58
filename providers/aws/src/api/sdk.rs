//! The real cloud. Elastic Load Balancing goes through the vendor's SDK. EC2 goes through a thin
//! client over the same configuration: of its SDK seven calls would be used, and it takes longer to
//! compile than all the rest together.
//!
//! ```text
//! connect     the configuration: region, credentials, endpoints, time limits
//! calls       the calls of `Api`, each handed to one of the two
//! elb         Elastic Load Balancing
//! ec2         EC2: subnets, route tables, security groups
//! refusal     what an error of the SDK means
//! ```

mod calls;
mod connect;
mod ec2;
mod elb;
mod refusal;

pub use self::connect::Options;

/// AWS itself, in one region. Calls are made once: whoever calls decides on another try.
#[derive(Clone, Debug)]
pub struct Aws {
    elb: elb::Elb,
    ec2: ec2::Ec2,
}
