//! The process manager of the shop, tested without a store: given, when, then.

use annals::testing::process;

use super::shop::{Cancel, Checkout, Flow, PATIENCE, Ship, TakePayment};

const fn placed(order: u64) -> Flow {
    Flow::Placed { order, cents: 50 }
}

const fn payment() -> TakePayment {
    TakePayment { order: 1, cents: 50 }
}

#[test]
fn a_placed_order_is_to_be_paid_in_time() {
    process::<Checkout>()
        .when(placed(1))
        .then(|expected| {
            expected.send(payment()).after("overdue", PATIENCE, Flow::Overdue { order: 1 });
        })
        .then_state(|checkout| assert_eq!(checkout.order, 1));
}

#[test]
fn a_paid_order_is_shipped_once() {
    let paid = || Flow::Taken { order: 1 };
    process::<Checkout>().given([placed(1)]).when(paid()).then(|expected| {
        expected.send(Ship { order: 1 }).finish();
    });
    process::<Checkout>().given([placed(1), paid()]).when(paid()).then_nothing();
    process::<Checkout>().when(paid()).then_nothing();
    process::<Checkout>().given([placed(1)]).when(Flow::Taken { order: 2 }).then_nothing();
}

#[test]
fn an_order_that_is_overdue_or_refused_is_cancelled() {
    let overdue = || Flow::Overdue { order: 1 };
    process::<Checkout>().given([placed(1)]).when_passed(overdue()).then(|expected| {
        expected.send(Cancel { order: 1, why: "overdue".into() }).finish();
    });
    process::<Checkout>()
        .given([placed(1), Flow::Taken { order: 1 }])
        .when_passed(overdue())
        .then_nothing();
    process::<Checkout>().given([placed(1)]).when_rejected(payment(), "no money").then(
        |expected| {
            expected.send(Cancel { order: 1, why: "no money".into() }).finish();
        },
    );
}

#[test]
fn what_follows_otherwise_is_shown_beside_what_was_expected() {
    let wrong = std::panic::catch_unwind(|| {
        process::<Checkout>().given([placed(1)]).when(Flow::Taken { order: 1 }).then(|expected| {
            expected.send(Ship { order: 2 }).finish();
        })
    });
    let message = wrong.unwrap_err().downcast_ref::<String>().cloned().unwrap();
    assert!(message.starts_with("something else follows\n"), "{message}");
    assert!(message.contains("  ! Send("), "{message}");
    assert!(message.contains("  = Finish"), "{message}");
}
