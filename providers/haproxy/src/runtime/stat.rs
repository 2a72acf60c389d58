use std::collections::{BTreeMap, BTreeSet};

/// What the last checks said, by `backend/server`.
pub(crate) type Words = BTreeMap<String, String>;

/// The servers (`backend/server`) that have connections, or connections that wait for them, of an answer
/// to `show stat`. (`show servers conn` counts HTTP only, whatever its name says.)
pub(crate) fn busy(answer: &str) -> BTreeSet<String> {
    let mut records = records(answer.strip_prefix("# ").unwrap_or(answer)).into_iter();
    let header = records.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|field| field == name);
    let columns = [column("pxname"), column("svname"), column("qcur"), column("scur")];
    let busy = records.filter_map(|record| {
        let [proxy, server, queued, current] =
            columns.map(|at| at.and_then(|at| record.get(at)).map(String::as_str));
        let name = format!("{}/{}", proxy?, server?);
        (queued != Some("0") || current != Some("0")).then_some(name)
    });
    busy.collect()
}

/// What the last checks said, of an answer to `show stat`.
pub(crate) fn words(answer: &str) -> Words {
    let mut records = records(answer.strip_prefix("# ").unwrap_or(answer)).into_iter();
    let header = records.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|field| field == name);
    let (proxy, server) = (column("pxname"), column("svname"));
    let (status, code) = (column("check_status"), column("check_code"));
    let (description, last) = (column("check_desc"), column("last_chk"));
    records
        .filter_map(|record| {
            let field =
                |at: Option<usize>| at.and_then(|at| record.get(at)).map(|text| text.trim());
            let name = format!("{}/{}", field(proxy)?, field(server)?);
            // `* L4CON` while the next check is on its way.
            let status = field(status).unwrap_or_default().trim_start_matches("* ");
            let status = format!("{status} {}", field(code).unwrap_or_default());
            let said = [field(description), field(last)].into_iter().flatten();
            let mut said: Vec<_> = said.filter(|part| !part.is_empty()).collect();
            said.dedup();
            (!status.trim().is_empty()).then(|| (name, tell(&said, status.trim())))
        })
        .collect()
}

/// `Layer7 wrong status: Service Unavailable (L7STS 503)`.
fn tell(said: &[&str], status: &str) -> String {
    let text = match said {
        [] => status.to_owned(),
        said => format!("{} ({status})", said.join(": ")),
    };
    // A node may say what it likes in its answer.
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The records of a CSV text, where fields with quotes, commas or newlines in them are quoted.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut rest) = (false, text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    records
}
