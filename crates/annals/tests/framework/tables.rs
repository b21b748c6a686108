//! The databases of read models that the tests run over, behind one type, so that one projection
//! is tested on each.

use annals::*;

use crate::stores::block_on;

/// A database of read models.
#[derive(Debug, Clone)]
pub(crate) enum Tables {
    Sqlite(Sqlite),
    Postgres(PostgresTables),
}

/// A transaction on it.
#[derive(Debug)]
pub(crate) enum TablesTx {
    Sqlite(SqliteTx),
    Postgres(PostgresTx),
}

/// The same for either.
macro_rules! either {
    ($self:expr, $one:ident => $work:expr) => {
        match $self {
            Self::Sqlite($one) => $work,
            Self::Postgres($one) => $work,
        }
    };
}

impl Tables {
    pub(crate) fn in_memory() -> Self {
        Self::Sqlite(Sqlite::in_memory().unwrap())
    }

    /// All rows of a query, each as one JSON value per column, made by the database.
    pub(crate) fn rows(&self, sqlite: &str, postgres: &str) -> Vec<serde_json::Value> {
        let texts: Vec<String> = match self {
            Self::Sqlite(tables) => {
                let sql = sqlite.to_owned();
                block_on(tables.read(move |connection| {
                    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
                }))
                .unwrap()
            }
            Self::Postgres(tables) => block_on(async {
                let rows = tables.read().await.unwrap().query(postgres, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }),
        };
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }
}

impl TablesTx {
    pub(crate) fn table(&self, name: &str) -> String {
        either!(self, tx => tx.table(name))
    }

    /// Executes statements without parameters.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), BoxError> {
        match self {
            Self::Sqlite(tx) => Ok(tx.connection().execute_batch(sql)?),
            Self::Postgres(tx) => Ok(tx.batch(sql).await?),
        }
    }
}

impl ReadStore for Tables {
    type Tx = TablesTx;

    async fn begin(&self) -> Result<TablesTx> {
        match self {
            Self::Sqlite(tables) => Ok(TablesTx::Sqlite(tables.begin().await?)),
            Self::Postgres(tables) => Ok(TablesTx::Postgres(tables.begin().await?)),
        }
    }

    async fn look(&self) -> Result<TablesTx> {
        match self {
            Self::Sqlite(tables) => Ok(TablesTx::Sqlite(tables.look().await?)),
            Self::Postgres(tables) => Ok(TablesTx::Postgres(tables.look().await?)),
        }
    }

    fn id(&self) -> &str {
        either!(self, tables => tables.id())
    }

    fn trouble(error: &BoxError) -> Option<Trouble> {
        Sqlite::trouble(error).or_else(|| PostgresTables::trouble(error))
    }
}

impl ReadTx for TablesTx {
    fn use_model(&mut self, model: &Model) {
        either!(self, tx => tx.use_model(model));
    }

    async fn commit(self) -> Result<()> {
        either!(self, tx => tx.commit().await)
    }

    async fn rollback(self) -> Result<()> {
        either!(self, tx => tx.rollback().await)
    }

    fn is_open(&self) -> bool {
        either!(self, tx => tx.is_open())
    }

    async fn models(&mut self, projection: &str) -> Result<Vec<ModelInfo>> {
        either!(self, tx => tx.models(projection).await)
    }

    async fn add_model(&mut self, info: &ModelInfo) -> Result<()> {
        either!(self, tx => tx.add_model(info).await)
    }

    async fn remove_model(&mut self, info: &ModelInfo) -> Result<()> {
        either!(self, tx => tx.remove_model(info).await)
    }

    async fn set_built(&mut self, model: &Model) -> Result<()> {
        either!(self, tx => tx.set_built(model).await)
    }

    async fn set_live(&mut self, info: &ModelInfo) -> Result<()> {
        either!(self, tx => tx.set_live(info).await)
    }

    async fn missing_tables(&mut self, info: &ModelInfo) -> Result<Vec<String>> {
        either!(self, tx => tx.missing_tables(info).await)
    }

    async fn checkpoints(&mut self, model: &Model) -> Result<Vec<Checkpoint>> {
        either!(self, tx => tx.checkpoints(model).await)
    }

    async fn claim(&mut self, model: &Model, fence: u64) -> Result<()> {
        either!(self, tx => tx.claim(model, fence).await)
    }

    async fn advance(&mut self, model: &Model, advance: &Advance) -> Result<()> {
        either!(self, tx => tx.advance(model, advance).await)
    }

    async fn set_paused(
        &mut self,
        model: &Model,
        partition: u32,
        reason: Option<&str>,
    ) -> Result<()> {
        either!(self, tx => tx.set_paused(model, partition, reason).await)
    }

    async fn letters(&mut self, model: &Model, key: Option<&str>) -> Result<Vec<DeadLetter>> {
        either!(self, tx => tx.letters(model, key).await)
    }

    async fn has_letter(&mut self, model: &Model, key: Option<&str>) -> Result<bool> {
        either!(self, tx => tx.has_letter(model, key).await)
    }

    async fn add_letter(&mut self, model: &Model, letter: &NewDeadLetter) -> Result<()> {
        either!(self, tx => tx.add_letter(model, letter).await)
    }

    async fn remove_letter(&mut self, model: &Model, id: u64) -> Result<bool> {
        either!(self, tx => tx.remove_letter(model, id).await)
    }
}

impl DocumentTx for TablesTx {
    async fn create_documents(&mut self, view: &str) -> Result<(), BoxError> {
        either!(self, tx => tx.create_documents(view).await)
    }

    async fn document(&mut self, view: &str, key: &str) -> Result<Option<String>, BoxError> {
        either!(self, tx => tx.document(view, key).await)
    }

    async fn put_document(
        &mut self,
        view: &str,
        key: &str,
        document: &str,
        position: Position,
    ) -> Result<(), BoxError> {
        either!(self, tx => tx.put_document(view, key, document, position).await)
    }

    async fn delete_document(&mut self, view: &str, key: &str) -> Result<(), BoxError> {
        either!(self, tx => tx.delete_document(view, key).await)
    }

    async fn documents(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, String)>, BoxError> {
        either!(self, tx => tx.documents(view, after, limit).await)
    }

    async fn document_keys(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, BoxError> {
        either!(self, tx => tx.document_keys(view, after, limit).await)
    }

    async fn count_documents(&mut self, view: &str) -> Result<u64, BoxError> {
        either!(self, tx => tx.count_documents(view).await)
    }

    fn take_gathered<T: Default + Send + 'static>(&mut self) -> Box<T> {
        either!(self, tx => tx.take_gathered())
    }

    fn keep_gathered<T: Send + 'static>(&mut self, gathered: Box<T>) {
        either!(self, tx => tx.keep_gathered(gathered));
    }
}
