use std::collections::BTreeSet;

/// The servers (`backend/server`) that have connections, of an answer to `show servers conn`.
pub(crate) fn busy(answer: &str) -> BTreeSet<&str> {
    // bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb
    // idle_lim idle_cur …
    let lines = answer.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let name = fields.next()?;
            (fields.nth(5)? != "0").then_some(name)
        })
        .collect()
}
