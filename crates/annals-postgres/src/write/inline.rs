//! A group in one transaction with what others write because of it: all of it is there from one
//! moment to the next, or nothing is.

use std::sync::Arc;

use annals_core::{Error, ErrorKind, Inline, RecordedEvent, Result};

use super::{
    apply::{self, Applied, Stored},
    group::Group,
};
use crate::{
    failure::{failed, is_lost},
    link::Link,
    read::row,
    shared::Shared,
    transaction::{Access, COMMIT, Transaction, begin_sql},
    values::stored,
};

/// What came of a group.
#[derive(Debug)]
pub(super) enum Done {
    Applied(Applied),
    /// Somebody who writes because of it failed; nothing is stored.
    Refused(Error),
}

/// Stores the group, and does the work that was installed. An error is the append's own.
pub(super) async fn call(
    shared: &Shared,
    link: &Arc<Link>,
    group: &Group,
) -> Result<Done, tokio_postgres::Error> {
    let work = shared.inlines.read().clone();
    if work.is_empty() || group.events.is_empty() {
        return apply::call(link, group, shared.time(), &shared.channel).await.map(Done::Applied);
    }
    link.batch_execute(&begin_sql(&shared.sql.schema, Access::Write)).await?;
    let applied = apply::call(link, group, shared.time(), &shared.channel).await;
    let stored = match applied {
        Ok(Applied::Stored(stored)) => stored,
        Err(error) if is_lost(&error) => return Err(error),
        other => {
            roll_back(link).await?;
            return other.map(Done::Applied);
        }
    };
    if let Err(error) = write(shared, link, group, &stored, &work).await {
        roll_back(link).await?;
        return Ok(Done::Refused(error));
    }
    match link.batch_execute(COMMIT).await {
        Ok(()) => Ok(Done::Applied(Applied::Stored(stored))),
        Err(error) if is_lost(&error) => Err(error),
        Err(error) => {
            roll_back(link).await?;
            Ok(Done::Refused(passed_over(error)))
        }
    }
}

async fn roll_back(link: &Link) -> Result<(), tokio_postgres::Error> {
    link.batch_execute("ROLLBACK").await
}

async fn write(
    shared: &Shared,
    link: &Arc<Link>,
    group: &Group,
    stored: &Stored,
    work: &[Arc<dyn Inline>],
) -> Result<()> {
    let events = read_back(shared, link, group, stored)
        .await
        .map_err(|error| failed("reading what is being stored", error))?;
    let mut transaction = Transaction::of_append(shared, link);
    for one in work {
        one.apply(&events, &mut transaction).await?;
    }
    Ok(())
}

/// The events of the group just as everybody will read them.
async fn read_back(
    shared: &Shared,
    link: &Link,
    group: &Group,
    done: &Stored,
) -> Result<Vec<RecordedEvent>, tokio_postgres::Error> {
    let first = stored(done.first());
    let last = first.saturating_add(stored(group.events.len() as u64)).saturating_sub(1);
    let statement = link.prepare_cached(&shared.sql.events_between).await?;
    let rows = link.query(&statement, &[&first, &last]).await?;
    rows.iter().filter_map(|row| row::event(row, 0).transpose()).collect()
}

/// The error for a transaction that cannot be committed, although nobody said so.
fn passed_over(error: tokio_postgres::Error) -> Error {
    Error::new(
        ErrorKind::Application,
        "the transaction of an append was over before its end: what is done in it ended it, or \
         passed over an error of PostgreSQL; leave COMMIT and ROLLBACK to the store, and pass \
         errors on",
    )
    .caused_by(failed("committing", error))
}
