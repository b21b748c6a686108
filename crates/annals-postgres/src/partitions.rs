//! How many partitions the events are in, which is chosen when a store is begun.

use std::{fmt, str::FromStr};

use annals_core::{Error, ErrorKind, Result};
use tokio_postgres::GenericClient;

use crate::{failure::failed, sql::quoted};

/// A number of partitions for the table `events`: a power of two from 2 to 256.
///
/// Each holds the streams whose names hash to it. `docs/postgres.md` says what that is good for,
/// and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitions(u16);

const MIN: u16 = 2;
const MAX: u16 = 256;

impl Partitions {
    /// So many partitions.
    ///
    /// # Errors
    /// `InvalidArgument` for what is not a power of two from 2 to 256.
    pub fn new(count: u16) -> Result<Self> {
        if count.is_power_of_two() && (MIN..=MAX).contains(&count) {
            return Ok(Self(count));
        }
        Err(Error::invalid(format!(
            "{count} is no number of partitions; take a power of two from {MIN} to {MAX}"
        )))
    }

    /// How many they are.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl FromStr for Partitions {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse()
            .map_err(|_| {
                Error::invalid(format!(
                    "`{text}` is no number of partitions; take a power of two from {MIN} to {MAX}"
                ))
            })
            .and_then(Self::new)
    }
}

impl fmt::Display for Partitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Refuses a store whose events are not in as many partitions as asked for.
pub(crate) async fn check(
    client: &impl GenericClient,
    schema: &str,
    asked: Partitions,
) -> Result<()> {
    let table = format!("{}.events", quoted(schema));
    let found: i64 = client
        .query_one("SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass($1)", &[&table])
        .await
        .map_err(|error| failed("looking at the partitions", error))?
        .get(0);
    let is_in = match found {
        _ if found == i64::from(asked.get()) => return Ok(()),
        0 => "one table".to_owned(),
        _ => format!("{found} partitions"),
    };
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "the store in schema `{schema}` has its events in {is_in}, not in {asked} partitions; \
             a store keeps what it was begun with; leave `partitions` out, or use `annals copy` to \
             copy it to a new schema that is begun with them"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_two_from_2_to_256_is_a_number_of_partitions() {
        for text in ["2", "16", "256"] {
            assert_eq!(text.parse::<Partitions>().unwrap().to_string(), text);
        }
        for text in ["", "0", "1", "3", "512", "65536", "-4", "many"] {
            let error = text.parse::<Partitions>().unwrap_err().to_string();
            assert!(error.contains("a power of two from 2 to 256"), "{text}: {error}");
        }
    }
}
