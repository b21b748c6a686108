//! The same form sent twice: a token by the sender makes the second one visible.

use annals::*;
use serde::{Deserialize, Serialize};

use crate::stores::{all_events, block_on, on_each_store};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(name = "order.placed")]
struct OrderPlaced {
    #[tag]
    order: String,
    #[tag("form")]
    token: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Form {
    is_sent: bool,
}

#[aggregate(tag = "form", key = String)]
impl Aggregate for Form {
    type Event = OrderPlaced;

    fn apply(&mut self, _: &OrderPlaced) {
        self.is_sent = true;
    }
}

fn place(app: &Annals, order: &'static str, token: &'static str) -> Option<&'static str> {
    let place = app.transact(&token.to_owned(), move |state: &mut Changes<'_, Form>| {
        if state.is_sent {
            return Err("sent before");
        }
        state.emit(OrderPlaced { order: order.into(), token: token.into() });
        Ok(())
    });
    block_on(place).err().and_then(|error| error.rejection().copied())
}

#[test]
fn a_form_is_taken_once() {
    on_each_store(|site| {
        let app = site.app();
        assert_eq!(place(&app, "o1", "t1"), None);
        assert_eq!(place(&app, "o2", "t1"), Some("sent before"));
        assert_eq!(place(&app, "o2", "t2"), None);
        assert_eq!(all_events(site.backend.as_ref()).len(), 2);
    });
}
