//! The event bus: what was committed, told to whoever asks, fed from the log.
//!
//! Appending is publishing. A subscriber reads the log at its own pace from its own place, so
//! nothing is announced that did not happen, a slow one holds up nobody and loses nothing, and
//! there is no queue that could grow. What must survive a restart is a [`Reactor`](crate::Reactor).

mod listener;
mod notice;
mod subscription;

pub use listener::Listener;
pub use notice::Notice;
pub use subscription::{Marked, Subscription};
