//! Projections: events in, rows of a database out.

use std::future::Future;

use super::ReadStore;
use crate::{BoxError, Event, Recorded};

/// Keeps tables of a database up to date with the log. Each event takes effect once, also when
/// the process is killed: what [`apply`](Self::apply) writes and how far the projection has come
/// are one transaction.
///
/// `#[projection(name = "balances", version = 1)]` on the impl fills in the constants but
/// [`TABLES`](Self::TABLES). When `apply` or the tables change, raise the version: the new one is
/// built beside the old one, which answers queries until the new one has caught up.
///
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use std::time::Duration;
///
/// use annals::*;
///
/// #[derive(Event, serde::Serialize, serde::Deserialize)]
/// #[event(prefix = "bank")]
/// enum BankEvent {
///     Deposited { account: String, cents: i64 },
/// }
///
/// struct Balances;
///
/// #[projection(name = "balances", version = 1)]
/// impl Projection for Balances {
///     type Event = BankEvent;
///     type Store = Sqlite;
///     const TABLES: &'static [&'static str] = &["balances"];
///
///     async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
///         let table = tx.table("balances");
///         tx.execute(&format!("CREATE TABLE {table} (account TEXT PRIMARY KEY, cents INTEGER)"), [])?;
///         Ok(())
///     }
///
///     async fn apply(
///         &self,
///         event: &Recorded<BankEvent>,
///         tx: &mut SqliteTx,
///     ) -> Result<(), BoxError> {
///         let BankEvent::Deposited { account, cents } = &event.event;
///         let sql = format!(
///             "INSERT INTO {} VALUES (?1, ?2) ON CONFLICT DO UPDATE SET cents = cents + ?2",
///             tx.table("balances")
///         );
///         tx.execute(&sql, (account, cents))?;
///         Ok(())
///     }
/// }
///
/// # futures_lite::future::block_on(async {
/// let read = Sqlite::in_memory()?;
/// let app = Annals::builder()
///     .projection(Balances, &read, Run::background())
///     .open("memory:")
///     .await?;
/// # let data = r#"{"account":"ann","cents":70}"#;
/// # let deposited = NewEvent::new(EventType::new("bank.deposited")?, data);
/// # let stream = StreamName::new("account-ann")?;
/// # app.backend().append(Append::to(stream, ExpectedVersion::Any, [deposited])).await?;
/// app.projection::<Balances>()?.fresh(Duration::from_secs(5)).await?;
/// // Queries use the plain name, whatever version is behind it.
/// let cents: i64 = read
///     .read(|sql| sql.query_row("SELECT cents FROM balances WHERE account = 'ann'", [], |r| r.get(0)))
///     .await?;
/// assert_eq!(cents, 70);
/// # app.stop().await?;
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
pub trait Projection: Send + Sync + 'static {
    /// The events it is made from; others are skipped.
    type Event: Event;
    /// The database its tables are in.
    type Store: ReadStore;

    /// Its name: lower case letters, digits and `_`, beginning with a letter.
    const NAME: &'static str;
    /// Counts up whenever tables or code change.
    const VERSION: u32;
    /// Changes when the code does; 0 when unknown. A version that was built by other code is
    /// reported, because a rebuild of it would give something else.
    const FINGERPRINT: u64 = 0;
    /// The tables it writes, named as queries name them. Each version has tables of its own
    /// behind a view of this name.
    const TABLES: &'static [&'static str];

    /// Makes the empty tables and their indexes, under the names that the transaction gives for
    /// them.
    fn create(
        &self,
        tx: &mut <Self::Store as ReadStore>::Tx,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Writes what an event means. Events come in the order of their positions; with partitions,
    /// those of one key do.
    ///
    /// It may be called again for the same event when its transaction was rolled back, so it must
    /// write nowhere else. An error or a panic rolls back and leads to what [`Run`](super::Run)
    /// says.
    fn apply(
        &self,
        event: &Recorded<Self::Event>,
        tx: &mut <Self::Store as ReadStore>::Tx,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Writes what [`apply`](Self::apply) has gathered in the transaction, just before its end.
    /// When it fails for several events together, they are applied in smaller transactions to
    /// find out which it is.
    ///
    /// # Errors
    /// As for `apply`.
    fn finish(
        &self,
        tx: &mut <Self::Store as ReadStore>::Tx,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = tx;
        std::future::ready(Ok(()))
    }
}
