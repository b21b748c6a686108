//! Running the application's own code: a panic in it becomes an error.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use annals_core::{Error, ErrorKind, Result};

/// Any error of the application's own code.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Runs code of the application. What it may have left half done must not be used afterwards.
///
/// # Errors
/// `Application`, with the message of the panic.
pub(crate) fn guard<T>(what: &str, code: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| panicked(what, panic.as_ref()))
}

/// The error for a panic.
pub(crate) fn panicked(what: &str, panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("the panic has no message");
    Error::new(ErrorKind::Application, format!("{what} panicked: {text}"))
}
