//! Which servers are new enough.

/// The oldest version of nats-server that a log is kept on.
pub(super) const OLDEST: (u64, u64) = (2, 12);

/// Whether a version, such as `2.15.1` or `2.12.0-RC.1`, is new enough; none for other texts.
pub(super) fn is_enough(version: &str) -> Option<bool> {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u64>);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next()?.ok()?;
    Some((major, minor) >= OLDEST)
}

/// The oldest version, for people.
pub(super) fn oldest() -> String {
    format!("{}.{}", OLDEST.0, OLDEST.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for version in ["2.12.0", "2.15.1", "v2.12.3", "3.0.0", "2.12.0-RC.1"] {
            assert_eq!(is_enough(version), Some(true), "{version}");
        }
        for version in ["2.9.10", "2.11.99", "1.14.0"] {
            assert_eq!(is_enough(version), Some(false), "{version}");
        }
        assert_eq!(is_enough("unknown"), None);
    }
}
