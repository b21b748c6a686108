//! Waiting for what another process does, which nothing here is told of.

use std::thread;
use std::time::{Duration, Instant};

use crate::Problem;

/// Far more than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks again and again until `is_so`, for at most two minutes.
///
/// For conditions of other processes only: what happens in this process can
/// be waited for with a channel or a condition variable.
///
/// # Errors
/// The two minutes are over; the problem says what was waited for.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), Problem> {
    wait_for(what, DEADLINE, || is_so().then_some(()))
}

/// Looks again and again until there is an answer, for at most `patience`.
pub(crate) fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, Problem> {
    let start = Instant::now();
    loop {
        if let Some(answer) = look() {
            return Ok(answer);
        }
        if start.elapsed() >= patience {
            return Err(Problem::new(
                format!("waited {} s in vain until {what}", patience.as_secs()),
                "it did not happen",
                "look at the service's log, and at the load of the machine",
            ));
        }
        thread::park_timeout(PAUSE);
    }
}

/// The same with the usual deadline.
pub(crate) fn wait_for_answer<T>(
    what: &str,
    look: impl FnMut() -> Option<T>,
) -> Result<T, Problem> {
    wait_for(what, DEADLINE, look)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_condition_or_the_deadline() {
        let mut looks = 0;
        let answer = wait_for("it came", DEADLINE, || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(answer, Ok(3));
        let missed = wait_for("pigs flew", Duration::ZERO, || None::<()>).unwrap_err();
        assert!(missed.to_string().contains("until pigs flew"), "{missed}");
    }
}
