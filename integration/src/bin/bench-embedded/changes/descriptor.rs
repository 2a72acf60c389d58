use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process has besides the connections that are open all the time: its listeners, the stream of
/// new ones, those through ports that are closed, and the API.
const SPARE: usize = 1000;

/// How many controllers it takes to carry so many connections, each of which has two descriptors in
/// its controller and one in this process. The limit is raised as far as it goes, for this process and
/// for those that it starts.
pub(super) fn processes(open: usize) -> Result<usize, String> {
    let hard = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard })
        .map_err(|error| format!("can't raise the limit of file descriptors: {error}"))?;
    // No limit is a large one.
    let limit = hard.map_or(usize::MAX, |hard| usize::try_from(hard).unwrap_or(usize::MAX));
    share(open, limit)
}

fn share(open: usize, limit: usize) -> Result<usize, String> {
    let needed = open + SPARE;
    if limit < needed {
        return Err(format!(
            "{open} connections take {needed} file descriptors, and `ulimit -Hn` is {limit}"
        ));
    }
    // A quarter is what Seaway keeps from traffic.
    let processes = (2 * open).div_ceil(limit - limit / 4 - SPARE);
    // Each has as many as the others.
    Ok((processes..=open).find(|processes| open.is_multiple_of(*processes)).unwrap_or(open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_split_only_where_descriptors_are_few() {
        assert_eq!(share(10_000, usize::MAX), Ok(1));
        assert_eq!(share(10_000, 28_000), Ok(1));
        assert_eq!(share(10_000, 27_996), Ok(2));
        assert_eq!(share(10_000, 20_000), Ok(2));
        assert_eq!(share(10_000, 11_000), Ok(4));
        assert!(share(10_000, 10_999).unwrap_err().contains("take 11000"));
        assert_eq!(
            share(100, 1049),
            Err("100 connections take 1100 file descriptors, and `ulimit -Hn` is 1049".to_owned())
        );
    }
}
