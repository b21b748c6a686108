//! Running projections: a thread that leads, and one for each partition.
//!
//! What must stay true: a read model changes only together with its checkpoint, and a checkpoint
//! moves only from where the runner last saw it. So two runners at once, a crash, or a
//! transaction whose end is not known can repeat work, but never its effect.

mod commit;
mod halt;
mod intake;
mod lead;
mod partition;
mod prepare;
mod settle;
mod switch;

pub(super) use halt::Halt;
pub(super) use lead::Runner;
