//! Work with a deadline: what hangs fails, with a name, instead of hanging the whole run.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Runs `work` on a thread of its own with this name, which a panic then shows.
///
/// A panic becomes its message. After the deadline the thread is left behind; it ends with the
/// process.
pub(crate) fn within<T: Send + 'static>(
    deadline: Duration,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (answer, answered) = mpsc::channel();
    let worker = thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(work));
        // Nobody listens any more when the deadline has passed.
        drop(answer.send(result));
    });
    if let Err(error) = worker {
        return Err(format!("no thread for the case: {error}"));
    }
    match answered.recv_timeout(deadline) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => Err(message(panic.as_ref())),
        Err(_) => Err(format!("not finished after {} s; it hangs", deadline.as_secs())),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LATE: Duration = Duration::from_secs(60);

    #[test]
    fn an_answer_comes_back() {
        assert_eq!(within(LATE, "test", || 7), Ok(7));
    }

    #[test]
    fn a_panic_becomes_its_message() {
        let failed = within(LATE, "test", || assert_eq!(1 + 1, 3, "sums are off"));
        assert!(failed.unwrap_err().contains("sums are off"));
    }

    #[test]
    fn what_hangs_is_given_up() {
        let (never_used, never_sent) = mpsc::channel::<()>();
        let hung = within(SOON, "test", move || never_sent.recv());
        assert!(hung.unwrap_err().contains("hangs"));
        drop(never_used);
    }
}
