//! The lease: one active process, any number of standbys.
//!
//! A dead holder is seen at once – by a file lock on SQLite, by a session advisory lock on PostgreSQL –; one that can't
//! be reached loses the lease when its row is not renewed for [`STALE_MS`]. Either way the token grows, and every write
//! carries it.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::{AnyConnection, Connection, Row};
use tokio::time::Instant;

use super::{Kind, Store, StoreError};

/// How often the holder renews its row.
const RENEW: Duration = Duration::from_secs(3);
/// After how long an unrenewed row is up for taking, in milliseconds.
pub(super) const STALE_MS: i64 = 12_000;
/// How often a standby looks.
const LOOK: Duration = Duration::from_millis(100);
/// `backend` of a lease that was taken from a holder that still had the lock.
const WITHOUT_LOCK: i64 = 1;
/// The advisory lock's number on PostgreSQL ("RALF").
const ADVISORY: i64 = 0x5241_4c46;

/// Why the lease is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The database failed.
    #[error("the lease could not be taken")]
    Store(#[from] StoreError),
    /// The lock file could not be made.
    #[error("the lock file {} could not be opened", .path.display())]
    LockFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Proof that this process is the active one. Dropped, the next one takes over at once.
pub struct Lease {
    store: Store,
    token: i64,
    holder: String,
    /// Held, not read: closing it is what gives the lease back.
    lock: Mutex<Lock>,
}

#[expect(dead_code, reason = "what is in it is held, not read")]
enum Lock {
    File(File),
    Session(AnyConnection),
    /// Taken from a holder that did not renew it.
    Taken,
}

impl Lock {
    /// What the lease's row says of it.
    fn backend(&self) -> i64 {
        if matches!(self, Self::Taken) { WITHOUT_LOCK } else { 0 }
    }
}

impl Store {
    /// Takes the lease, waiting as a standby as long as another process holds it. `waiting` is called once when there
    /// is something to wait for.
    pub async fn acquire(&self, holder: &str, waiting: impl FnOnce()) -> Result<Lease, LeaseError> {
        let mut waiting = Some(waiting);
        loop {
            match self.try_take(holder).await {
                Ok(Some(lease)) => return Ok(lease),
                Ok(None) => {}
                // A holder that stands still in the middle of a write keeps even the database locked.
                Err(error) if waiting.is_none() => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the lease can't be looked at; still standing by"
                    );
                }
                Err(error) => return Err(error),
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn try_take(&self, holder: &str) -> Result<Option<Lease>, LeaseError> {
        let lock = match self.try_lock().await? {
            // Its holder took it from one that stood still, and will have the lock in a moment.
            Some(_) if self.is_held_without_lock().await? => return Ok(None),
            Some(lock) => lock,
            None if self.is_stale().await? => Lock::Taken,
            None => return Ok(None),
        };
        self.take(holder, lock).await.map(Some)
    }

    async fn try_lock(&self) -> Result<Option<Lock>, LeaseError> {
        match self.kind {
            Kind::Sqlite => {
                let path = self.url.trim_start_matches("sqlite:").split('?').next().unwrap_or_default();
                let path = PathBuf::from(format!("{path}.lock"));
                let file = File::create(&path)
                    .map_err(|source| LeaseError::LockFile { path: path.clone(), source })?;
                match file.try_lock() {
                    Ok(()) => Ok(Some(Lock::File(file))),
                    Err(std::fs::TryLockError::WouldBlock) => Ok(None),
                    Err(std::fs::TryLockError::Error(source)) => Err(LeaseError::LockFile { path, source }),
                }
            }
            Kind::Postgres => {
                let mut connection = AnyConnection::connect(&self.url).await.map_err(StoreError::from)?;
                let got: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
                    .bind(ADVISORY)
                    .fetch_one(&mut connection)
                    .await
                    .map_err(StoreError::from)?;
                Ok(got.then_some(Lock::Session(connection)))
            }
        }
    }

    async fn is_stale(&self) -> Result<bool, StoreError> {
        let renewed: Option<i64> = sqlx::query_scalar("SELECT renewed_ts FROM lease WHERE name = 'serve'")
            .fetch_optional(self.pool())
            .await?;
        Ok(renewed.is_some_and(|ts| self.clock.now_ms() - ts > STALE_MS))
    }

    async fn is_held_without_lock(&self) -> Result<bool, StoreError> {
        let renewed: Option<i64> =
            sqlx::query_scalar("SELECT renewed_ts FROM lease WHERE name = 'serve' AND backend = $1")
                .bind(WITHOUT_LOCK)
                .fetch_optional(self.pool())
                .await?;
        Ok(renewed.is_some_and(|ts| self.clock.now_ms() - ts <= STALE_MS))
    }

    async fn take(&self, holder: &str, lock: Lock) -> Result<Lease, LeaseError> {
        let mut tx = self.begin().await?;
        let now = tx.now_ms();
        let row = sqlx::query(
            "INSERT INTO lease (name, holder, token, renewed_ts, backend) VALUES ('serve', $1, 1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET holder = $1, token = lease.token + 1, renewed_ts = $2, backend = $3 \
             RETURNING token",
        )
        .bind(holder)
        .bind(now)
        .bind(lock.backend())
        .fetch_one(&mut *tx.tx)
        .await
        .map_err(StoreError::from)?;
        let token: i64 = row.try_get(0).map_err(StoreError::from)?;
        tx.commit().await?;
        self.token.store(token, Ordering::SeqCst);
        self.load_sequence().await?;
        Ok(Lease { store: self.clone(), token, holder: holder.to_owned(), lock: lock.into() })
    }
}

impl Lease {
    /// The fencing token: grows with every change of holder.
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Renews the lease for ever; returns when another process has taken it.
    pub async fn keep(&self) -> StoreError {
        let mut failures = 0;
        let mut renewed = Instant::now();
        loop {
            let unlocked = matches!(*self.lock.lock().unwrap_or_else(PoisonError::into_inner), Lock::Taken);
            tokio::time::sleep(if unlocked { LOOK } else { RENEW }).await;
            if unlocked {
                self.lock_when_free().await;
            }
            if renewed.elapsed() < RENEW {
                continue;
            }
            renewed = Instant::now();
            match self.renew().await {
                Ok(()) => failures = 0,
                Err(StoreError::Fenced) => return StoreError::Fenced,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(
                        failures,
                        error = &error as &dyn std::error::Error,
                        "the lease could not be renewed"
                    );
                }
            }
        }
    }

    /// Takes the lock that a holder kept while it stood still, so that the next process to start does not think that
    /// nobody is here.
    async fn lock_when_free(&self) {
        if let Ok(Some(lock)) = self.store.try_lock().await {
            *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = lock;
        }
    }

    async fn renew(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        let now = tx.now_ms();
        let backend = self.lock.lock().unwrap_or_else(PoisonError::into_inner).backend();
        sqlx::query("UPDATE lease SET renewed_ts = $1, backend = $4 WHERE name = 'serve' AND token = $2 AND holder = $3")
            .bind(now)
            .bind(self.token)
            .bind(&self.holder)
            .bind(backend)
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }
}
