use std::net::IpAddr;

/// What a server does (`enum srv_state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// It gets nothing: a check failed, or it is in maintenance.
    Stopped,
    /// It gets traffic, or will in a moment.
    Running,
}

/// A server, as `show servers state` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) backend: &'a str,
    pub(crate) server: &'a str,
    pub(crate) id: u32,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) op: Op,
    /// It is in maintenance, by the file or by a command.
    pub(crate) maint: bool,
    /// What its last check said (`HCHK_STATUS_…`).
    pub(crate) status: u32,
}

/// FMAINT, IMAINT, RMAINT and HMAINT of `enum srv_admin`. Not CMAINT (4), which says that the file had
/// it so, whatever came after.
const MAINTENANCE: u32 = 0x01 | 0x02 | 0x20 | 0x40;
/// `HCHK_STATUS_UNKNOWN` and `HCHK_STATUS_INI` are 0 and 1.
pub(crate) const FIRST_RESULT: u32 = 2;

impl Row<'_> {
    /// Whether a check of it has ended.
    pub(crate) const fn checked(&self) -> bool {
        self.status >= FIRST_RESULT
    }
}

/// The servers in an answer of version 1, the only one there is. What is no server is passed over.
pub(crate) fn rows(answer: &str) -> impl Iterator<Item = Row<'_>> {
    answer.lines().filter(|line| !line.starts_with('#')).filter_map(row)
}

fn row(line: &str) -> Option<Row<'_>> {
    // be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight
    // srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state
    // srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port …
    let fields: Vec<_> = line.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
    Some(Row {
        backend: fields.get(1)?,
        id: number(2)?,
        server: fields.get(3)?,
        address: fields.get(4)?.parse().ok()?,
        op: if number(5)? == 0 { Op::Stopped } else { Op::Running },
        maint: number(6)? & MAINTENANCE != 0,
        status: number(10)?,
        port: fields.get(18)?.parse().ok()?,
    })
}
