//! Payments: of orders they know no more than the number.

use annals::{Aggregate, Changes, Command, Event, Message, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(prefix = "payment")]
pub(crate) enum PaymentEvent {
    Requested { order: u64, cents: u64 },
    Received { order: u64 },
    Refused { order: u64, why: String },
}
use PaymentEvent::*;

#[derive(Default, Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    due_cents: u64,
}

#[aggregate(stream = "payment", key = u64)]
impl Aggregate for Payment {
    type Event = PaymentEvent;

    fn apply(&mut self, event: &PaymentEvent) {
        self.due_cents = match event {
            Requested { cents, .. } => *cents,
            Received { .. } | Refused { .. } => 0,
        };
    }
}

/// A command to a payment.
#[derive(Serialize, Deserialize)]
pub(crate) struct ToPayment(pub(crate) u64, pub(crate) Pay);

#[derive(Serialize, Deserialize)]
pub(crate) enum Pay {
    Request { cents: u64 },
    Receive,
    Refuse { why: String },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error("over the limit")]
    OverLimit,
    #[error("nothing is due")]
    NothingDue,
}

impl Command for ToPayment {
    type Aggregate = Payment;
    type Output = ();
    type Error = PaymentError;

    fn key(&self) -> u64 {
        self.0
    }

    fn decide(&self, payment: &mut Changes<'_, Payment>) -> Result<(), PaymentError> {
        let order = self.0;
        match &self.1 {
            Pay::Request { cents: 100_001.. } => return Err(PaymentError::OverLimit),
            Pay::Request { cents } => payment.emit(Requested { order, cents: *cents }),
            Pay::Refuse { why } => payment.emit(Refused { order, why: why.clone() }),
            Pay::Receive if payment.due_cents == 0 => return Err(PaymentError::NothingDue),
            Pay::Receive => payment.emit(Received { order }),
        };
        Ok(())
    }
}

impl Message for ToPayment {
    const NAME: &'static str = "payment";
}
