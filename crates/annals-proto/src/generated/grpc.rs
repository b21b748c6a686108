// Written by `cargo xtask codegen` from proto/; not to be edited.
pub mod health;
