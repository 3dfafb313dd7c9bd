//! The record: an append-only hash chain. An entry is written before the effect it speaks of, in the same database
//! transaction as the change of state.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::plan::{canonical, hex};
use crate::store::{Store, StoreError};

/// What the first entry's `prev` is; the first migration writes it as the head of the empty chain.
pub const GENESIS: &str = "ralf-audit-v1";
const PAGE: i64 = 1_000;

/// What an entry is about.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// What happened or is about to: `proposed`, `vote`, `approved`, `dispatched` …
    pub kind: &'a str,
    /// The operation, or nothing.
    pub operation: &'a str,
    /// Who: a Matrix id, or `ralf` for ourselves.
    pub actor: &'a str,
    /// The Matrix event behind it, or nothing.
    pub event_id: &'a str,
    /// More, as text or JSON; never a secret.
    pub detail: &'a str,
}

/// An entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3 … without a gap.
    pub seq: i64,
    /// When, on our clock; milliseconds since the epoch.
    pub ts: i64,
    /// See [`New::kind`].
    pub kind: String,
    /// See [`New::operation`].
    pub operation: String,
    /// See [`New::actor`].
    pub actor: String,
    /// See [`New::event_id`].
    pub event_id: String,
    /// See [`New::detail`].
    pub detail: String,
    /// The hash of the entry before.
    pub prev: String,
    /// SHA-256 over all of the above (RFC 8785), lower-case hex.
    pub hash: String,
}

impl Entry {
    /// The entry that follows entry `seq` with hash `prev`, at `ts` (milliseconds since the epoch).
    pub fn after(seq: i64, prev: String, ts: i64, new: New<'_>) -> Self {
        let mut entry = Self {
            seq: seq + 1,
            ts,
            kind: new.kind.into(),
            operation: new.operation.into(),
            actor: new.actor.into(),
            event_id: new.event_id.into(),
            detail: new.detail.into(),
            prev,
            hash: String::new(),
        };
        entry.hash = entry.computed();
        entry
    }

    fn computed(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        hex(&Sha256::digest(canonical(&bare)))
    }
}

/// What a check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All holds; so many entries, and the head's hash.
    Whole(i64, String),
    /// It is broken, and where.
    Broken(String),
}

/// Walks the whole chain.
///
/// # Errors
/// When the database can't be read; a broken chain is no error but a [`Verdict`].
pub async fn verify(store: &Store) -> Result<Verdict, StoreError> {
    let (mut seq, mut prev) = (0, GENESIS.to_owned());
    loop {
        let entries = store.audit_entries(seq, PAGE).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            if entry.seq != seq + 1 {
                let gap = format!("entries {} to {} are missing", seq + 1, entry.seq - 1);
                return Ok(Verdict::Broken(gap));
            }
            if entry.computed() != entry.hash {
                return Ok(Verdict::Broken(format!("entry {} was changed", entry.seq)));
            }
            if entry.prev != prev {
                return Ok(Verdict::Broken(format!("entry {} does not follow entry {seq}", entry.seq)));
            }
            (seq, prev) = (entry.seq, entry.hash);
        }
    }
    Ok(match store.audit_head().await? {
        None if seq == 0 => Verdict::Whole(0, prev),
        Some((last, hash)) if last == seq && hash == prev => Verdict::Whole(seq, prev),
        Some((last, _)) if last > seq => {
            Verdict::Broken(format!("entries {} to {last} are missing at the end", seq + 1))
        }
        _ => Verdict::Broken(format!(
            "the head does not belong to entry {seq}: entries were added or the head was changed"
        )),
    })
}
