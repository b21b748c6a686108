//! Opt-in tokens: a sign-up is confirmed once, by its own address, within an hour.

use annals::*;
use serde::{Deserialize, Serialize};

use crate::stores::{block_on, on_each_store};

const VALID_MICROS: i64 = 60 * 60 * 1_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(prefix = "signup")]
enum SignUpEvent {
    Begun {
        #[tag]
        email: String,
        #[tag]
        otp: String,
        at_micros: i64,
    },
    Confirmed {
        #[tag]
        email: String,
        #[tag]
        otp: String,
    },
}
use SignUpEvent::{Begun, Confirmed};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Token {
    begun: Option<(String, i64)>,
    is_used: bool,
}

#[aggregate(tag = "otp", key = String)]
impl Aggregate for Token {
    type Event = SignUpEvent;

    fn apply(&mut self, event: &SignUpEvent) {
        match event {
            Begun { email, at_micros, .. } => self.begun = Some((email.clone(), *at_micros)),
            Confirmed { .. } => self.is_used = true,
        }
    }
}

fn begin(app: &Annals, address: &'static str, code: &'static str) {
    let begin = app.transact(&code.to_owned(), move |state: &mut Changes<'_, Token>| {
        let at_micros = state.now().as_micros();
        state.emit(Begun { email: address.into(), otp: code.into(), at_micros });
        Ok::<_, &'static str>(())
    });
    block_on(begin).unwrap();
}

fn confirm(app: &Annals, address: &'static str, code: &'static str) -> Option<&'static str> {
    let confirm = app.transact(&code.to_owned(), move |state: &mut Changes<'_, Token>| {
        let (email, at) = state.begun.as_ref().ok_or("no such sign-up")?;
        if email != address {
            return Err("no such sign-up");
        }
        if state.is_used {
            return Err("used already");
        }
        if state.now().as_micros() - at > VALID_MICROS {
            return Err("expired");
        }
        state.emit(Confirmed { email: address.into(), otp: code.into() });
        Ok(())
    });
    block_on(confirm).err().and_then(|error| error.rejection().copied())
}

#[test]
fn a_token_confirms_its_own_address_once_within_an_hour() {
    on_each_store(|site| {
        let app = site.app();
        assert_eq!(confirm(&app, "ann@x", "111"), Some("no such sign-up"));
        begin(&app, "ann@x", "111");
        begin(&app, "bob@x", "222");
        assert_eq!(confirm(&app, "ann@x", "222"), Some("no such sign-up"));
        site.clock.advance_micros(VALID_MICROS);
        assert_eq!(confirm(&app, "ann@x", "111"), None);
        assert_eq!(confirm(&app, "ann@x", "111"), Some("used already"));
        site.clock.advance_micros(1);
        assert_eq!(confirm(&app, "bob@x", "222"), Some("expired"));
    });
}
