//! An error in one line, for a person.

use std::{error::Error as StdError, iter::successors};

/// An error and what caused it, in one line, without what is said twice.
///
/// ```
/// use annals_core::{Error, ErrorKind, in_full};
/// let full = std::io::Error::other("no space left");
/// let error = Error::new(ErrorKind::Unavailable, "a segment cannot be begun").caused_by(full);
/// assert_eq!(in_full(&error), "a segment cannot be begun: no space left");
/// ```
#[must_use]
pub fn in_full(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    for cause in successors(error.source(), |&cause| cause.source()) {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, ErrorKind};

    #[test]
    fn every_cause_is_said_once() {
        let disk = std::io::Error::other("no space left");
        let log = Error::new(ErrorKind::Unavailable, "the log is full").caused_by(disk);
        let message = format!("nothing more is taken: {}", log.message());
        let error = Error::new(ErrorKind::Poisoned, message).caused_by(log);
        assert_eq!(in_full(&error), "nothing more is taken: the log is full: no space left");
    }
}
