/// What the process that answers tells of itself (`show info`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    /// The worker.
    pub(crate) pid: u32,
    /// How long it has run.
    pub(crate) uptime_seconds: u64,
    /// `description` of its global section.
    pub(crate) description: String,
}

impl Info {
    pub(crate) fn parse(answer: &str) -> Self {
        let field = |name: &str| {
            let mut lines = answer.lines().filter_map(|line| line.split_once(':'));
            lines.find_map(|(key, value)| (key == name).then(|| value.trim()))
        };
        Self {
            pid: field("Pid").and_then(|text| text.parse().ok()).unwrap_or_default(),
            uptime_seconds: field("Uptime_sec")
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            description: field("description").unwrap_or_default().to_owned(),
        }
    }
}
