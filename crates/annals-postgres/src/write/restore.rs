//! Storing what another store recorded: decided here as of a moment, stored in one call if that
//! moment has not passed.

use annals_core::{
    Error, ErrorKind, NewEvent, Position, Restore, Result, StreamName,
    rules::{self, StoreEnd},
};
use tokio_postgres::types::ToSql;

use super::{
    job::{Heads, base},
    look::head_of,
    payload::{Form, Forms},
    restored::Columns,
};
use crate::{
    failure::{failed, is_about_data},
    pool::Object,
    session::Session,
    shared::Shared,
    values::{Json, Time, number, stored},
};

/// How often it is tried while others write.
const ATTEMPTS_MAX: u32 = 100;
/// What is being done, for errors.
const WHAT: &str = "restoring";

/// The call that restores.
pub(crate) fn call(schema: &str) -> String {
    let numbers: Vec<String> = (1..=40).map(|number| format!("${number}")).collect();
    format!("SELECT {schema}.restore({})", numbers.join(", "))
}

/// Stores all of it or nothing.
pub(crate) async fn restore(shared: &Shared, restore: Restore) -> Result<()> {
    let new: Vec<NewEvent> = restore.events.iter().map(|event| event.clone().into_new()).collect();
    let mut forms: Vec<Forms> = new.iter().map(Forms::of).collect();
    for _ in 0..ATTEMPTS_MAX {
        let client = shared.reader().await?;
        let end = decide(shared, &client, &restore).await?;
        if restore.events.is_empty() && restore.states.is_empty() {
            return Ok(());
        }
        let columns = Columns::of(&restore, &new, &forms, end, &shared.channel);
        match store(shared, &client, &columns).await {
            Ok(true) => {
                if let Some(last) = restore.events.last() {
                    shared.advance(last.position);
                }
                return Ok(());
            }
            Ok(false) => {}
            Err(error) if is_about_data(&error) => {
                if !soften(&client, &new, &mut forms).await? {
                    return Err(failed(WHAT, error));
                }
            }
            Err(error) => return Err(failed(WHAT, error)),
        }
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        "others wrote to the store whenever it was tried to restore; stop them, then try again",
    ))
}

/// Looks at what decides, and decides.
async fn decide(shared: &Shared, client: &Object, restore: &Restore) -> Result<StoreEnd> {
    let failed = |error| failed(WHAT, error);
    let prepared = client.prepare_cached(&shared.sql.end).await.map_err(failed)?;
    let row = client.query_one(&prepared, &[]).await.map_err(failed)?;
    let Time(recorded_at) = row.get(2);
    let end = StoreEnd {
        // -1 in an empty store.
        next: Position::new(number(row.get::<_, i64>(0) + 1).unwrap_or_default()),
        revision: number(row.get(1)).unwrap_or_default(),
        recorded_at,
    };
    let mut streams: Vec<StreamName> = restore.events.iter().map(|e| base(&e.stream)).collect();
    streams.sort_unstable();
    streams.dedup();
    let names: Vec<&str> = streams.iter().map(StreamName::as_str).collect();
    let prepared = client.prepare_cached(&shared.sql.heads).await.map_err(failed)?;
    let rows = client.query(&prepared, &[&names]).await.map_err(failed)?;
    let heads: Heads = rows.iter().map(head_of).collect();
    rules::decide_restore(restore, end, |stream| {
        Ok(heads.get(stream).cloned().unwrap_or_default())
    })?;
    Ok(end)
}

/// Says whether the store still stood where it had to.
async fn store(
    shared: &Shared,
    client: &Session,
    columns: &Columns<'_>,
) -> Result<bool, tokio_postgres::Error> {
    let prepared = client.prepare_cached(&shared.sql.restore).await?;
    client.query_one(&prepared, &columns.arguments()).await?.try_get(0)
}

/// Finds the payloads that PostgreSQL does not take as JSON, to store them as bytes. Says whether
/// there are any.
async fn soften(client: &Session, new: &[NewEvent], forms: &mut [Forms]) -> Result<bool> {
    let prepared =
        client.prepare_cached("SELECT $1::json").await.map_err(|error| failed(WHAT, error))?;
    let mut found = false;
    for (event, forms) in new.iter().zip(forms) {
        let values: [(&[u8], &mut Form); 2] =
            [(&event.data, &mut forms.data), (event.metadata.as_bytes(), &mut forms.metadata)];
        for (value, form) in values {
            let json = Json(value);
            let argument: &(dyn ToSql + Sync) = &json;
            if *form == Form::Bytes {
                continue;
            }
            match client.query_one(&prepared, &[argument]).await {
                Ok(_) => {}
                Err(error) if is_about_data(&error) => {
                    (*form, found) = (Form::Bytes, true);
                }
                Err(error) => return Err(failed(WHAT, error)),
            }
        }
    }
    Ok(found)
}

/// The number of a position before the next one, as the table has it.
pub(super) fn before(next: Position) -> i64 {
    stored(next.get()) - 1
}
