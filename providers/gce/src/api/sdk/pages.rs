/// How many of a kind come on a page: the most there may be.
pub(super) const PAGE: u32 = 500;

/// The filter for names that begin so. Google reads the value as a regular expression (RE2) that has
/// to match the whole name; our names have nothing in them that means something there.
pub(super) fn beginning(prefix: &str) -> String {
    format!("name eq ^{prefix}.*")
}

/// Reads a list to its end, and leaves out what `$told` has no words for. A function would have to
/// name what the library calls internal.
macro_rules! all {
    ($list:expr, $told:expr) => {{
        let mut items = super::words::ours($list.set_max_results(super::pages::PAGE)).by_item();
        let mut all = Vec::new();
        while let Some(item) = items.next().await {
            all.extend($told(item.map_err(|error| super::refusal::fault(&error))?));
        }
        Ok(all)
    }};
}

pub(super) use all;
