//! Load balancers by the daemons that people run already, each story on the real ones: Seaway starts
//! them, and is driven from outside. These stories run on the sandbox (`make test`) and on a real
//! cluster (`make e2e`) alike.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

/// Tells each story twice: with HAProxy, and with Nginx.
macro_rules! with_both {
    ($($story:ident),+ $(,)?) => {
        mod haproxy {
            $(#[tokio::test]
            async fn $story() {
                super::$story(crate::kind::Kind::Haproxy).await;
            })+
        }
        mod nginx {
            $(#[tokio::test]
            async fn $story() {
                super::$story(crate::kind::Kind::Nginx).await;
            })+
        }
    };
}

mod affinity;
mod answers;
mod clients;
mod crash;
mod home;
mod kind;
mod life;
mod local;
mod nodes;
mod ports;
mod ranges;
mod refusals;
mod restart;
mod rig;
mod trouble;
mod udp;
