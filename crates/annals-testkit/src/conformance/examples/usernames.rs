//! Unique user names: a name is free again after its account closed or was renamed, at once or
//! after three days.

use annals_core::ReadAll;

use crate::{
    Store,
    case::cases,
    words::{SECOND, stream, tagged, tags},
};

use super::Decision;

cases! { "examples_usernames", needs [Conditions]:
    a_claimed_name_is_taken,
    the_name_of_a_closed_account_is_free,
    a_rename_frees_the_old_name_and_takes_the_new_one,
    of_two_who_want_a_name_one_gets_it,
    a_given_up_name_is_held_back_for_three_days,
}

const DAY: i64 = 24 * 3_600 * SECOND;

fn name_tag(name: &str) -> String {
    format!("username:{name}")
}

fn is_claimed(decision: &Decision, name: &str) -> bool {
    let mut claimed = false;
    for (kind, tags) in &decision.facts {
        claimed = match kind.as_str() {
            "registered" => true,
            "closed" => false,
            // A rename carries the old name first and the new one second.
            "renamed" => tags.last().is_some_and(|new| new == name),
            _ => claimed,
        };
    }
    claimed
}

fn register(store: &Store, name: &str) -> bool {
    let name = name_tag(name);
    let decision = Decision::about(store, tags([name.as_str()]));
    !is_claimed(&decision, &name) && decision.commit(store, tagged("registered", [&name]))
}

fn close(store: &Store, name: &str) {
    let name = name_tag(name);
    let decision = Decision::about(store, tags([name.as_str()]));
    assert!(decision.commit(store, tagged("closed", [&name])));
}

fn rename(store: &Store, old: &str, new: &str) -> bool {
    let (old, new) = (name_tag(old), name_tag(new));
    let decision = Decision::about(store, tags([new.as_str()]));
    !is_claimed(&decision, &new) && decision.commit(store, tagged("renamed", [&old, &new]))
}

fn a_claimed_name_is_taken(store: &Store) {
    assert!(register(store, "ann"));
    assert!(!register(store, "ann"));
    assert!(register(store, "bob"));
}

fn the_name_of_a_closed_account_is_free(store: &Store) {
    assert!(register(store, "ann"));
    close(store, "ann");
    assert!(register(store, "ann"));
    assert!(!register(store, "ann"));
}

fn a_rename_frees_the_old_name_and_takes_the_new_one(store: &Store) {
    assert!(register(store, "ann"));
    assert!(rename(store, "ann", "anna"));
    assert!(!register(store, "anna"));
    assert!(register(store, "ann"));
    assert!(!rename(store, "ann", "anna"));
}

fn of_two_who_want_a_name_one_gets_it(store: &Store) {
    let [one, two] = [(); 2].map(|()| Decision::about(store, tags(["username:ann"])));
    assert!(one.commit(store, tagged("registered", ["username:ann"])));
    assert!(!two.commit(store, tagged("registered", ["username:ann"])));
}

/// Whether a name was given up less than three days ago, by the times of the events.
fn is_held_back(store: &Store, name: &str) -> bool {
    let name = name_tag(name);
    let events = store.read(ReadAll::new(tags([name.as_str()])).backward().limit(1));
    let now = annals_core::Clock::now(store.clock());
    events.iter().any(|event| {
        let gave_up = matches!(event.event_type.as_str(), "closed" | "renamed");
        gave_up && now.as_micros() - event.time.as_micros() <= 3 * DAY
    })
}

fn a_given_up_name_is_held_back_for_three_days(store: &Store) {
    assert!(register(store, "ann"));
    close(store, "ann");
    store.write("noise", ["tick"]);
    store.clock().advance_micros(3 * DAY);
    assert!(is_held_back(store, "ann"));
    store.clock().advance_micros(DAY);
    assert!(!is_held_back(store, "ann"));
    assert!(register(store, "ann"));
    store.check(annals_core::ReadStream::new(stream("noise")), "noise:tick@0");
}
