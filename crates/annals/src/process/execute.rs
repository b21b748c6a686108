//! Executing a command that was sent, and writing down what became of it.

use annals_core::{
    Append, AppendCondition, ErrorKind, EventType, Position, Query, QueryItem, RecordedEvent,
    Result, StreamName, StreamSelector,
};
use bytestring::ByteString;

use super::{
    home::{self, ANSWERED},
    instance::{Instance, is_gone, reaction_at},
    ledger::Done,
    records::{self, Answered, Outcome, SentRecord, Ticket},
    sends::{Answer, Errand, Senders},
};
use crate::{Annals, Context, command};

/// Executes one command and appends its answer. Both may have happened before, or happen at the
/// same time elsewhere; each takes effect once, and they agree:
///
/// * the command is executed under an idempotency key, and only while there is no answer to it
///   after `seen`, where there was none;
/// * a refusal is written only while nothing was executed under the key.
///
/// # Errors
/// What kept the command from being decided, or the answer from being written. Doing it again is
/// always right.
pub(super) async fn execute(
    app: &Annals,
    senders: &Senders,
    stream: &StreamName,
    ticket: Ticket,
    seen: Position,
) -> Result<Done> {
    let backend = &*app.store.backend;
    let Some((record, reacted)) = reaction_at(backend, stream, ticket.version()).await? else {
        return Ok(Done::Gone);
    };
    let Some(sent) = reacted.sent.into_iter().nth(ticket.number as usize) else {
        return Ok(Done::Gone);
    };
    let errand = Errand {
        data: sent.data.clone(),
        context: Context::new().caused_by(&record),
        key: home::idempotency_key(stream, ticket),
        unanswered: unanswered(stream, seen)?,
    };
    let answer = senders.execute(app, &sent.command, errand).await?;
    tracing::debug!(%stream, %ticket, command = sent.command, ?answer, "a command was answered");
    write_answer(app, stream, &record, ticket, sent, answer).await
}

/// "No command of this instance was answered after this position."
fn unanswered(stream: &StreamName, seen: Position) -> Result<AppendCondition> {
    let item = QueryItem {
        streams: vec![StreamSelector::Stream(stream.clone())],
        ..QueryItem::types([EventType::from_stored(ByteString::from_static(ANSWERED))])
    };
    Ok(AppendCondition { query: Query::any_of([item])?, after: Some(seen) })
}

async fn write_answer(
    app: &Annals,
    stream: &StreamName,
    reaction: &RecordedEvent,
    ticket: Ticket,
    sent: SentRecord,
    mut answer: Answer,
) -> Result<Done> {
    let backend = &*app.store.backend;
    loop {
        let instance = match Instance::load(backend, stream).await {
            Err(error) if is_gone(&error) => return Ok(Done::Gone),
            instance => instance?,
        };
        if !instance.open.commands.contains(&ticket) {
            return Ok(Done::Settled);
        }
        let outcome = answer.clone().into_outcome(&sent);
        let answered = Answered { command: sent.command.clone(), ticket, outcome };
        let mut event = records::write(ANSWERED, &answered)?;
        event.id = home::id(stream, format_args!("{ticket}/answered"));
        event.metadata = Context::new().caused_by(reaction).to_metadata();
        let mut append = Append::to(stream.clone(), instance.expected(), [event]);
        if let Answer::Refused(_) = answer {
            let key = home::idempotency_key(stream, ticket);
            append.conditions.push(command::nothing_written(&key)?);
        }
        match backend.append(append).await {
            // The instance reacted to something in between.
            Err(error) if error.kind() == ErrorKind::WrongExpectedVersion => {}
            // It was done elsewhere, while it was refused here.
            Err(error) if error.kind() == ErrorKind::ConditionFailed => {
                let key = home::idempotency_key(stream, ticket);
                let written = command::find_written(&app.store, &key).await?;
                let (version, position) = written.ok_or(error)?;
                answer = Answer::Done { version: Some(version), position: Some(position) };
            }
            appended => return appended.map(|_| Done::Settled),
        }
    }
}

impl Answer {
    fn into_outcome(self, sent: &SentRecord) -> Outcome {
        match self {
            Self::Done { version, position } => Outcome::Done {
                version: version.map(annals_core::Version::get),
                position: position.map(Position::get),
            },
            Self::Refused(reason) => Outcome::Refused { reason, data: sent.data.clone() },
        }
    }
}
