//! The log: segments on storage, the manifest that lists the sealed ones, and walking frames.
//!
//! A segment is *open* while commits are appended to it and *sealed* afterwards. A sealed segment
//! never changes, so it is read through a mapping without any lock.

pub(crate) mod manifest_files;
pub(crate) mod names;
pub(crate) mod scan;
pub(crate) mod sealed;
