//! What the files of a store are called.

/// The folder of the segments.
pub(crate) const LOG_DIR: &str = "log";
/// A segment prepared in advance, without a header yet.
pub(crate) const SPARE: &str = "log/spare";
/// A segment that is being begun. It gets its own name when its header is durable, so that a
/// segment without one is never met.
pub(crate) const BEGINNING: &str = "log/beginning";
/// The lock.
pub(crate) const LOCK: &str = "LOCK";
/// The two places of the manifest.
pub(crate) const MANIFESTS: [&str; 2] = ["MANIFEST.a", "MANIFEST.b"];
/// A file that says that a replicated log writes the store, and nothing else may.
pub(crate) const NODE: &str = "NODE";
/// The folder of the index, which the LSM tree alone writes.
pub(crate) const INDEX_DIR: &str = "index";

const SEGMENT_SUFFIX: &str = ".seg";

/// A segment. Segments are numbered from 0, because one that holds only keyed state begins with
/// the same position as the next.
pub(crate) fn segment(number: u32) -> String {
    format!("{LOG_DIR}/{number:010}{SEGMENT_SUFFIX}")
}

/// The position table of a segment.
pub(crate) fn position_table(number: u32) -> String {
    format!("{LOG_DIR}/{number:010}.pos")
}

/// The number in the name of a segment in [`LOG_DIR`].
pub(crate) fn segment_number(file_name: &str) -> Option<u32> {
    let digits = file_name.strip_suffix(SEGMENT_SUFFIX)?;
    (digits.len() == 10).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_like_numbers_and_come_back() {
        assert!(segment(9) < segment(10));
        let name = segment(42);
        assert_eq!(segment_number(name.strip_prefix("log/").unwrap()), Some(42));
        assert_eq!(segment_number("42.seg"), None);
        assert_eq!(segment_number("spare"), None);
    }
}
