//! One event type, or a tuple of them.

use annals_core::Result;

use crate::{Event, EventSchema, RawEvent, guard::guard};

/// The event types that a program writes: one [`Event`], or a tuple of up to twelve. Tuples may
/// stand in tuples.
pub trait Events {
    #[doc(hidden)]
    fn schemas(schemas: &mut Vec<&'static EventSchema>);

    /// Reads an event as each type that holds it; how many could. The value itself is of no
    /// interest.
    #[doc(hidden)]
    fn read(raw: RawEvent<'_>) -> Result<usize>;
}

impl<E: Event> Events for E {
    fn schemas(schemas: &mut Vec<&'static EventSchema>) {
        schemas.extend(E::TYPES);
    }

    fn read(raw: RawEvent<'_>) -> Result<usize> {
        let event = guard("decoding an event", || E::decode(raw))??;
        Ok(usize::from(event.is_some()))
    }
}

macro_rules! events_of_tuple {
    ($($name:ident)+) => {
        impl<$($name: Events),+> Events for ($($name,)+) {
            fn schemas(schemas: &mut Vec<&'static EventSchema>) {
                $($name::schemas(schemas);)+
            }

            fn read(raw: RawEvent<'_>) -> Result<usize> {
                Ok(0 $(+ $name::read(raw)?)+)
            }
        }
    };
}
events_of_tuple!(A);
events_of_tuple!(A B);
events_of_tuple!(A B C);
events_of_tuple!(A B C D);
events_of_tuple!(A B C D E);
events_of_tuple!(A B C D E F);
events_of_tuple!(A B C D E F G);
events_of_tuple!(A B C D E F G H);
events_of_tuple!(A B C D E F G H I);
events_of_tuple!(A B C D E F G H I J);
events_of_tuple!(A B C D E F G H I J K);
events_of_tuple!(A B C D E F G H I J K L);
