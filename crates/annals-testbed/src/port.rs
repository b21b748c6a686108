//! A port of loopback that nobody uses.
//!
//! Taken from below the range from which systems give ports to outgoing
//! connections, so that a server that was killed finds its port free again.
//! Between the look and the start somebody else may take it: starting tries
//! again with another one.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use crate::Problem;

const FIRST: u16 = 10_240;
const COUNT: u16 = 20_000;

/// How many ports are tried before giving up.
const ATTEMPTS: usize = 200;

/// A port that was free a moment ago.
pub(crate) fn free() -> Result<u16, Problem> {
    let mut candidates = std::iter::repeat_with(candidate).take(ATTEMPTS);
    candidates.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).ok_or_else(
        || {
            Problem::new(
                "found no free port on 127.0.0.1",
                format!("{ATTEMPTS} ports between {FIRST} and {} are in use", FIRST + COUNT),
                "end servers that are no longer needed",
            )
        },
    )
}

fn candidate() -> u16 {
    let random = RandomState::new().build_hasher().finish() % u64::from(COUNT);
    FIRST + u16::try_from(random).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_below_those_of_outgoing_connections() {
        let port = free().unwrap();
        assert!((FIRST..FIRST + COUNT).contains(&port), "{port}");
    }
}
