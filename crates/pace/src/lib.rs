//! Token buckets for providers that may be asked only so often: one bucket for each
//! [`Lane`](seaway_core::Lane). A provider gives its rates as data, [`Buckets`] does the rest.
//!
//! ```text
//! rate     how much a lane bears: the burst in calls, the refill in calls per second
//! buckets  all lanes of a provider, as its Pace
//! door     a call that waits for its turn, and what its answer says of the rate
//! line     who waits in a lane, and who is next
//! bucket   the tokens of a lane, and what a refusal does to its rate
//! listings one listing for all who ask for it together
//! ```
//!
//! ```
//! use seaway_core::Lane;
//! use seaway_pace::{Buckets, Rate};
//!
//! const REGISTER: (Lane, Rate) = (Lane("register"), Rate { burst: 20, per_second: 4.0 });
//!
//! let buckets = Buckets::new([REGISTER].map(|(lane, rate)| (lane, rate.share(0.8))));
//! assert_eq!(buckets.rate(Lane("register")), 3.2);
//! ```
//!
//! # Turns
//! A bucket starts full. A turn takes one token; it is spent when it is given, and the call's end
//! gives nothing back. When there is none, the smallest [`Urgency`](seaway_core::Urgency) goes
//! first, and within one urgency whoever asked first, counted from the first poll. There is no task
//! in the background: the first in line sleeps until its token is due, and wakes the next when it
//! goes, with its token or without. So a token costs O(log n) with n waiting.
//!
//! Times are tokio's, whose timers round up to a millisecond. What was gained in between stays in the
//! bucket as far as it has room, so only a lane with a burst of 1 is slower by that much.
//!
//! # Refusals
//! A provider's rates are shared with whoever else works in the account, so what is published may be
//! more than there is. The rate follows what is refused, by additive increase and multiplicative
//! decrease, the principle of TCP's congestion avoidance (RFC 5681, section 3.1): it falls fast
//! enough to end the overload, and those who share what there is end up with equal parts of it.
//!
//! - A refusal ([`Buckets::throttled`]) halves the refill rate, down to 1/16 of the full one, and
//!   empties the bucket. The refusals of one second are one event, as the losses of one window are.
//! - An answer ([`Buckets::answered`]) raises it by 1/16 of the full rate, if the last refusal or
//!   raise was a second ago or more. Without answers nothing is learnt, so idle time raises nothing.

mod bucket;
mod buckets;
mod door;
mod line;
mod listings;
mod rate;

pub use buckets::Buckets;
pub use door::Failure;
pub use listings::Listings;
pub use rate::{Rate, check_share};
