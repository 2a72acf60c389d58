//! The contract that every provider must pass, chosen by capability.
//!
//! Each case opens a world of its own. A case that does not apply says why, and is not counted.

mod change;
mod ground;
mod lifecycle;
mod purity;
mod request;
mod restart;
mod several;
mod trouble;

use std::fmt::Write as _;
use std::pin::Pin;

use seaway_core::Protocol;

use crate::Bench;
use crate::rig::Rig;

/// The ports of the Services of all cases, above the base of a world.
pub const PORTS: [(u16, Protocol); 14] = {
    use Protocol::{Tcp, Udp};
    [
        (53, Tcp),
        (53, Udp),
        (80, Tcp),
        (443, Tcp),
        (853, Tcp),
        (8000, Tcp),
        (8001, Tcp),
        (8002, Tcp),
        (8003, Tcp),
        (8004, Tcp),
        (8005, Tcp),
        (8006, Tcp),
        (8080, Tcp),
        (8081, Tcp),
    ]
};

/// How a case that did not fail ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It can't be asked of this provider, and why.
    NotApplicable(&'static str),
}

/// What a case found: a failure is told in words.
pub type Verdict = Result<Outcome, String>;

/// Starts a case.
type Case = fn() -> Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// Fails the case unless something is so.
macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}
pub(crate) use ensure;

macro_rules! cases {
    ($($topic:ident: $($case:ident)+;)+) => {
        /// Runs every case, each in a world of its own, and tells how it ended.
        pub async fn run<B: Bench>() -> Vec<(&'static str, Verdict)> {
            let mut verdicts = Vec::new();
            $($(
                // In one frame the futures of all cases would be more than a thread's stack holds.
                let case: Case = || Box::pin(async { $topic::$case(Rig::<B>::open().await).await });
                verdicts.push((stringify!($case), case().await));
            )+)+
            verdicts
        }
    };
}

cases! {
    lifecycle:
        what_is_made_is_what_was_asked
        the_second_pass_changes_nothing
        an_address_is_published_only_when_it_answers
        a_deleted_service_leaves_nothing
        deleting_twice_is_fine
        deleting_what_was_never_made_is_fine;
    purity:
        a_dry_run_foretells_what_is_made
        a_dry_run_changes_nothing
        equal_inputs_give_equal_plans
        only_the_given_clock_counts;
    change:
        a_port_is_added
        a_port_is_removed
        a_node_port_changes
        source_ranges_change_or_are_refused
        affinity_changes_or_is_refused
        the_traffic_policy_changes
        a_node_joins
        a_node_leaves
        a_node_is_replaced
        all_nodes_leave_and_come_back
        many_ports_and_nodes_at_once
        everything_changes_at_once;
    request:
        udp_is_carried_or_refused
        mixed_protocols_are_carried_or_refused
        sctp_is_carried_or_refused
        both_families_are_served_or_refused
        a_requested_address_is_given_or_refused
        a_port_without_node_port_is_served_or_refused;
    several:
        each_service_has_what_it_asks_for
        deleting_one_leaves_the_others_alone
        adding_one_leaves_the_others_alone
        changing_one_leaves_the_others_alone
        a_bad_service_does_not_stop_the_others
        a_good_service_that_turns_bad_keeps_what_it_has
        what_is_on_hold_stays
        nothing_is_made_for_what_is_on_hold;
    ground:
        the_ground_is_made_first_and_deleted_last
        the_ground_follows_the_nodes;
    restart:
        a_new_driver_changes_nothing
        a_new_driver_changes_nothing_without_a_digest
        a_new_driver_keeps_addresses_in_any_order
        a_new_service_takes_no_published_address
        a_rebuilt_box_keeps_published_addresses
        a_new_driver_sees_who_holds_what;
    trouble:
        an_unavailable_provider_is_tried_again
        what_the_provider_calls_unavailable_is_retryable
        what_the_provider_calls_throttling_is_throttled
        a_lost_lease_stops_every_write
        every_step_may_be_made_twice
        foreign_things_are_never_touched;
}

/// Runs every case and prints the figures.
///
/// # Panics
/// Once all have run, with every case that failed.
pub async fn check<B: Bench>() {
    let mut held = 0;
    let mut failed = Vec::new();
    let mut told = format!("provider {}\n", Rig::<B>::name());
    for (case, verdict) in run::<B>().await {
        match verdict {
            Ok(Outcome::Passed) => held += 1,
            Ok(Outcome::NotApplicable(why)) => {
                let _ = writeln!(told, "not applicable: {case}: {why}");
            }
            Err(why) => failed.push(format!("{case}: {why}")),
        }
    }
    crate::figures::tell(&format!("{told}contract_cases {held} count"));
    assert!(
        failed.is_empty(),
        "{} breaks the contract in {} cases:\n{}",
        Rig::<B>::name(),
        failed.len(),
        failed.join("\n")
    );
}

/// Lets the cluster come to rest, and checks that the world is as it should be.
async fn settle<B: Bench>(rig: &mut Rig<B>) -> Result<crate::rig::Run, String> {
    let run = rig.converge().await?;
    rig.verify().await?;
    Ok(run)
}

/// Two ports of the Service `name`: what most cases begin with.
fn plain<B: Bench>(rig: &Rig<B>, name: &str) -> crate::SpecBuilder {
    rig.bench.spec(name).port(80).port(443)
}
