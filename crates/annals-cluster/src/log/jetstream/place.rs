//! Where a delivered message stands, as its reply subject tells.

use annals_core::Timestamp;

/// What the server writes into the subject for acknowledgements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) sequence: u64,
    pub(super) time: Timestamp,
    /// How many messages stand behind it.
    pub(super) behind: u64,
}

/// Reads `$JS.ACK.[DOMAIN.ACCOUNT.]STREAM.CONSUMER.DELIVERED.SEQUENCE.NUMBER.NANOS.BEHIND[.…]`.
pub(super) fn read(reply: &str) -> Option<Place> {
    let tokens: Vec<_> = reply.strip_prefix("$JS.ACK.")?.split('.').collect();
    // Older servers leave out the domain and the account.
    let own = tokens.get(if tokens.len() == 7 { 0 } else { 2 }..)?;
    let nanos: i64 = own.get(5)?.parse().ok()?;
    Some(Place {
        sequence: own.get(3)?.parse().ok()?,
        time: Timestamp::from_micros(nanos.div_euclid(1_000)),
        behind: own.get(6)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_subject_are_read() {
        let place = Place { sequence: 42, time: Timestamp::from_micros(1_700_000), behind: 7 };
        assert_eq!(read("$JS.ACK.S.C.1.42.3.1700000999.7"), Some(place));
        assert_eq!(read("$JS.ACK._.hash.S.C.1.42.3.1700000999.7"), Some(place));
        assert_eq!(read("$JS.ACK.hub.hash.S.C.1.42.3.1700000999.7.token"), Some(place));
    }

    #[test]
    fn another_subject_has_no_place() {
        for reply in ["", "_INBOX.x", "$JS.ACK.S.C.1", "$JS.ACK.S.C.1.x.3.1.7"] {
            assert_eq!(read(reply), None, "{reply}");
        }
    }
}
