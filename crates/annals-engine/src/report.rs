//! What opening a store found and did.

/// What opening a store found and did. Worth a line in the log when anything in it is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// A new store was begun.
    pub created: bool,
    /// The end of the log was torn by a crash and was cut. Nothing of it had been acknowledged.
    pub torn_tail: Option<TornTail>,
    /// The manifest, or one of its two files, was missing or damaged, and how; it was made again.
    pub manifest_rebuilt: Option<String>,
    /// The index was unusable, and why; it was made again from the log.
    pub index_rebuilt: Option<String>,
    /// How many sealed segments were entered into the index.
    pub segments_indexed: u64,
}

/// A cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub file: String,
    /// Where it was cut.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
}
