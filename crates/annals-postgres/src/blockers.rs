//! Who holds up the store: sessions of strangers whose locks appends or reads wait for.
//!
//! Appends take turns, so one transaction that is left open can hold up all of them. Neither that
//! nor a lock on the tables can be prevented in a database that others use too; but it is never
//! silent. The error of whoever gave up waiting names the session, and while something waits the
//! [`lookout`](crate::lookout) names it in a warning.

use std::fmt;

use annals_core::Error;
use tokio::time::{Duration, timeout};
use tokio_postgres::Row;

use crate::{failure::is_lock_timeout, session::Session, shared::Shared, unreached::Unreached};

/// How long the search for who is to blame may hold up the error itself.
const SEARCH: Duration = Duration::from_secs(1);

/// A session that holds a lock which the store needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blocker {
    /// The process id of its backend; 0 for a transaction that is prepared and has none.
    pub(crate) pid: i32,
    pub(crate) application: String,
    pub(crate) user: String,
    /// What it is doing; unknown where the role of the store may not see it.
    pub(crate) state: Option<String>,
    /// When its transaction began, in RFC 3339.
    pub(crate) since: Option<String>,
}

/// The statement that finds them: the quoted schema, and how old a transaction must be.
///
/// Those who wait are sessions that wait for any lock and have to do with the store. To blame are
/// those at the other end of the chain, who wait for nobody themselves; and, for the moment after
/// the wait was given up, whoever holds the turn of appends or a strong lock on a table.
const FIND: &str = "\
    WITH RECURSIVE touching AS (\
    SELECT l.pid, l.granted, l.locktype, l.mode FROM pg_locks l \
    WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND ((l.locktype = 'advisory' AND l.classid = 1634627169 AND l.objsubid = 2 \
    AND l.objid = to_regclass($1 || '.store')) \
    OR (l.locktype = 'relation' AND l.relation IN \
    (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace($1))))), \
    chain (pid) AS (\
    SELECT unnest(pg_blocking_pids(w.pid)) FROM (SELECT DISTINCT pid FROM pg_locks \
    WHERE NOT granted AND pid IN (SELECT pid FROM touching)) AS w \
    UNION SELECT next.pid FROM chain, unnest(pg_blocking_pids(chain.pid)) AS next (pid)), \
    holding AS (\
    SELECT pid FROM chain UNION SELECT pid FROM touching WHERE granted \
    AND (locktype = 'advisory' OR mode IN \
    ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))) \
    SELECT coalesce(h.pid, 0), coalesce(a.application_name, ''), \
    coalesce(a.usename::text, ''), a.state, \
    to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') \
    FROM holding h LEFT JOIN pg_stat_activity a ON a.pid = h.pid \
    WHERE h.pid IS DISTINCT FROM pg_backend_pid() \
    AND cardinality(pg_blocking_pids(coalesce(h.pid, 0))) = 0 \
    AND (a.xact_start IS NULL \
    OR a.xact_start + $2::float8 * interval '1 second' <= clock_timestamp()) \
    ORDER BY a.xact_start LIMIT 8";

/// Looks for them now: those whose transaction is at least so old.
pub(crate) async fn find(
    shared: &Shared,
    session: &Session,
    age: Duration,
) -> Result<Vec<Blocker>, tokio_postgres::Error> {
    let rows = session.query(FIND, &[&shared.sql.schema, &age.as_secs_f64()]).await?;
    rows.iter().map(Blocker::read).collect()
}

/// Adds to the error of a call that gave up waiting for a lock who holds it.
pub(crate) async fn explain(shared: &Shared, error: Error) -> Error {
    if !is_lock_timeout(&error) {
        return error;
    }
    // Taken first, because it is forgotten when nothing waits any more.
    let seen = shared.seen.lock().clone();
    let looked = timeout(SEARCH, async {
        let session = shared.connector.connect().await?;
        Ok::<_, Unreached>(find(shared, &session, Duration::ZERO).await?)
    });
    let mut blockers = match looked.await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    if blockers.is_empty() {
        // A lock on a row is seen only while somebody waits for it.
        blockers = seen;
    }
    let Some(named) = named(&blockers) else { return error };
    Error::new(error.kind(), format!("{error}: {named}; commit it, roll it back or end it"))
        .with("sqlstate", "55P03")
}

fn named(blockers: &[Blocker]) -> Option<String> {
    let named: Vec<String> = blockers.iter().map(Blocker::to_string).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

impl Blocker {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            pid: row.try_get(0)?,
            application: row.try_get(1)?,
            user: row.try_get(2)?,
            state: row.try_get(3)?,
            since: row.try_get(4)?,
        })
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return f.write_str("a prepared transaction, see `pg_prepared_xacts`");
        }
        let Self { pid, application, user, state, since } = self;
        let state = state.as_deref().unwrap_or("in a state that only its own role may see");
        write!(f, "process {pid} (application `{application}`, user `{user}`, {state}")?;
        match since {
            Some(since) => write!(f, ", in a transaction since {since})"),
            None => f.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_what_can_be_seen_of_it() {
        let mut session = Blocker {
            pid: 7,
            application: "psql".to_owned(),
            user: "ann".to_owned(),
            state: Some("idle in transaction".to_owned()),
            since: Some("2026-01-01T00:00:00.000Z".to_owned()),
        };
        assert_eq!(
            session.to_string(),
            "process 7 (application `psql`, user `ann`, idle in transaction, in a transaction \
             since 2026-01-01T00:00:00.000Z)"
        );
        session.state = None;
        session.since = None;
        assert!(session.to_string().ends_with("in a state that only its own role may see)"));
        session.pid = 0;
        assert!(session.to_string().contains("pg_prepared_xacts"));
    }
}
