//! The store: one SQL text for SQLite and PostgreSQL, one file per aggregate.
//!
//! Every write goes through [`Store::begin`], which checks the fencing token of our lease inside the same database
//! transaction: a process that lost its lease can't write any more.

mod audit;
mod gate;
mod inbox;
mod incidents;
mod lease;
mod memory;
mod operations;
mod outbox;
mod questions;
mod silences;
mod subscriptions;
mod targets;
mod tellings;
mod votes;

pub use crate::approval::{Operation, State, Vote};
pub use inbox::InboxRow;
pub use incidents::{Chapter, Counts, Known};
pub use lease::{Lease, LeaseError};
pub use outbox::{NewMessage, OutboxRow, sent};
pub use questions::Question;
pub use silences::{Remedy, Silence};
pub use subscriptions::SubscriptionRow;
pub use tellings::{Storm, Telling};

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};

use crate::clock::Clock;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// Its tables could not be brought up to date.
    #[error("the database could not be migrated")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Another process has taken over.
    #[error("another process has taken over this database")]
    Fenced,
    /// What a change was made for moved on meanwhile; it has to be looked at anew.
    #[error("operation {0} moved on meanwhile")]
    Conflict(String),
    /// What is stored can't be read.
    #[error("table {table}, row {row}: {column} can't be read: {why}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Primary key.
        row: String,
        /// Column.
        column: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl StoreError {
    /// Whether trying again later may help: the database is away or busy, and not: it refuses this very data.
    pub fn passes(&self) -> bool {
        match self {
            // Classes 22 and 23 of SQLSTATE: data that can't be stored, constraints that forbid it.
            Self::Database(sqlx::Error::Database(error)) => {
                !error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
            }
            Self::Database(
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_),
            ) => false,
            Self::Database(_) => true,
            _ => false,
        }
    }
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One file, one process.
    Sqlite,
    /// A server.
    Postgres,
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    kind: Kind,
    url: String,
    /// SQLite has one writer: waiting here is cheaper than its busy handler.
    writer: Arc<Mutex<()>>,
    /// The token of our lease; 0 while we hold none, and then nothing is checked (tests, `migrate`).
    token: Arc<AtomicI64>,
    sequence: Arc<AtomicI64>,
    outbox: mpsc::UnboundedSender<OutboxRow>,
    /// The time.
    pub clock: Clock,
}

impl Store {
    /// Opens (and for SQLite creates) the database and migrates it. The receiver gets each outbox row once its
    /// transaction is committed.
    ///
    /// # Errors
    /// When the database can't be reached or migrated.
    pub async fn open(
        url: &str,
        clock: Clock,
    ) -> Result<(Self, mpsc::UnboundedReceiver<OutboxRow>), StoreError> {
        let store = Self::connect(url, clock).await?;
        MIGRATIONS.run(&store.0.pool).await?;
        Ok(store)
    }

    async fn connect(
        url: &str,
        clock: Clock,
    ) -> Result<(Self, mpsc::UnboundedReceiver<OutboxRow>), StoreError> {
        sqlx::any::install_default_drivers();
        let kind = if url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres };
        let full = match kind {
            Kind::Sqlite if !url.contains('?') => format!("{url}?mode=rwc"),
            _ => url.to_owned(),
        };
        let options: AnyConnectOptions = full.parse()?;
        if kind == Kind::Postgres {
            // A pool would only say that it timed out.
            AnyConnection::connect(&full).await?.close().await?;
        }
        let pool = AnyPoolOptions::new()
            .max_connections(if kind == Kind::Sqlite { 3 } else { 8 })
            // A file does not go away between two questions.
            .test_before_acquire(kind == Kind::Postgres)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if kind == Kind::Sqlite {
                        for pragma in [
                            "PRAGMA journal_mode = WAL",
                            "PRAGMA synchronous = FULL",
                            "PRAGMA busy_timeout = 10000",
                            "PRAGMA foreign_keys = ON",
                            "PRAGMA cache_size = -1000",
                        ] {
                            sqlx::query(pragma).execute(&mut *connection).await?;
                        }
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        let (outbox, rows) = mpsc::unbounded_channel();
        let sequence = Arc::new(AtomicI64::new(0));
        let store = Self {
            pool,
            kind,
            url: url.to_owned(),
            writer: Arc::default(),
            token: Arc::default(),
            sequence,
            outbox,
            clock,
        };
        Ok((store, rows))
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// For reading.
    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Begins a write. Fails when another process has taken over.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let guard = match self.kind {
            Kind::Sqlite => Some(Arc::clone(&self.writer).lock_owned().await),
            Kind::Postgres => None,
        };
        let begin = if self.kind == Kind::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        let mut tx = self.pool.begin_with(begin).await?;
        let token = self.token.load(Ordering::SeqCst);
        if token != 0 {
            let sql = match self.kind {
                Kind::Sqlite => "SELECT token FROM lease WHERE name = 'serve'",
                Kind::Postgres => "SELECT token FROM lease WHERE name = 'serve' FOR SHARE",
            };
            let current: Option<i64> = sqlx::query_scalar(sql).fetch_optional(&mut *tx).await?;
            if current != Some(token) {
                return Err(StoreError::Fenced);
            }
        }
        Ok(Tx { tx, queued: Vec::new(), store: self.clone(), _guard: guard })
    }

    /// The next number in the order of things; only the holder of the lease hands them out.
    fn next_seq(&self) -> i64 {
        self.sequence.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Takes up counting where the database stands.
    pub(crate) async fn load_sequence(&self) -> Result<(), StoreError> {
        let highest: i64 = sqlx::query_scalar(
            "SELECT MAX(m) FROM (SELECT COALESCE(MAX(seq), 0) AS m FROM inbox \
             UNION ALL SELECT COALESCE(MAX(seq), 0) AS m FROM outbox \
             UNION ALL SELECT COALESCE(MAX(token), 0) AS m FROM targets \
             UNION ALL SELECT COALESCE(MAX(seq), 0) AS m FROM incident_story) AS numbers",
        )
        .fetch_one(&self.pool)
        .await?;
        self.sequence.fetch_max(highest, Ordering::SeqCst);
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A write in progress. Dropped without [`Tx::commit`], it never happened.
pub struct Tx {
    tx: Transaction<'static, Any>,
    queued: Vec<OutboxRow>,
    store: Store,
    _guard: Option<OwnedMutexGuard<()>>,
}

impl Tx {
    /// Makes it durable, then hands what is to be said to the sender.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await?;
        for row in self.queued {
            let _ = self.store.outbox.send(row);
        }
        Ok(())
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.store.clock.now_ms()
    }
}

/// A JSON column.
fn json<T: serde::de::DeserializeOwned>(
    table: &'static str,
    row: &str,
    column: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt {
        table,
        row: row.to_owned(),
        column,
        why: error.to_string(),
    })
}

/// A value of ours as JSON text.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("our own types have string keys")
}
