//! Requests that are sent again: a token on the event keeps a request from being taken twice, and
//! a one-time password from being used twice.

use crate::{
    Store,
    case::cases,
    words::{SECOND, tagged, tags},
};

use super::Decision;

cases! { "examples_idempotency", needs [Conditions]:
    a_request_with_a_used_token_is_a_repeat,
    of_two_with_the_same_token_one_is_taken,
    a_password_works_once_and_for_its_own_address,
    a_password_expires,
}

fn place(store: &Store, order: &str, token: &str) -> bool {
    let token = format!("idempotency:{token}");
    let decision = Decision::about(store, tags([token.as_str()]));
    let event = tagged("order-placed", [&format!("order:{order}"), &token]);
    !decision.has("order-placed", &[&token]) && decision.commit(store, event)
}

fn a_request_with_a_used_token_is_a_repeat(store: &Store) {
    assert!(place(store, "1", "t1"));
    assert!(!place(store, "2", "t1"));
    assert!(place(store, "2", "t2"));
}

fn of_two_with_the_same_token_one_is_taken(store: &Store) {
    let [one, two] = [(); 2].map(|()| Decision::about(store, tags(["idempotency:t"])));
    assert!(one.commit(store, tagged("order-placed", ["order:1", "idempotency:t"])));
    assert!(!two.commit(store, tagged("order-placed", ["order:2", "idempotency:t"])));
}

const HOUR: i64 = 3_600 * SECOND;

fn sign_up(store: &Store, email: &str, password: &str) {
    let tags_of = [format!("email:{email}"), format!("otp:{password}")];
    let decision = Decision::about(store, tags([tags_of[0].as_str(), tags_of[1].as_str()]));
    assert!(decision.commit(store, tagged("sign-up-begun", [&tags_of[0], &tags_of[1]])));
}

fn confirm(store: &Store, email: &str, password: &str) -> bool {
    let (email, password) = (format!("email:{email}"), format!("otp:{password}"));
    let query = tags([email.as_str(), password.as_str()]);
    let begun = store.read(annals_core::ReadAll::new(query.clone()).limit(1));
    let decision = Decision::about(store, query);
    let now = annals_core::Clock::now(store.clock()).as_micros();
    let is_fresh = begun.iter().any(|event| now - event.time.as_micros() <= HOUR);
    is_fresh
        && !decision.has("sign-up-confirmed", &[&email, &password])
        && decision.commit(store, tagged("sign-up-confirmed", [&email, &password]))
}

fn a_password_works_once_and_for_its_own_address(store: &Store) {
    sign_up(store, "ann", "1111");
    sign_up(store, "bob", "2222");
    assert!(!confirm(store, "ann", "3333"), "nobody got this password");
    assert!(!confirm(store, "ann", "2222"), "this is the password of another");
    assert!(confirm(store, "ann", "1111"));
    assert!(!confirm(store, "ann", "1111"), "the password was used");
}

fn a_password_expires(store: &Store) {
    sign_up(store, "ann", "1111");
    store.clock().advance_micros(HOUR + SECOND);
    assert!(!confirm(store, "ann", "1111"));
}
