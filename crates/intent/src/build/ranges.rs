use std::collections::BTreeSet;

use ipnet::IpNet;
use seaway_core::SourceRanges;

use crate::annotation::SOURCE_RANGES;
use crate::object::Service;

/// Who may connect: the field, else the annotation, else everybody. An entry that can't be read is
/// returned with the name of where it stands.
pub(super) fn read(service: &Service) -> Result<SourceRanges, (&'static str, String)> {
    let field = &service.spec.load_balancer_source_ranges;
    if !field.is_empty() {
        return parse("spec.loadBalancerSourceRanges", field.iter().map(String::as_str));
    }
    match service.metadata.annotations.get(SOURCE_RANGES).map(|text| text.trim()) {
        None | Some("") => Ok(SourceRanges::Anyone),
        Some(text) => parse(SOURCE_RANGES, text.split(',')),
    }
}

fn parse<'a>(
    field: &'static str,
    entries: impl Iterator<Item = &'a str>,
) -> Result<SourceRanges, (&'static str, String)> {
    let prefixes: BTreeSet<IpNet> = entries
        .map(|entry| match entry.trim().parse::<IpNet>() {
            Ok(prefix) => Ok(prefix.trunc()),
            Err(_) => Err((field, entry.to_owned())),
        })
        .collect::<Result<_, _>>()?;
    // Everybody of both families is everybody; of one family alone it keeps the other out.
    let everybody = |text: &str| text.parse().is_ok_and(|prefix: IpNet| prefixes.contains(&prefix));
    if everybody("0.0.0.0/0") && everybody("::/0") {
        return Ok(SourceRanges::Anyone);
    }
    Ok(SourceRanges::Only(prefixes))
}
