//! Runs that failed once, shrunk and named by what was wrong.

use annals_core::DeleteMode;

use super::{
    check,
    op::{AppendOp, EventOp, Expect, Op, Settings, What, WriteOp},
};
use crate::{Store, case::cases};

cases! { "model_regressions", needs [MultiStream, Conditions, DensePositions]:
    an_append_that_wrote_nothing_moved_the_recorded_time,
    a_check_of_settings_was_answered_without_the_revival,
    a_revival_overwrote_the_settings_of_the_same_append,
}

#[track_caller]
fn verify(store: &Store, ops: &[Op]) {
    if let Err(difference) = check(store.another(), ops) {
        panic!("{difference}");
    }
}

fn event() -> EventOp {
    EventOp { of_type: 0, tags: vec![], correlation: None, bytes: 0, id_again: None, time: None }
}

fn write(stream: u8, what: What) -> WriteOp {
    WriteOp { stream, expected: Expect::Any, what }
}

fn append(writes: Vec<WriteOp>) -> Op {
    Op::Append(AppendOp { writes, interleaved: false, conditions: vec![], checkpoint: None })
}

fn events(count: usize) -> What {
    What::Events(vec![event(); count])
}

fn settings() -> Settings {
    Settings { max_age: None, max_count: Some(3), truncate_before: None, has_custom: true }
}

fn delete(stream: u8) -> Op {
    Op::Delete { stream, expected: Expect::Any, mode: DeleteMode::Soft }
}

fn an_append_that_wrote_nothing_moved_the_recorded_time(store: &Store) {
    let ops = [append(vec![write(0, events(0))]), Op::Clock(-1), append(vec![write(0, events(1))])];
    verify(store, &ops);
}

fn a_check_of_settings_was_answered_without_the_revival(store: &Store) {
    let both = vec![write(4, events(0)), write(4, What::Settings(vec![]))];
    verify(store, &[append(vec![write(4, events(1))]), delete(4), append(both)]);
}

fn a_revival_overwrote_the_settings_of_the_same_append(store: &Store) {
    let both = vec![write(0, What::Settings(vec![settings()])), write(0, events(1))];
    verify(store, &[append(vec![write(0, events(2))]), delete(0), append(both)]);
}
