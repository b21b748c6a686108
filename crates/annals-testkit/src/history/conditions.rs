//! Append conditions, looked at afterwards: did they hold where their appends stand?

use annals_core::{AppendCondition, ConditionFailed, Position, RecordedEvent};

use super::{Attempt, Outcome, Violation};
use crate::shown;

pub(super) fn violations(attempts: &[Attempt], stored: &[RecordedEvent]) -> Vec<Violation> {
    let checked = attempts.iter().flat_map(|attempt| match &attempt.outcome {
        Outcome::Stored(answer) if !answer.duplicate && !attempt.append.conditions.is_empty() => {
            held(attempt, stored)
        }
        Outcome::Refused(Some(facts)) => named(attempt, *facts, stored).into_iter().collect(),
        _ => Vec::new(),
    });
    checked.collect()
}

fn counts(condition: &AppendCondition, event: &RecordedEvent) -> bool {
    condition.after.is_none_or(|after| event.position > after) && condition.query.matches(event)
}

/// No event before the append's own matches one of its conditions.
fn held(attempt: &Attempt, stored: &[RecordedEvent]) -> Vec<Violation> {
    let Some(own) = first_position(attempt, stored) else { return Vec::new() };
    let before = stored.iter().take_while(|event| event.position < own);
    let mut violations = Vec::new();
    for event in before {
        for condition in attempt.append.conditions.iter().filter(|c| counts(c, event)) {
            let event = shown::event(event);
            violations.push(Violation(format!(
                "an append at {own} was accepted, but {event} before it matches its condition \
                 after {:?}",
                condition.after
            )));
        }
    }
    violations
}

fn first_position(attempt: &Attempt, stored: &[RecordedEvent]) -> Option<Position> {
    let own = |event: &&RecordedEvent| {
        let mut writes = attempt.append.writes.iter();
        writes.any(|write| {
            write.stream == event.stream && write.events.iter().any(|own| own.id == event.id)
        })
    };
    stored.iter().find(own).map(|event| event.position)
}

/// The event that a refusal names is there and matches.
fn named(attempt: &Attempt, facts: ConditionFailed, stored: &[RecordedEvent]) -> Option<Violation> {
    let condition = attempt.append.conditions.get(facts.condition);
    let event = stored.iter().find(|event| event.position == facts.position);
    let matches = condition.zip(event).is_some_and(|(condition, event)| counts(condition, event));
    (!matches).then(|| {
        Violation(format!(
            "a refused append blames condition {} and the event at {}, which does not match it",
            facts.condition, facts.position
        ))
    })
}
