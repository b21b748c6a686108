//! Which server is tried when the connection to one has ended.
//!
//! Any but that one: it is gone, or it was left because it brought no answers.

use std::hash::{BuildHasher, Hasher, RandomState};

use async_nats::{Server, ServerAddr};
use parking_lot::Mutex;

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// The server that was tried last; none while there was only the first connection, whose
    /// server the client has chosen by itself.
    last: Mutex<Option<ServerAddr>>,
}

impl Turn {
    /// The next one: of those that failed least often, any. None before the first connection,
    /// because the client tries all servers for that.
    pub(super) fn next(&self, pool: &[Server]) -> Option<ServerAddr> {
        if !pool.iter().any(|server| server.did_connect) {
            return None;
        }
        let mut last = self.last.lock();
        let was_last = |server: &Server| match &*last {
            Some(last) => server.addr == *last,
            None => server.did_connect,
        };
        let random = |_: &Server| RandomState::new().build_hasher().finish();
        let others = pool.iter().filter(|server| !was_last(server));
        let next = others.min_by_key(|server| (server.failed_attempts, random(server)));
        let next = next.or(pool.first())?.addr.clone();
        *last = Some(next.clone());
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, did_connect: bool, failed_attempts: usize) -> Server {
        let addr = format!("nats://{host}:4222").parse().unwrap();
        Server { addr, failed_attempts, did_connect, is_discovered: false, last_error: None }
    }

    fn next(turn: &Turn, pool: &[Server]) -> Option<String> {
        turn.next(pool).map(|next| next.host().to_owned())
    }

    #[test]
    fn the_first_connection_is_left_to_the_client() {
        let pool = [server("a", false, 0), server("b", false, 3)];
        assert_eq!(next(&Turn::default(), &pool), None);
    }

    #[test]
    fn a_server_is_never_tried_twice_in_a_row() {
        let turn = Turn::default();
        let mut pool = [server("a", true, 0), server("b", false, 0), server("c", false, 0)];
        let mut last = "a".to_owned();
        for _ in 0..100 {
            let next = next(&turn, &pool).unwrap();
            assert_ne!(next, last);
            last = next;
            pool.iter_mut().for_each(|server| server.did_connect = true);
        }
    }

    #[test]
    fn those_that_fail_are_tried_later() {
        let turn = Turn::default();
        let pool = [server("a", true, 0), server("b", false, 2), server("c", false, 1)];
        assert_eq!(next(&turn, &pool).as_deref(), Some("c"));
        assert_eq!(next(&turn, &pool).as_deref(), Some("a"));
        assert_eq!(next(&turn, &pool).as_deref(), Some("c"));
    }

    #[test]
    fn a_single_server_is_tried_again() {
        let (turn, pool) = (Turn::default(), [server("a", true, 5)]);
        assert_eq!(next(&turn, &pool).as_deref(), Some("a"));
        assert_eq!(next(&turn, &pool).as_deref(), Some("a"));
    }
}
