//! How much a lane bears, as data.

/// How many calls a lane bears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Calls at once, after a rest. Less than one call counts as one: else none could ever be made.
    pub burst: u32,
    /// Calls per second from then on. Zero, or less, gives the burst and no more.
    pub per_second: f64,
}

impl Rate {
    /// A part of it, e.g. 0.8 to leave a fifth to others; or a multiple, e.g. 10.0 in a test. The
    /// burst is rounded down, to 1 at least.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only `as` is const, and it rounds down and saturates as it should here"
    )]
    pub const fn share(self, share: f64) -> Self {
        // A share has no exact form in binary: 0.29 of 100 would fall short of 29.
        let burst = (self.burst as f64 * share + 1e-6) as u32;
        Self { burst: if burst == 0 { 1 } else { burst }, per_second: self.per_second * share }
    }
}

/// Checks a `rate-share`, as the configs of providers have it.
///
/// # Errors
/// The key, its value and what is allowed.
pub fn check_share(share: f64) -> Result<(), String> {
    if share > 0.0 && share <= 1.0 {
        return Ok(());
    }
    Err(format!("rate-share: {share} is not allowed; use a number above 0, up to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(burst: u32, share: f64, expected: u32) {
        assert_eq!(Rate { burst, per_second: 1.0 }.share(share).burst, expected, "{burst} {share}");
    }

    #[test]
    fn a_share_rounds_the_burst_down_and_leaves_one() {
        check(100, 0.8, 80);
        check(100, 0.29, 29);
        check(7, 0.8, 5);
        check(1, 0.8, 1);
        check(0, 1.0, 1);
        check(20, 10.0, 200);
        check(u32::MAX, 10.0, u32::MAX);
        check(5, f64::NAN, 1);
    }

    #[test]
    fn a_config_shares_some_of_a_rate_and_all_of_it_at_most() {
        assert_eq!([0.01, 1.0].map(check_share), [Ok(()), Ok(())]);
        for share in [0.0, -1.0, 1.01, f64::NAN] {
            assert!(check_share(share).unwrap_err().contains(&share.to_string()), "{share}");
        }
    }

    #[test]
    fn a_share_is_known_when_it_is_compiled() {
        const SHARE: Rate = Rate { burst: 40, per_second: 10.0 }.share(0.5);
        assert_eq!(SHARE, Rate { burst: 20, per_second: 5.0 });
    }
}
