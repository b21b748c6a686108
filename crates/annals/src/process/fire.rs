//! Writing the event of a deadline that has passed.

use annals_core::{Append, ErrorKind, Result, StreamName};

use super::{
    home,
    instance::{Instance, is_gone, reaction_at},
    ledger::Done,
    records::Ticket,
};
use crate::{Annals, Context};

/// Appends the event of a deadline, unless that was done or the deadline is off. Two that do it at
/// once expect the same version, so one of them looks again and finds it done.
///
/// # Errors
/// Those of reading and appending. Doing it again is always right.
pub(super) async fn fire(app: &Annals, stream: &StreamName, ticket: Ticket) -> Result<Done> {
    let backend = &*app.store.backend;
    let Some((record, reacted)) = reaction_at(backend, stream, ticket.version()).await? else {
        return Ok(Done::Gone);
    };
    let Some(set) = reacted.set.get(ticket.number as usize) else { return Ok(Done::Gone) };
    let (key, value) = home::deadline_note(ticket);
    let mut event = set.event.to_event()?;
    event.id = home::id(stream, format_args!("{ticket}/deadline"));
    event.metadata = Context::new().caused_by(&record).note(key, value).to_metadata();
    loop {
        let instance = match Instance::load(backend, stream).await {
            Err(error) if is_gone(&error) => return Ok(Done::Gone),
            instance => instance?,
        };
        if !instance.open.is_ahead(ticket) {
            return Ok(Done::Settled);
        }
        let append = Append::to(stream.clone(), instance.expected(), [event.clone()]);
        match backend.append(append).await {
            Err(error) if error.kind() == ErrorKind::WrongExpectedVersion => {}
            appended => {
                appended?;
                tracing::debug!(%stream, deadline = set.name, "a deadline has passed");
                return Ok(Done::Settled);
            }
        }
    }
}
