//! A few connections that everybody shares, with their statements prepared.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::{Client, Statement};

use super::server::connect;
use crate::problem::Result;

const INSERT: &str = "INSERT INTO events (stream_id, version, type, data) VALUES ($1, $2, $3, $4)";
const LOAD: &str = "SELECT id, version, type, data, created_at FROM events \
                    WHERE stream_id = $1 ORDER BY version";
const PAGE: &str = "SELECT id, stream_id, version, type, data, created_at FROM events \
                    WHERE id > $1 ORDER BY id LIMIT $2";
const ALL: &str = "SELECT id, stream_id, version, type, data, created_at FROM events ORDER BY id";

/// A connection with its statements.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) insert: Statement,
    pub(super) load: Statement,
    pub(super) page: Statement,
    pub(super) all: Statement,
}

pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
}

/// A connection that is given back when dropped.
pub(super) struct Lent<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(super) async fn open(url: &str, size: u32) -> Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..size {
            let client = connect(url).await?;
            idle.push(Connection {
                insert: client.prepare(INSERT).await?,
                load: client.prepare(LOAD).await?,
                page: client.prepare(PAGE).await?,
                all: client.prepare(ALL).await?,
                client,
            });
        }
        Ok(Self { idle: Mutex::new(idle), free: Semaphore::new(size as usize) })
    }

    pub(super) async fn lend(&self) -> Result<Lent<'_>> {
        let permit = self.free.acquire().await?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Lent { pool: self, connection: idle.pop(), _permit: permit })
    }
}

impl Lent<'_> {
    pub(super) fn get(&mut self) -> Result<&mut Connection> {
        Ok(self.connection.as_mut().ok_or("the pool has fewer connections than permits")?)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
    }
}
