use std::collections::BTreeMap;

/// How many Services, and how many nodes, have a line of their own: a table that is taller than the
/// terminal can't be drawn in place.
const MOST: usize = 12;

/// A Service of type LoadBalancer.
pub(super) struct Row {
    pub service: String,
    pub address: String,
    pub ports: String,
}

/// How the requests of the demo fared.
#[derive(Default)]
pub(super) struct Tally {
    pub answered: BTreeMap<String, u64>,
    pub failed: u64,
}

/// The table that follows the cluster.
pub(super) fn draw(rows: &[Row], nodes: &BTreeMap<String, String>, tally: &Tally) -> Vec<String> {
    let width = |text: fn(&Row) -> &str, title: &str| {
        rows.iter().map(|row| text(row).len()).chain([title.len()]).max().unwrap_or_default()
    };
    let (first, second) =
        (width(|row| &row.service, "SERVICE"), width(|row| &row.address, "ADDRESS"));
    let mut lines =
        vec![String::new(), format!("{:first$}  {:second$}  PORTS", "SERVICE", "ADDRESS")];
    lines.extend(
        rows.iter()
            .take(MOST)
            .map(|row| format!("{:first$}  {:second$}  {}", row.service, row.address, row.ports)),
    );
    if rows.len() > MOST {
        lines.push(format!("and {} more Services", rows.len() - MOST));
    }
    lines.push(String::new());
    lines.push(format!("{:<12}  {:<8}  REQUESTS (one a second)", "NODE", "STATE"));
    let mut names: Vec<_> = nodes.keys().collect();
    names.sort_by_key(|name| (name.len(), name.as_str()));
    for name in names.iter().take(MOST) {
        let answered = tally.answered.get(*name).copied().unwrap_or_default();
        lines.push(format!("{name:<12}  {:<8}  {answered}", nodes[*name]));
    }
    if names.len() > MOST {
        lines.push(format!("and {} more nodes", names.len() - MOST));
    }
    lines.push(format!("failed requests: {}", tally.failed));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_stand_in_the_order_of_their_numbers() {
        let rows = [Row {
            service: "default/web".to_owned(),
            address: "192.0.2.1".to_owned(),
            ports: "80:30080/TCP".to_owned(),
        }];
        let nodes =
            ["node-1", "node-2", "node-10"].map(|name| (name.to_owned(), "Ready".to_owned()));
        let tally = Tally { answered: [("node-2".to_owned(), 7)].into(), failed: 1 };
        let lines = draw(&rows, &nodes.into(), &tally);
        let expected = [
            "",
            "SERVICE      ADDRESS    PORTS",
            "default/web  192.0.2.1  80:30080/TCP",
            "",
            "NODE          STATE     REQUESTS (one a second)",
            "node-1        Ready     0",
            "node-2        Ready     7",
            "node-10       Ready     0",
            "failed requests: 1",
        ];
        assert_eq!(lines, expected);
    }
}
