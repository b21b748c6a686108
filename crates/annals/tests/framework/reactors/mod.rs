//! Reactors: at least once, never lost, in order, and what becomes of what fails.

mod basics;
mod desk;
mod failures;
