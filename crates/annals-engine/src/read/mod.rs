//! Reading: stretches of a stream or of the whole store, in pages.
//!
//! A page is read from one snapshot (a view and a head) and nothing is held between pages, so a
//! slow reader pins nothing. Readers take no lock against the writer for sealed segments, and a
//! short one for the index of open segments.

pub(crate) mod all;
pub(crate) mod cursor;
pub(crate) mod fetch;
pub(crate) mod names;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod stream;
