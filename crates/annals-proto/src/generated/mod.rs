// Written by `cargo xtask codegen` from proto/; not to be edited.
pub mod annals;
pub mod event_store;
pub mod google;
pub mod grpc;
pub mod kurrent;
pub mod kurrentdb;
pub mod umadb;
